"""waitress' table, from waitress.adjustments.Adjustments."""

from __future__ import annotations

import sys
from typing import Any

import tablefile

TYPES = {"int": "int", "asbool": "bool", "asoctal": "octal", "aslist": "list", "asset": "words", "as_socket_list": "words"}


def ask() -> tuple[str, tablefile.Rows]:
    import importlib.metadata

    from waitress.adjustments import Adjustments

    rows = {name: row(name, cast.__name__) for name, cast in Adjustments._params}
    for name in ("call", "help"):
        rows[name] = {"type": "bool", "default": False, "flags": [f"--{name}"], "takes": 0}
    return importlib.metadata.version("waitress"), rows


def row(name: str, cast: str) -> dict[str, Any]:
    from waitress.adjustments import Adjustments

    flag = name.replace("_", "-")
    return {
        "type": TYPES.get(cast, "str"),
        "default": tablefile.plain(getattr(Adjustments, name)),
        "flags": [f"--{flag}"],
        "negations": [f"--no-{flag}"] if cast == "asbool" else [],
        "takes": 0 if cast == "asbool" else 1,
    }


if __name__ == "__main__":
    sys.exit(tablefile.main("waitress", ask))
