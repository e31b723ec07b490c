"""What a program reads from its own command line with argparse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from serveaudit.arguments import ARGPARSE, Arguments, read
from serveaudit.conversion import convert, from_text
from serveaudit.formats.python.environs import Given
from serveaudit.formats.python.module import Call, External, Made
from serveaudit.precedence import Layer
from serveaudit.serving import Row
from serveaudit.tables import Facts
from serveaudit.values import Items, Place, Unknown, Value

_PARSER = "argparse.ArgumentParser"
_GROUPS = (f"{_PARSER}.add_argument_group", f"{_PARSER}.add_mutually_exclusive_group")
_NOT_FOLLOWED = (f"{_PARSER}.set_defaults", f"{_PARSER}.add_subparsers")
_KINDS = {"int": "int", "float": "float", "str": "str", "": "str"}
_ALONE = {"store_true": True, "store_false": False}


def _parsed(given: Given) -> Value[Any] | None:
    """The namespace that `parser.parse_args()` gives: each argument as the command line gives it, else its default. Where
    nothing starts the program, or another list is parsed, the defaults hold on the assumption that none is given."""
    parser, node = given.base.x if given.base else None, given.state.at
    if not isinstance(parser, Made) or given.keywords or node is None:
        return None
    calls = [call for told in given.state.calls.values() for call in told if _belongs(call.receiver, parser)]
    if any(call.name in _NOT_FOLLOWED for call in calls) or (parser.call and "parents" in parser.call.keywords):
        return None
    place = given.state.place(node)
    argv = None if given.args else given.state.session.argv
    options = [call for call in calls if call.name.endswith(".add_argument") and call.reachable]
    attributes = dict(_values(options, argv, place))
    return Value(Made("an object of argparse", "argparse", dotted="argparse.Namespace", attributes=attributes), (place,))


def _parsed_in_part(given: Given) -> Value[Any] | None:
    """`parse_known_args()`: the namespace, and what is left."""
    found = _parsed(given)
    return replace(found, x=Items((found, Value(Unknown("words that are no options"))))) if found is not None else None


def _belongs(receiver: Value[Any] | None, parser: Made) -> bool:
    """Whether it is the parser itself, or a group of its arguments."""
    made = receiver.x if receiver is not None else None
    if isinstance(made, Made) and made.dotted in _GROUPS and made.call:
        return _belongs(made.call.receiver, parser)
    return isinstance(made, Made) and made.key == parser.key


def _values(options: Sequence[Call], argv: Sequence[Value[Any]] | None, place: Place) -> Iterator[tuple[str, Value[Any]]]:
    rows = {row.name: (row, call) for call in options if (row := _row(call)) is not None}
    flags = {name: row for name, (row, _) in rows.items() if row.flags}
    line = read(argv or (), Facts("the script", "", flags), ARGPARSE, place, len(rows) - len(flags))
    layer, words = line.layer("the script"), iter(line.words)
    for name, (row, call) in rows.items():
        if row.flags:
            yield name, _option(row, call, layer, argv is None)
        else:
            yield name, _positional(row, call, next(words, None), line)


def _row(call: Call) -> Row | None:
    """What `add_argument(…)` adds; None where its name is not known."""
    names = tuple(arg.x for arg in call.args if isinstance(arg.x, str))
    if not names or len(names) < len(call.args):
        return None
    long = next((name for name in names if name.startswith("--")), names[0])
    dest = _plain(call, "dest") or long.lstrip("-").replace("-", "_")
    action, flags = str(_plain(call, "action") or "store"), names if names[0].startswith("-") else ()
    takes = "0" if action in _ALONE else str(_plain(call, "nargs") or "1")
    known = action in ("store", *_ALONE) and takes in ("0", "1", "?")
    kind = call.keywords["type"][0].x if "type" in call.keywords else None
    named = kind.dotted if isinstance(kind, External) else "" if kind is None else "?"
    return Row(str(dest), _KINDS.get(named, "") if known else "", flags=flags, takes=takes, const=_ALONE.get(action))


def _plain(call: Call, name: str) -> Any:
    value = call.argument(-1, name)
    return value.x if value is not None and value.known else None


def _option(row: Row, call: Call, layer: Layer, unstarted: bool) -> Value[Any]:
    given = layer.settings.get(row.name)
    if not row.type or call.conditions or (given is not None and given.refused):
        return Value(Unknown(f"what argparse makes of {row.flags[-1]} is not known"), (call.place,))
    if given is not None and layer.settles(row.name):
        return given.value
    if layer.unread is not None:
        return Value(layer.unread, (call.place,))
    assumes = (f"{row.flags[-1]} is not given",) if unstarted else ()
    return _default(row, call).also(Value(None, assumes=assumes))


def _default(row: Row, call: Call) -> Value[Any]:
    """argparse converts a default that is a text."""
    written = call.argument(-1, "default")
    if written is None:
        return Value(not row.const if isinstance(row.const, bool) else None, (call.place,))
    return convert("the script", row, written, from_text)[0]


def _positional(row: Row, call: Call, word: Value[Any] | None, line: Arguments) -> Value[Any]:
    if word is None and row.takes == "?" and line.unread is None:
        return _default(row, call)
    if word is None or not row.type or line.unread is not None:
        return Value(Unknown(f"the argument {row.name} is not known"), (call.place,))
    return convert("the script", row, word, from_text)[0]


OPTIONS = {f"{_PARSER}.parse_args": _parsed, f"{_PARSER}.parse_known_args": _parsed_in_part}
"""By the full name of what is called."""
