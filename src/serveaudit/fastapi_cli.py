"""FastAPI's own command: `fastapi run app/main.py` and `fastapi dev` start uvicorn.

Source: FastAPI's manual, "FastAPI CLI"; fastapi_cli/cli.py and discover.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.command import Command
from serveaudit.invocation import arguments_for
from serveaudit.source import SourceFile
from serveaudit.values import How, Place, Value

_VALUED = frozenset("--host --port --workers --root-path --forwarded-allow-ips --reload-dir --app --entrypoint -e".split())
_ITS_OWN = frozenset("--app --entrypoint -e --no-reload".split())
_FOUND = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
"""Where it looks for the application when it is given no path."""

Word = Value[Any]


def as_uvicorn(command: Command) -> Command:
    """The uvicorn that `fastapi run` or `fastapi dev` starts, with their defaults; any other command as it is. uvicorn's own
    variables are not read: it is called by `uvicorn.run()`."""
    words = arguments_for(command, ("fastapi",), ("fastapi", "fastapi_cli"))
    if not words or words[0].x not in ("run", "dev"):
        return command
    options = list(_options(words[1:]))
    given = {name.x for name, _ in options if name is not None}
    passed = [word for name, value in options if name is not None and name.x not in _ITS_OWN for word in (name, value) if word]
    argv = (Value("uvicorn", words[0].places), *_target(command, options), *_defaults(words[0], given), *passed)
    own = {name: value for name, value in command.env.variables.items() if not name.startswith("UVICORN_")}
    return replace(command, argv=argv, env=replace(command.env, variables=own))


def _options(words: tuple[Word, ...]) -> Iterator[tuple[Word | None, Word | None]]:
    """Each option with its value; a word that is none has no name."""
    rest = iter(words)
    for word in rest:
        name = str(word.x)
        if not name.startswith("-"):
            yield None, word
        else:
            yield word, next(rest, None) if name in _VALUED else None


def _defaults(verb: Word, given: set[object]) -> Iterator[Word]:
    host, reloads = ("0.0.0.0", False) if verb.x == "run" else ("127.0.0.1", "--no-reload" not in given)
    places = tuple(Place(place.span, How.DEFAULT, f"fastapi {verb.x} has this by itself") for place in verb.places)
    yield from (Value(word, places) for word in ("--host", host))
    yield from (Value(word, verb.places) for word in (("--reload",) if reloads and "--reload" not in given else ()))


def _target(command: Command, options: list[tuple[Word | None, Word | None]]) -> Iterator[Word]:
    """`module:attribute`; none where the path is not known."""
    said = {str(name.x): value for name, value in options if name is not None and value is not None}
    entrypoint = said.get("--entrypoint") or said.get("-e")
    path = next((value for name, value in options if name is None and value is not None), None) or _path(command)
    if entrypoint is not None:
        yield entrypoint
    elif path is not None:
        attribute = said.get("--app", Value("app"))
        yield path.map(lambda text: f"{_module(str(text))}:{attribute.x}")


def _path(command: Command) -> Word | None:
    for path in _FOUND:
        if command.files is not None and isinstance(command.files.read(path, command.directory), SourceFile):
            return Value(path, command.argv[0].places)
    return None


def _module(path: str) -> str:
    return path.removeprefix("./").removesuffix(".py").strip("/").replace("/", ".")
