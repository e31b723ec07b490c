"""`def` and `class`: what they are called, take and have; their bodies are followed when they are called."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from serveaudit.formats.python.calls import called, full_name
from serveaudit.formats.python.frames import Frame
from serveaudit.formats.python.module import Call, Class, ClassRef, Function, FunctionRef
from serveaudit.formats.python.state import State
from serveaudit.source import Span
from serveaudit.values import Place, Value

_Def = ast.FunctionDef | ast.AsyncFunctionDef


def define_function(state: State, node: _Def) -> None:
    qualname = _qualname(state, node.name)
    place = Place(state.spans.name_of(node))
    function = Function(
        node.name,
        qualname,
        place,
        parameters=tuple(each.arg for each in parameters(node.args)),
        decorators=tuple(_decorator(state, each) for each in node.decorator_list),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        yields=state.syntax.yields(node),
        node=node,
        defaults=defaults(node.args, state.value),
        home=(state, state.frame),
    )
    state.module.defined[qualname] = function
    state.waiting.append(function)
    value: Value[Any] = Value(FunctionRef(f"{node.name} is a function", qualname, function=function), (place,))
    state.bind(node.name, value, place, "def")


def define_class(state: State, node: ast.ClassDef) -> None:
    qualname = _qualname(state, node.name)
    place = Place(state.spans.name_of(node))
    bases = [(full_name(state, base), state.value(base).x) for base in node.bases]
    frame = Frame("class", state.frame, qualname)
    with state.inside(frame):
        state.run(state, node.body)
    methods = {name: each.x.function for name, each in frame.names.items() if isinstance(each.x, FunctionRef)}
    defined = Class(
        node.name,
        place,
        bases=tuple(name for name, _ in bases),
        attributes={name: each for name, each in frame.names.items() if name not in methods},
        methods=methods,
        decorators=tuple(_decorator(state, each) for each in node.decorator_list),
        parents=tuple(x.cls for _, x in bases if isinstance(x, ClassRef)),
        full_name=f"{state.module.name}.{qualname}",
    )
    state.module.classes[qualname] = defined
    state.bind(node.name, Value(ClassRef(f"{node.name} is a class", qualname, cls=defined), (place,)), place, "class")


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters in order, `*args` and `**kwargs` left out."""
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def defaults(args: ast.arguments, value: Callable[[ast.expr], Value[Any]]) -> dict[str, Value[Any]]:
    """The parameters' default values."""
    positional = [*args.posonlyargs, *args.args]
    tail = positional[len(positional) - len(args.defaults) :]
    found = {each.arg: value(default) for each, default in zip(tail, args.defaults, strict=True)}
    keyword = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    return found | {each.arg: value(default) for each, default in keyword if default is not None}


def _decorator(state: State, node: ast.expr) -> Call:
    """A decorator as a call; the call that it makes of the function is not one in the text."""
    if isinstance(node, ast.Call):
        return called(state, node)
    name = full_name(state, node)
    receiver = state.value(node.value) if isinstance(node, ast.Attribute) else None
    return Call(name, state.place(node), receiver=receiver, function=state.frame.qualname, conditions=state.conditions)


def _qualname(state: State, name: str) -> str:
    return f"{state.frame.qualname}.{name}" if state.frame.qualname else name


def where(function: Function) -> Span:
    """The whole text of a function."""
    state: State = function.home[0]
    return state.spans.of(function.node) if function.node is not None else function.place.span
