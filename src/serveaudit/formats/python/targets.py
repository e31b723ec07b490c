"""What assignments and in-place changes do to names, lists, dictionaries and objects."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from serveaudit.formats.python.changes import CHANGES, with_key, without
from serveaudit.formats.python.frames import replaced
from serveaudit.formats.python.machine import NAMESPACES
from serveaudit.formats.python.module import By, Environ, Made
from serveaudit.formats.python.provenance import spoken_for
from serveaudit.formats.python.state import State
from serveaudit.values import Branch, How, Items, Table, Unknown, Value, absent, unknown

Changed = Items | Table | Made


def assign(state: State, target: ast.expr, value: Value[Any], text: ast.AST, by: By = "assign") -> None:
    """Binds a target of any form. `text` is what was assigned: it becomes the value's first place."""
    match target:
        case ast.Name(id=name):
            state.bind(name, spoken_for(value, state.spans.of(text)), state.place(target), by)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for each, part in zip(targets, _unpacked(value, targets), strict=True):
                assign(state, each.value if isinstance(each, ast.Starred) else each, part, text, by)
        case ast.Subscript(value=base, slice=index):
            _set_item(state, base, state.value(index), spoken_for(value, state.spans.of(text)), target)
        case ast.Attribute(value=base, attr=name):
            stored = spoken_for(value, state.spans.of(text))
            change(state, base, lambda x: _with_attribute(x, name, stored))


def _changed(value: Value[Any], old: Any, new: Any, base: Value[Any]) -> Value[Any]:
    """A value after one object in it was changed through `base`: where that is one of several, only in its case."""
    after = replaced(value, old, new)
    if after is value or isinstance(value.x, Branch) or not isinstance(base.x, Branch):
        return after
    cases = tuple((label, _changed(value, old, new, case) if _holds(case, old) else value) for label, case in base.x.cases)
    return Value(Branch(base.x.on, cases), value.places)


def _holds(value: Value[Any], old: Any) -> bool:
    return any(x is old for x in _leaves(value))


def _set_item(state: State, base: ast.expr, key: Value[Any], value: Value[Any], target: ast.expr) -> None:
    if not _is_namespace(state.value(base)):
        change(state, base, lambda x: with_key(x, key, value))
    elif isinstance(key.x, str):
        state.bind(key.x, value, state.place(target))
    else:
        state.taint("names are bound that are not in the text", "", state.place(target))


def augment(state: State, node: ast.AugAssign) -> None:
    """`target += value`, and the other operators. A list is changed in place, under every name that it goes by; a tuple is told
    from it by the text that is added."""
    loaded = _loaded(node.target)
    if isinstance(node.op, ast.Add) and not isinstance(node.value, ast.Tuple):
        held = list(_leaves(state.value(loaded)))
        if any(isinstance(x, Items) for x in held) and not any(isinstance(x, str | int) for x in held):
            added = state.value(node.value)
            change(state, loaded, lambda x: CHANGES["extend"](x, (added,), {}))
            if isinstance(node.target, ast.Name):
                assign(state, node.target, state.value(loaded), node.value)
            return
    total = ast.copy_location(ast.BinOp(loaded, node.op, node.value), node)
    assign(state, node.target, state.value(total), node.value)


def delete(state: State, node: ast.Delete) -> None:
    for target in node.targets:
        match target:
            case ast.Name(id=name):
                state.frame.home_of(name).names.pop(name, None)
            case ast.Subscript(value=base, slice=index):
                key = state.value(index)
                change(state, base, partial(without, key=key))


def change_by_call(state: State, node: ast.expr) -> bool:
    """A list's or dictionary's method that changes it in place; whether the call is one."""
    match node:
        case ast.Call(func=ast.Attribute(value=base, attr=name)) if name in CHANGES:
            held = state.value(base)
            if not _changes(held, name):
                return False
            args = tuple(state.value(each) for each in node.args if not isinstance(each, ast.Starred))
            keywords = {each.arg: state.value(each.value) for each in node.keywords if each.arg}
            if len(args) + len(keywords) < len(node.args) + len(node.keywords):
                keywords["**"] = unknown("more arguments", state.place(node))
            if _is_namespace(held):
                return _bind_all(state, node, (*args, Value(Table(tuple(keywords.items())))))
            change(state, base, lambda x: CHANGES[name](x, args, keywords))
            return True
    return False


def _bind_all(state: State, node: ast.expr, tables: tuple[Value[Any], ...]) -> bool:
    """`globals().update(settings)`, where it is known what is bound."""
    held = [x for value in tables for x in _leaves(value)]
    if not all(isinstance(x, Table) and x.complete is True for x in held):
        return False
    place = state.place(node)
    for name in dict.fromkeys(str(key) for x in held for key, _ in x.entries):
        value = state.look_up(name) or absent(replace(place, how=How.ABSENT))
        for table in tables:
            value = _entry(table, name, value)
        state.bind(name, value, place)
    return True


def _entry(table: Value[Any], name: str, otherwise: Value[Any]) -> Value[Any]:
    """What a dictionary, or each of several, has under a name."""
    return table.case_by_case(lambda case: case.x.get(name) if any(key == name for key, _ in case.x.entries) else otherwise)


def _changes(held: Value[Any], name: str) -> bool:
    """Whether it is something that the method of that name changes."""
    if _is_environ(held) or _is_namespace(held):
        return name == "update"
    return any(isinstance(x, Items | Table) for x in _leaves(held))


def change(state: State, base: ast.expr, new: Callable[[Any], Any]) -> None:
    """Changes what `base` gives, under every name that it goes by. `new` gives None for what it does not know to change."""
    before = state.value(base)
    if _is_environ(before):
        changed = new(Table(tuple(state.session.environ.names.items())))
        state.session.environ.names = dict(changed.entries) if isinstance(changed, Table) else state.session.environ.names
        return
    for old in {id(leaf): leaf for leaf in _leaves(before)}.values():
        changed = new(old) if isinstance(old, Items | Table | Made) else None
        if changed is None:
            continue
        for frame in state.session.live:
            frame.names = {name: _changed(value, old, changed, before) for name, value in frame.names.items()}
    root = base
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    if isinstance(root, ast.Name) and (found := state.frame.find(root.id)) is not None:
        home = next(frame for frame in state.frame.seen() if root.id in frame.names)
        home.names[root.id] = state.session.rests(found)


def _with_attribute(x: Any, name: str, value: Value[Any]) -> Any:
    return replace(x, attributes={**x.attributes, name: value}) if isinstance(x, Made) else None


def _is_namespace(value: Value[Any]) -> bool:
    return isinstance(value.x, Made) and value.x.dotted in NAMESPACES


def _is_environ(value: Value[Any]) -> bool:
    return isinstance(value.x, Environ)


def _leaves(value: Value[Any]) -> Iterator[Any]:
    if isinstance(value.x, Branch):
        for _, case in value.x.cases:
            yield from _leaves(case)
    else:
        yield value.x


def _unpacked(value: Value[Any], targets: list[ast.expr]) -> list[Value[Any]]:
    """The parts of a value for the targets of `a, *b = value`."""
    if isinstance(value.x, Branch):
        cases = [(label, _unpacked(case, targets)) for label, case in value.x.cases]
        parts = [Branch(value.x.on, tuple((label, each[n]) for label, each in cases)) for n in range(len(targets))]
        return [replace(value, x=part) for part in parts]
    stars = [number for number, each in enumerate(targets) if isinstance(each, ast.Starred)]
    x = value.x
    if not isinstance(x, Items) or x.complete is not True or len(stars) > 1:
        return [Value(Unknown(value.why or "a part of a value that is not known"), value.places)] * len(targets)
    members = list(x.members)
    if not stars and len(members) == len(targets):
        return members
    if stars and len(members) >= len(targets) - 1:
        start, rest = stars[0], len(members) - len(targets) + 1
        middle: Value[Any] = Value(Items(tuple(members[start : start + rest])), value.places)
        return [*members[:start], middle, *members[start + rest :]]
    return [unknown("it does not have as many parts as there are names for them", *value.places)] * len(targets)


def _loaded(target: ast.expr) -> ast.expr:
    """The target as an expression that is read."""
    match target:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
        case ast.Attribute(value=base, attr=name):
            return ast.copy_location(ast.Attribute(base, name, ast.Load()), target)
        case ast.Subscript(value=base, slice=index):
            return ast.copy_location(ast.Subscript(base, index, ast.Load()), target)
    return target
