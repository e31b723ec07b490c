"""Rows from the parameters of a click command, as uvicorn and granian have them."""

from __future__ import annotations

from typing import Any

import tablefile

TYPES = {"integer": "int", "integer range": "int", "float": "float", "boolean": "bool", "choice": "choice"}
TYPES |= {"duration": "duration", "Octal integer": "octal"}


def rows(command: Any, prefix: str) -> tablefile.Rows:
    """Every parameter. `prefix` is that of the variables that set them (auto_envvar_prefix); none do where it is empty."""
    return {param.name: row(param, prefix) for param in command.params if param.name not in ("help", "version")} | {
        "version": {"type": "bool", "default": False, "flags": ["--version"], "takes": 0}
    }


def row(param: Any, prefix: str) -> dict[str, Any]:
    positional = param.param_type_name == "argument"
    flag = getattr(param, "is_flag", False)
    kind = "list" if getattr(param, "multiple", False) else TYPES.get(param.type.name, "str")
    return {
        "type": kind,
        "choices": [str(getattr(choice, "value", choice)) for choice in getattr(param.type, "choices", ())],
        "default": tablefile.plain(param.default) if "UNSET" not in repr(param.default) else None,
        "flags": [] if positional else param.opts,
        "negations": param.secondary_opts,
        "takes": None if positional else 0 if flag else 1,
        "env": f"{prefix}_{param.name.upper()}" if prefix else "",
        "low": getattr(param.type, "min", None),
        "high": getattr(param.type, "max", None),
        "unit": "s" if kind == "duration" else None,
    }
