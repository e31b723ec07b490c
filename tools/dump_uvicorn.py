"""uvicorn's table, from the parameters of its click command and of uvicorn.Config."""

from __future__ import annotations

import sys

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import inspect

    import clickrows
    import uvicorn.config
    import uvicorn.main

    rows = clickrows.rows(sys.modules["uvicorn.main"].main, "UVICORN_")
    for name, parameter in inspect.signature(uvicorn.Config.__init__).parameters.items():
        if name != "self" and name not in rows:
            rows[name] = {"type": kind(parameter.default), "default": tablefile.plain(parameter.default)}
    for name, words in (
        ("http", uvicorn.config.HTTP_PROTOCOLS),
        ("ws", uvicorn.config.WS_PROTOCOLS),
        ("loop", uvicorn.config.LOOP_FACTORIES),
    ):
        rows[name] |= {"type": "class", "choices": sorted(words)}
    return uvicorn.__version__, rows


def kind(default: object) -> str:
    return "callable" if default is None else type(default).__name__


if __name__ == "__main__":
    sys.exit(tablefile.main("uvicorn", ask))
