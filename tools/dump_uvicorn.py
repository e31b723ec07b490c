"""uvicorn's table, from the parameters of its click command and of uvicorn.Config, and what that makes of nothing."""

from __future__ import annotations

import sys

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import inspect

    import uvicorn.config
    import uvicorn.main

    import clickrows

    command = sys.modules["uvicorn.main"].main
    rows = clickrows.rows(command, command.context_settings.get("auto_envvar_prefix", ""))
    for name, parameter in inspect.signature(uvicorn.Config.__init__).parameters.items():
        if name != "self" and name not in rows:
            rows[name] = {"type": kind(parameter.default), "default": tablefile.plain(parameter.default)}
    loops = "LOOP_FACTORIES" if hasattr(uvicorn.config, "LOOP_FACTORIES") else "LOOP_SETUPS"  # up to 0.35
    for name, words in (
        ("http", uvicorn.config.HTTP_PROTOCOLS),
        ("ws", uvicorn.config.WS_PROTOCOLS),
        ("loop", getattr(uvicorn.config, loops)),
    ):
        rows[name] |= {"type": "class", "choices": sorted(words)}
    config = uvicorn.Config("module:app")
    rows["workers"]["default"] = config.workers
    rows["forwarded_allow_ips"]["default"] = config.forwarded_allow_ips
    return uvicorn.__version__, rows


def kind(default: object) -> str:
    return "callable" if default is None else type(default).__name__


if __name__ == "__main__":
    sys.exit(tablefile.main("uvicorn", ask))
