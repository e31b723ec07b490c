"""hypercorn's table, from the attributes of its Config, and from what each of its flags does to one."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import Any, NoReturn

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import importlib.metadata

    from hypercorn.config import Config

    warnings.simplefilter("ignore")
    rows = {name: row(name) for name in {*dir(Config), *Config.__annotations__} if settable(name)}
    rows["config"] = {"type": "str", "flags": ["-c", "--config"], "takes": 1}
    for action in actions():
        if action.option_strings and action.dest not in ("help", "config"):
            attribute = action.dest if action.dest in rows else target(action)
            rows[attribute]["flags"] = rows[attribute].get("flags", []) + action.option_strings
            rows[attribute]["takes"] = 0 if action.nargs == 0 else 1
            rows[attribute]["type"] = "int" if action.type is int else rows[attribute]["type"]
    return importlib.metadata.version("hypercorn"), rows


def settable(name: str) -> bool:
    """A class attribute that is no method, or a property with a setter."""
    from hypercorn.config import Config

    attribute = getattr(Config, name, None)
    if name.startswith("_") or (isinstance(attribute, property) and attribute.fset is None):
        return False
    return isinstance(attribute, property | type) or not callable(attribute)


def row(name: str) -> dict[str, Any]:
    from hypercorn.config import Config

    default = getattr(Config(), name, None)  # cert_reqs can only be written
    annotation = Config.__annotations__.get(name, "")
    kind = type(default).__name__ if default is not None else str(annotation).partition(" ")[0]
    return {"type": kind if kind in ("bool", "int", "float", "list", "dict") else "str", "default": tablefile.plain(default)}


def actions() -> list[argparse.Action]:
    """The actions of the parser that hypercorn makes inside of its main function."""
    import hypercorn.__main__ as command

    made: list[argparse.ArgumentParser] = []

    def stop(parser: argparse.ArgumentParser, *args: Any) -> NoReturn:
        made.append(parser)
        raise SystemExit

    original, argparse.ArgumentParser.parse_args = argparse.ArgumentParser.parse_args, stop  # type: ignore[method-assign]
    try:
        command.main(["app"])
    except SystemExit:
        pass
    finally:
        argparse.ArgumentParser.parse_args = original  # type: ignore[method-assign]
    return made[0]._actions


def target(action: argparse.Action) -> str:
    """The attribute of Config that a flag sets, found by setting it."""
    import hypercorn.__main__ as command

    sample = [] if action.nargs == 0 else ["7"]
    configs = []
    original, command.run = command.run, configs.append
    try:
        command.main(["app"])
        command.main(["app", action.option_strings[-1], *sample])
    finally:
        command.run = original
    before, after = (vars(config) for config in configs)
    (changed,) = {name.lstrip("_") for name in after if before.get(name, ...) != after[name]}
    return changed


if __name__ == "__main__":
    sys.exit(tablefile.main("hypercorn", ask))
