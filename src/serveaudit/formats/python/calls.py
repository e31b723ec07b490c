"""What is called by which name, and what it gives; the functions and classes of the repository are followed."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from serveaudit.expressions import call_pure
from serveaudit.formats.python.attributes import attribute_of
from serveaudit.formats.python.environs import ENVIRONMENT, Given
from serveaudit.formats.python.frames import Frame, folded, taken
from serveaudit.formats.python.functions import FUNCTIONS
from serveaudit.formats.python.machine import MACHINE, NAMESPACES
from serveaudit.formats.python.module import Call, Class, ClassRef, Environ, External, Function, FunctionRef, Made, ModuleRef
from serveaudit.formats.python.options import OPTIONS
from serveaudit.formats.python.paths import PATHS
from serveaudit.formats.python.provenance import without_places_in
from serveaudit.formats.python.state import DEEPEST_CALL, Escaped, Lost, Outcome, State
from serveaudit.values import Items, Table, Unknown, Value, unknown

Args = tuple[Value[Any], ...]
Keywords = Mapping[str, Value[Any]]
KNOWN: dict[str, Callable[[Given], Value[Any] | None]] = {**ENVIRONMENT, **PATHS, **MACHINE, **FUNCTIONS, **OPTIONS}
_MOST_TIMES = 64
"""How often one call in the text, in a loop say, is told apart by its arguments."""
_HARMLESS = {"functools.lru_cache", "functools.cache", "functools.cached_property", "staticmethod", "classmethod", "property"}
_HELD: dict[str, Callable[[], dict[str, Value[Any]]]] = {
    "flask.Flask": lambda: {"config": Value(Table((), Unknown("Flask has defaults of its own")))},
}
"""Attributes of libraries' objects that the text goes on to change."""


def resolve(state: State, dotted: str) -> Value[Any] | None:
    """The value of a chain of names; None where its first one is bound to nothing."""
    first, *rest = dotted.split(".")
    value = state.look_up(first)
    if value is None and hasattr(builtins, first):
        value = Value(External(f"{first} is Python's own", first, dotted=first))
    for name in rest:
        value = attribute_of(state, value, name) if value is not None else None
    return value


def name_of(value: Value[Any] | None) -> str:
    """The full dotted name of what a value stands for; empty for plain values."""
    match value.x if value is not None else None:
        case External(dotted=dotted) | Made(dotted=dotted):
            return dotted
        case Environ():
            return "os.environ"
        case FunctionRef(function=function):
            return f"{function.home[0].module.name}.{function.qualname}" if function.home else function.qualname
        case ClassRef(cls=cls):
            return cls.full_name
        case ModuleRef(module=module):
            return module.name
    return ""


def full_name(state: State, node: ast.expr) -> str:
    """The full dotted name of what an expression names; its text where it is not a name."""
    match node:
        case ast.Name(id=name):
            return name_of(resolve(state, name)) or name
        case ast.Attribute(value=base, attr=attr):
            inner = full_name(state, base)
            return name_of(attribute_of(state, state.value(base), attr)) or f"{inner}.{attr}"
        case ast.Call():
            return name_of(state.value(node)) or ast.unparse(node)
    return ast.unparse(node)


def apply(
    state: State, callee: Value[Any], name: str, args: Args, keywords: Keywords, base: Value[Any] | None
) -> Value[Any] | None:
    """What a call gives. None for what the evaluator may know: Python's own functions, methods of plain values."""
    node = state.at
    call = record(state, node, name, args, keywords, base) if isinstance(node, ast.Call) else None
    known = KNOWN[name](Given(state, args, keywords, base, partial(_apply_to, state))) if name in KNOWN else None
    if known is not None:
        return known
    match callee.x:
        case FunctionRef(function=function):
            return _once(state, call, lambda: follow(function, _with_self(function, base, args), keywords))
        case ClassRef(cls=cls):
            return _once(state, call, lambda: instantiate(state, cls, call, args, keywords))
        case External() | Made() if "." in name or name in NAMESPACES or not hasattr(builtins, name):
            return made(state, name, call)
    return None


def _apply_to(state: State, callee: Value[Any], args: Args, keywords: Keywords) -> Value[Any] | None:
    """What a function gives that another one calls; the call does not stand in the text."""
    at, state.at = state.at, None
    try:
        given = apply(state, callee, name_of(callee), args, keywords, None)
    finally:
        state.at = at
    if given is not None or not isinstance(callee.x, External):
        return given
    x = call_pure(callee.x.dotted, [arg.x for arg in args], {name: value.x for name, value in keywords.items()})
    return None if x is NotImplemented else Value(x).also(*args, *keywords.values())


def _once(state: State, call: Call | None, follow_it: Callable[[], Value[Any]]) -> Value[Any]:
    """What a call gives that is followed; when an expression is computed in several worlds it is made only once."""
    followed = state.session.followed
    for earlier, value in followed:
        if call is not None and earlier.place == call.place and _same_arguments(earlier, call):
            return value
    value = follow_it()
    if call is not None:
        followed.append((call, value))
    return value


def _same_arguments(one: Call, other: Call) -> bool:
    return one.args == other.args and one.named == other.named


def note_unknown(state: State, name: str, args: Args, keywords: Keywords) -> None:
    """Records a call of a name that nothing binds."""
    state.session.doubts += 1
    if isinstance(state.at, ast.Call):
        record(state, state.at, name, args, keywords, None)


def made(state: State, name: str, call: Call | None) -> Value[Any]:
    """What a call that is not followed gives."""
    state.session.doubts += 1
    held = _HELD[name]() if name in _HELD else {}
    x = Made(f"what {name}() gives is not known", f"{name}()", dotted=name, call=call, attributes=held)
    return Value(x, (call.place,) if call is not None else ())


def record(
    state: State,
    node: ast.Call,
    name: str,
    args: Args,
    keywords: Keywords,
    base: Value[Any] | None,
    complete: bool | Unknown = True,
) -> Call:
    """The call as the module's; one that was already made with the same arguments is not told twice."""
    place = state.place(node)
    places = {each.arg: state.place(each) for each in node.keywords if each.arg}
    call = Call(
        name,
        place,
        args,
        {key: (value, places.get(key, place)) for key, value in keywords.items()},
        complete,
        base,
        under_main=state.under_main,
        function=state.frame.qualname,
        conditions=state.conditions,
        reachable=state.reachable,
    )
    told = state.calls.setdefault(node, [])
    same = next((each for each in told if _same_arguments(each, call)), None)
    if same is None and len(told) < _MOST_TIMES and state.recording:
        told.append(call)
    return same or call


def called(state: State, node: ast.Call) -> Call:
    """The record of a call, which is made by evaluating it."""
    state.value(node)
    return note(state, node)


def note(state: State, node: ast.Call) -> Call:
    """The record of a call that was, or could not be, evaluated: its arguments as far as they are known."""
    if state.calls.get(node):
        return state.calls[node][-1]
    args = tuple(state.value(each) for each in node.args if not isinstance(each, ast.Starred))
    keywords = {each.arg: state.value(each.value) for each in node.keywords if each.arg}
    more = next(
        (each for each in (*node.args, *node.keywords) if isinstance(each, ast.Starred) or getattr(each, "arg", "") is None),
        None,
    )
    complete = True if more is None else Unknown("more arguments are passed on")
    base = state.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
    return record(state, node, full_name(state, node.func), args, keywords, base, complete)


def follow(function: Function, args: Args, keywords: Keywords, generic: bool = False) -> Value[Any]:
    """What a function of the repository returns, by its text. `generic`: nothing is known of its arguments."""
    state: State = function.home[0]
    node = function.node
    if node is None or not _can_follow(state, node):
        return Value(Unknown(f"{function.name}() is not followed"))
    frame = Frame("function", function.home[1], function.qualname, _arguments(state, function, args, keywords, generic))
    state.followed.add(node)
    returned = _run(state, frame, node, function.name)
    if function.is_async or function.yields or not (generic or _transparent(function)):
        return Value(Unknown(f"what {function.name}() gives is not known", function.name))
    return without_places_in(state.session.rests(returned), state.spans.of(node))


def _can_follow(state: State, node: ast.AST) -> bool:
    following = state.session.following
    return len(following) < DEEPEST_CALL and node not in following


def _run(state: State, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> Value[Any]:
    session, module, following = state.session, frame.module, state.session.following
    lent = module not in session.live
    session.live += [module] if lent else []
    session.following, before = (*following, node), taken(session.live)
    raised, session.raised = session.raised, None
    try:
        with state.inside(frame):
            state.conditions = ()
            outcome = state.run(state, _body(node))
        result = frame.returned if outcome is Outcome.RETURNS else Value(None)
        return folded(frame.pending, result)
    except Lost:
        state.forget(before, f"{name}() has a loop that is not followed", state.place(node))
        return Value(Unknown(f"{name}() has a loop that is not followed"))
    except Escaped:
        if session.raised is None or not any(handles(session.raised.kind) for handles in session.trying):
            session.raised = None
        return folded(frame.pending, Value(Unknown(f"{name}() raises an exception")))
    finally:
        session.following = following
        session.raised = session.raised or raised
        if lent:
            session.live.remove(module)


def _body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.stmt]:
    return [ast.copy_location(ast.Return(node.body), node.body)] if isinstance(node, ast.Lambda) else node.body


def instantiate(state: State, cls: Class, call: Call | None, args: Args, keywords: Keywords) -> Value[Any]:
    """An object of a class of the repository, with what its `__init__` sets, or its fields."""
    x = Made(f"an object of {cls.name}", cls.name, dotted=cls.full_name, call=call, cls=cls)
    start = next((each.methods["__init__"] for each in cls.ancestors() if "__init__" in each.methods), None)
    if start is None:
        return Value(replace(x, attributes={**_fields(state, cls), **keywords}), (call.place,) if call else ())
    home: State = start.home[0]
    if start.node is None or isinstance(start.node, ast.Lambda) or not _can_follow(home, start.node):
        return Value(x, (call.place,) if call else ())
    names = _arguments(home, start, (Value(x), *args), keywords, generic=False)
    frame = Frame("function", start.home[1], start.qualname, names)
    home.followed.add(start.node)
    _run(home, frame, start.node, cls.name)
    after = frame.names.get(start.parameters[0]) if start.parameters else None
    return (after if after is not None and isinstance(after.x, Made) else Value(x)).at(*([call.place] if call else []))


def _fields(state: State, cls: Class) -> dict[str, Value[Any]]:
    """What `field(default=…)` and `field(default_factory=…)` of a dataclass give to each object."""
    fields: dict[str, Value[Any]] = {}
    for each in reversed(list(cls.ancestors())):
        for name, value in each.attributes.items():
            call = value.x.call if isinstance(value.x, Made) and value.x.dotted == "dataclasses.field" else None
            default, factory = (call.argument(-1, key) for key in ("default", "default_factory")) if call else (None, None)
            made = _apply_to(state, factory, (), {}) if factory is not None else default
            fields |= {name: made} if made is not None else {}
    return fields


def _arguments(state: State, function: Function, args: Args, keywords: Keywords, generic: bool) -> dict[str, Value[Any]]:
    """The function's parameters with what the call, or else their defaults, give them."""
    names: dict[str, Value[Any]] = {}
    where = (function.place,)
    for position, name in enumerate(function.parameters):
        if name in keywords:
            names[name] = keywords[name]
        elif position < len(args):
            names[name] = args[position]
        elif name in function.defaults:
            assumed = (f"{function.name}() is called without {name}",) if generic else ()
            names[name] = function.defaults[name].also(Value(None, (), assumed))
        else:
            names[name] = unknown(f"{name} is given by whoever calls {function.name}()", *where)
    node = function.node
    if node is not None and node.args.vararg:
        names[node.args.vararg.arg] = (
            Value(Unknown("further arguments")) if generic else Value(Items(args[len(function.parameters) :]))
        )
    if node is not None and node.args.kwarg:
        more = tuple((key, value) for key, value in keywords.items() if key not in function.parameters)
        names[node.args.kwarg.arg] = Value(Unknown("further arguments")) if generic else Value(Table(more))
    return names


def _with_self(function: Function, base: Value[Any] | None, args: Args) -> Args:
    bound = {each.name for each in function.decorators}
    if base is None or "staticmethod" in bound:
        return args
    if isinstance(base.x, Made) or (isinstance(base.x, ClassRef) and "classmethod" in bound):
        return (base, *args)
    return args


def _transparent(function: Function) -> bool:
    """Whether its decorators leave what it returns alone."""
    return all(each.name in _HARMLESS for each in function.decorators)
