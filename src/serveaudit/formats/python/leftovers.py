"""What running from top to bottom does not reach: functions that nobody calls, and calls in code that is never evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from serveaudit.formats.python.calls import follow, full_name, record
from serveaudit.formats.python.frames import Frame, put, taken
from serveaudit.formats.python.module import Function
from serveaudit.formats.python.state import STEPS, State
from serveaudit.values import Unknown, Value

_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_STEPS = 1_000
"""What one function may take."""


def follow_the_rest(state: State) -> None:
    """Follows every function once with nothing known of its arguments: for what it returns, and, where nobody called it, for
    the calls in it. What it does to the module's names stays its own."""
    session = state.session
    left = STEPS
    done: set[ast.AST] = set()
    for function in state.waiting:
        if function.node is None or function.node in done:
            continue
        done.add(function.node)
        before, env = taken(session.live), session.env
        state.recording = function.node not in state.followed
        session.steps = given = min(left, _STEPS)
        _follow(function)
        left -= given - max(session.steps, 0)
        state.recording, session.env, session.raised = True, env, None
        put(session.live, before)


def _follow(function: Function) -> None:
    try:
        function.returned = follow(function, (), {}, generic=True)
    except RecursionError:
        function.returned = Value(Unknown("it is nested too deeply"))


def gather_calls(state: State) -> None:
    """All calls of the module in the order of the text; those that nothing evaluated with what their own text tells."""
    exhausted, state.session.steps = state.session.exhausted, STEPS
    for node, qualname, inside_lambda in _calls(state.syntax.tree):
        if node not in state.calls:
            _record(state, node, qualname, reachable=exhausted or inside_lambda)
    told = [call for calls in state.calls.values() for call in calls]
    state.module.called = sorted(told, key=lambda call: call.place.span.start)


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, bool]]:
    """Every call with the qualified name of the function it stands in, and whether that is in a lambda or a comprehension."""
    stack: list[tuple[ast.AST, str, bool]] = [(tree, "", False)]
    while stack:
        node, qualname, lazy = stack.pop()
        if isinstance(node, ast.Call):
            yield node, qualname, lazy
        if isinstance(node, _SCOPES):
            qualname = f"{qualname}.{node.name}".lstrip(".")
        lazy = lazy or isinstance(node, ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp)
        stack += [(child, qualname, lazy) for child in ast.iter_child_nodes(node)]


def _record(state: State, node: ast.Call, qualname: str, reachable: bool) -> None:
    name = full_name(state, node.func)
    with state.inside(Frame("function", None, qualname)):
        args = tuple(state.value(each) for each in node.args if not isinstance(each, ast.Starred))
        keywords = {each.arg: state.value(each.value) for each in node.keywords if each.arg}
        state.reachable = reachable
        record(state, node, name, args, keywords, None)
        state.reachable = True
