"""The table of gevent.pywsgi.WSGIServer, from its signature and that of the TLS wrapper that takes all other keywords."""

from __future__ import annotations

import sys
from typing import Any

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import inspect

    import gevent
    from gevent.pywsgi import WSGIServer
    from gevent.ssl import wrap_socket

    parameters = inspect.signature(WSGIServer.__init__).parameters.values()
    rows = {p.name: row(p) for p in parameters if p.name != "self" and p.kind is not p.VAR_KEYWORD}
    rows["backlog"] |= {"type": "int", "default": WSGIServer.backlog}
    for p in inspect.signature(wrap_socket).parameters.values():
        if p.name not in ("sock", "server_side"):
            rows.setdefault(p.name, row(p))
    rows["ssl_context"] = {"type": "callable"}
    return gevent.__version__, rows


def row(parameter: Any) -> dict[str, Any]:
    default = None if parameter.default is parameter.empty else tablefile.plain(parameter.default)
    return {"type": "str" if default is None else type(default).__name__, "default": default}


if __name__ == "__main__":
    sys.exit(tablefile.main("gevent", ask))
