"""daphne's table, from its argument parser."""

from __future__ import annotations

import sys
from typing import Any

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import daphne
    from daphne.cli import CommandLineInterface

    rows: tablefile.Rows = {}
    for action in CommandLineInterface().parser._actions:
        if action.dest == "help":
            continue
        if action.dest in rows:
            rows[action.dest]["negations"] = action.option_strings
        else:
            rows[action.dest] = row(action)
    return daphne.__version__, rows


def row(action: Any) -> dict[str, Any]:
    kind = {type(None): "str", str: "str"}.get(type(action.default), type(action.default).__name__)
    kind = "int" if action.type is int else "str" if kind == "bool" and action.nargs != 0 else kind
    return {
        "type": kind,
        "default": tablefile.plain(action.default) if kind == "bool" or action.default is not False else None,
        "flags": action.option_strings,
        "takes": (0 if action.nargs == 0 else 1) if action.option_strings else None,
    }


if __name__ == "__main__":
    sys.exit(tablefile.main("daphne", ask))
