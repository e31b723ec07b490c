"""What the real servers make of command lines, files and variables, without loading an application or opening a socket.

Reads cases from standard input, a JSON list of {"argv": […], "files": {path: text}, "env": {…}, "cpus": n}; writes a list of
{"settings": {…}} or {"exit": status}; paths in its directory are told as relative ones. Each case runs in a process and a
directory of its own. It runs the files' Python, so they must be one's own.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import telling
from scripted import python


def gunicorn(argv: list[str]) -> dict[str, Any]:
    from gunicorn.app.wsgiapp import WSGIApplication

    sys.argv = argv
    app = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]")
    settings = {name: setting.get() for name, setting in app.cfg.settings.items()}
    address = app.cfg.address  # refuses what can't be listened at
    told = settings | {"worker": app.cfg.worker_class_str, "app": app.app_uri, "address": address}
    return told | telling.uvicorn_worker(app.cfg) if hasattr(app.cfg.worker_class, "CONFIG_KWARGS") else told


def uvicorn(argv: list[str]) -> dict[str, Any]:
    import uvicorn.config
    import uvicorn.main

    module = sys.modules["uvicorn.main"]
    config = uvicorn.config.Config
    return caught(module, "Config", config, lambda: module.main(argv[1:], auto_envvar_prefix="UVICORN"), telling.uvicorn)


def hypercorn(argv: list[str]) -> dict[str, Any]:
    import hypercorn.__main__ as command

    return caught(command, "run", lambda config: config, lambda: command.main(argv[1:]), telling.hypercorn)


def daphne(argv: list[str]) -> dict[str, Any]:
    from daphne.cli import CommandLineInterface

    class Cli(CommandLineInterface):
        def load_asgi_app(self, path: str) -> Callable[..., None]:
            return lambda scope, receive, send: None

    cli = Cli()
    return caught(cli, "server_class", dict, lambda: cli.run(argv[1:]), telling.daphne)


def granian(argv: list[str]) -> dict[str, Any]:
    import granian.cli as command

    original = command.Server

    def told(app: str, **given: Any) -> dict[str, Any]:
        return telling.granian(original(app, **given), given | {"app": app})

    return caught(command, "Server", told, lambda: command.cli(argv[1:], auto_envvar_prefix="GRANIAN"), dict)


def waitress(argv: list[str]) -> dict[str, Any]:
    from waitress.runner import run

    made: list[dict[str, Any]] = []
    argv = [*argv[:-1], "os:getcwd"] if argv[-1] == "a:b" else argv
    status = run(argv, lambda app, **given: made.append(telling.waitress(given)))
    if status:
        raise SystemExit(status)
    return made[0]


def caught(
    owner: Any, name: str, original: Callable[..., Any], call: Callable[[], Any], tell: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """What the program hands to a function of its own, before it goes on."""
    made: list[Any] = []

    def catch(*args: Any, **kwargs: Any) -> None:
        made.append(original(*args, **kwargs))
        raise SystemExit(0)

    setattr(owner, name, catch)
    try:
        call()
    except SystemExit as stopped:
        if not made:
            raise stopped
    return tell(made[0])


PROGRAMS = {"gunicorn": gunicorn, "uvicorn": uvicorn, "hypercorn": hypercorn, "daphne": daphne, "granian": granian}
PROGRAMS |= {"waitress-serve": waitress, "python": python}

PRELOADED = {
    "uvicorn": ["uvicorn.main", "uvicorn.config", "dotenv"],
    "hypercorn": ["hypercorn.__main__"],
    "daphne": ["daphne.cli", "twisted.internet.endpoints", "twisted.plugins"],
    "granian": ["granian.cli"],
    "waitress-serve": ["waitress.runner"],
    "python": ["gevent.pywsgi", "granian", "hypercorn.asyncio", "uvicorn", "waitress", "asyncio"],
}
"""What is imported once for all cases. gunicorn is not: it reads the environment when it is imported."""


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """One case, asked in this process."""
    os.environ.clear()
    os.environ.update({"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"} | case["env"])
    for path, text in case["files"].items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    sys.path.insert(0, ".")
    os.cpu_count = lambda: case["cpus"]
    os.sched_getaffinity = lambda pid: set(range(case["cpus"]))
    said = io.StringIO()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(said):
            return {"settings": PROGRAMS[case["argv"][0]](case["argv"])}
    except SystemExit as stopped:
        return {"exit": stopped.code if isinstance(stopped.code, int) else 1, "said": said.getvalue()[-4000:]}
    except Exception as error:  # whatever a server raises on a bad value, it does not start
        return {"exit": 1, "error": repr(error)}


def ask(case: dict[str, Any]) -> dict[str, Any]:
    """One case in a process of its own: the servers read the environment when they are imported."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with tempfile.TemporaryDirectory() as directory:
            os.chdir(directory)
            text = json.dumps(answer(case), default=plain).replace(f"{directory}/", "").replace(directory, ".")
            os.chdir("/")
        with os.fdopen(writing, "w") as pipe:
            pipe.write(text)
            pipe.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(text or '{"exit": 1}'))


def plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return sorted(map(str, value))
    return getattr(value, "value", repr(value))


def main() -> None:
    cases = json.load(sys.stdin)
    for name in {module for case in cases for module in PRELOADED.get(case["argv"][0], ())}:
        with suppress(ImportError):  # each case says that it is not there
            import_module(name)
    print(json.dumps([ask(case) for case in cases]))


if __name__ == "__main__":
    main()
