"""Makes a Command out of text: words with places, `$NAME` unknown, files of a small machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from serveaudit.command import Command, Environment
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.values import Items, Partial, Place, Unknown, Value

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"])+""")


class Machine:
    """Files by path; modules are looked up among them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {path: SourceFile(path, text) for path, text in files.items()}

    def read(self, path: str, cwd: str = "") -> SourceFile | None:
        joined = f"{cwd.rstrip('/')}/{path}" if cwd and not path.startswith("/") else path
        return self.files.get(joined.removeprefix("./").replace("/./", "/"))

    def module(self, dotted: str, cwd: str = "") -> SourceFile | None:
        return self.read(dotted.replace(".", "/") + ".py", cwd)


def command(text: str, files: Mapping[str, str] | None = None, complete: bool | Unknown = True, **env: str) -> Command:
    """`gunicorn -w 4 app:app`; the variables are those of its environment."""
    source = SourceFile("launch.sh", text)
    words = tuple(word(source, found.start(), found.end()) for found in _WORD.finditer(text))
    return Command(words, Place(source.whole()), env=environment(env, complete), files=Machine(files or {}))


def word(source: SourceFile, start: int, end: int) -> Value[Any]:
    text = re.sub(r"""['"]""", "", source.text[start:end])
    pieces = re.split(r"(\$\w+|\$@)", text)
    parts = tuple(Unknown(f"{piece} is not known", piece) if piece.startswith("$") else piece for piece in pieces if piece)
    plain = Partial(parts) if len(parts) > 1 else parts[0] if parts else ""
    return Value(plain, (Place(source.span(start, end)),))


def environment(variables: Mapping[str, str], complete: bool | Unknown = True) -> Environment:
    values = {}
    for name, text in variables.items():
        source = SourceFile("web.env", f"{name}={text}")
        values[name] = Value(text, (Place(source.span(len(name) + 1, len(source.text))),))
    return Environment(values, complete)


def plain(server: Server, name: str) -> object:
    """A setting's value, of a list the members' values."""
    x = server.value(name).x
    return [member.x for member in x] if isinstance(x, Items) else x


def addresses(server: Server) -> list[str]:
    """Where the server listens, in words."""
    assert isinstance(server.listeners.x, Items)
    return [str(listener.address.x) for listener in server.listeners.x]
