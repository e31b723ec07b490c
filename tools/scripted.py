"""Runs a Python file, with the last step of each library's way to serve replaced: what would serve is told instead."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from typing import Any

import telling

Made = list[dict[str, Any]]


def python(argv: list[str]) -> dict[str, Any]:
    """The first server that a file makes (`python main.py`, `python -m main`), with all its settings."""
    made: Made = []
    for take in (_uvicorn, _hypercorn, _granian, _waitress, _gevent):
        take(made)
    at = next(number for number, word in enumerate(argv[1:], 1) if word == "-m" or not word.startswith("-"))
    module = argv[at] == "-m"
    sys.argv = argv[at + module :]
    try:
        if module:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as stopped:
        if not made:
            raise stopped
    return made[0]


def _uvicorn(made: Made) -> None:
    import uvicorn

    main: Any = sys.modules["uvicorn.main"]
    bind_socket = uvicorn.Config.bind_socket

    def tell(config: Any, processes: int) -> None:
        with telling.replaced(uvicorn.Config, "bind_socket", bind_socket):
            made.append(telling.uvicorn(config, processes))

    def run(server: Any, sockets: Any = None) -> None:
        tell(server.config, 1)
        server.started = True

    async def serve(server: Any, sockets: Any = None) -> None:
        run(server)

    class Supervisor:
        def __init__(self, config: Any, target: Any = None, sockets: Any = None) -> None:
            self.config = config

        def run(self) -> None:
            tell(self.config, 1 if self.config.should_reload else self.config.workers)

    for name, other in {"bind_socket": lambda config: None, "load_app": lambda config: None}.items():
        setattr(uvicorn.Config, name, other)
    for name, other in {"run": run, "serve": serve}.items():
        setattr(uvicorn.Server, name, other)
    main.Multiprocess = main.ChangeReload = Supervisor


def _hypercorn(made: Made) -> None:
    import hypercorn.asyncio

    async def serve(app: Any, config: Any, **more: Any) -> None:
        made.append(telling.hypercorn(config) | {"processes": 1})

    hypercorn.asyncio.serve = serve


def _granian(made: Made) -> None:
    from granian import Granian

    def serve(server: Any, *args: Any, **kwargs: Any) -> None:
        made.append(telling.granian(server, server.made_of))

    Granian.__init__, Granian.serve = _remembering(Granian.__init__), serve


def _waitress(made: Made) -> None:
    import waitress.server

    class Server:
        def __init__(self, app: Any, **given: Any) -> None:
            self.told = telling.waitress(given)

        def print_listen(self, form: str) -> None: ...

        def run(self) -> None:
            made.append(self.told)

    waitress.create_server = waitress.server.create_server = Server
    waitress.serve.__globals__["create_server"] = Server


def _gevent(made: Made) -> None:
    from gevent.pywsgi import WSGIServer

    def serve(server: Any, *args: Any, **kwargs: Any) -> None:
        made.append(telling.gevent(server, server.made_of))

    WSGIServer.__init__, WSGIServer.serve_forever, WSGIServer.start = _remembering(WSGIServer.__init__), serve, serve


def _remembering(original: Callable[..., None]) -> Any:
    """The `__init__` of a server that keeps what it is made of."""

    def remember(server: Any, *args: Any, **kwargs: Any) -> None:
        server.made_of = telling.arguments(original, server, *args, **kwargs)
        original(server, *args, **kwargs)

    return remember
