"""`if` and `match`: one way where the condition is known, both where it is not."""

from __future__ import annotations

import ast
import copy
from typing import Any

from serveaudit.expressions import choose, known_names
from serveaudit.formats.python.choosing import either
from serveaudit.formats.python.frames import Fork, chosen, put, taken
from serveaudit.formats.python.parsing import bound_names, changed_names, walk
from serveaudit.formats.python.state import Escaped, Lost, Outcome, State
from serveaudit.formats.python.targets import assign
from serveaudit.values import Branch, Unknown, Value, unique


def run_if(state: State, node: ast.If) -> Outcome:
    guarded, further = _main_guard(node.test)
    if guarded:
        _run_as_main(state, node.body if further is None else [ast.copy_location(ast.If(further, node.body, []), node)])
        return state.run(state, node.orelse)
    test = node.test
    if any(isinstance(each, ast.NamedExpr) for each in walk(test)):
        test = _Bound(state).visit(copy.deepcopy(test))
    return _decide(state, test, node, node.body, node.orelse)


class _Bound(ast.NodeTransformer):
    """Binds the names of `(name := …)`, and puts the name there instead."""

    def __init__(self, state: State) -> None:
        self.state = state

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        value = self.visit(node.value)
        assign(self.state, node.target, self.state.value(value), value)
        return ast.copy_location(ast.Name(node.target.id, ast.Load()), node)


def run_match(state: State, node: ast.Match) -> Outcome:
    """As a chain of `if`s, where the cases are constants; else the names that the cases bind are lost."""
    chain: list[ast.stmt] = []
    for case in reversed(node.cases):
        test = _case_test(node.subject, case)
        if test is None:
            _try_out(state, node)
            bodies = [each for case in node.cases for each in case.body]
            state.lose(bodies, "it depends on a match that is not followed", state.place(node))
            return Outcome.GOES_ON
        chain = [ast.copy_location(ast.If(test, [*_captured(node.subject, case), *case.body], chain), node)]
    return state.run(state, chain)


def _decide(state: State, test: ast.expr, node: ast.stmt, body: list[ast.stmt], other: list[ast.stmt]) -> Outcome:
    why = chosen(state.test(state, test), state.session.choices)
    if not isinstance(why.x, Unknown | Branch):
        way, left = (body, other) if why.x else (other, body)
        with state.session.resting_on(why):
            outcome = state.run(state, way)
        _leave_out(state, left, way, why)
        return outcome
    names = {each.id for each in walk(test) if isinstance(each, ast.Name)}
    given = known_names((name, state.look_up(name)) for name in names)
    shape = chosen(_shape(test, why, given), state.session.choices)
    if isinstance(shape.x, bool):
        return state.run(state, body if shape.x else other)
    fork = Fork(shape)
    return either(state, fork, node, lambda: state.run(state, body), lambda: state.run(state, other))


def _shape(test: ast.expr, why: Value[Any], given: str) -> Value[bool]:
    """The choices by which the condition holds: those that it hangs on, and where they leave it open, the condition itself."""
    return why.case_by_case(
        lambda case: choose(test, case, Value(True), Value(False), given) if isinstance(case.x, Unknown) else case
    )


def _leave_out(state: State, left: list[ast.stmt], way: list[ast.stmt], why: Value[Any]) -> None:
    """What a way that is not taken would have bound rests on its not being taken."""
    if not why.assumes or state.under_main:
        return
    bound = set(bound_names(way))
    for name in dict.fromkeys([*bound_names(left), *changed_names(left)]):
        home = state.frame.home_of(name)
        if name in home.names:
            with state.session.resting_on(why):
                home.names[name] = state.session.rests(home.names[name])
        elif name not in bound and home is state.frame.module and state.look_up(name) is None:
            state.module.unbound[name] = Value(None, (), why.assumes, unique(why.depends))


def _run_as_main(state: State, body: list[ast.stmt]) -> None:
    """What only runs when the file is started: its calls are of interest, its names are not the module's."""
    before, saved = taken(state.session.live), state.under_main
    state.under_main = True
    try:
        state.run(state, body)
    except (Lost, Escaped):
        state.session.raised = None
    finally:
        state.under_main = saved
        put(state.session.live, before)


def _try_out(state: State, node: ast.Match) -> None:
    """Follows each case for its calls."""
    before, pending = taken(state.session.live), list(state.frame.pending)
    for case in node.cases:
        try:
            state.run(state, case.body)
        except (Lost, Escaped):
            state.session.raised = None
        put(state.session.live, before)
        state.frame.pending = list(pending)


def _main_guard(test: ast.expr) -> tuple[bool, ast.expr | None]:
    """Whether it is `__name__ == "__main__"`, and what has to hold besides (`… and "--debug" in sys.argv`)."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            names = {each.id for each in (left, right) if isinstance(each, ast.Name)}
            texts = {each.value for each in (left, right) if isinstance(each, ast.Constant)}
            return names == {"__name__"} and texts == {"__main__"}, None
        case ast.BoolOp(op=ast.And(), values=[first, second]) if _main_guard(first)[0]:
            return True, second
    return False, None


def _captured(subject: ast.expr, case: ast.match_case) -> list[ast.stmt]:
    """`case other:` binds a name."""
    if not isinstance(case.pattern, ast.MatchAs) or case.pattern.name is None:
        return []
    target = ast.copy_location(ast.Name(case.pattern.name, ast.Store()), case.pattern)
    return [ast.copy_location(ast.Assign([target], subject), case.pattern)]


def _case_test(subject: ast.expr, case: ast.match_case) -> ast.expr | None:
    patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
    if case.guard is not None:
        return None
    if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
        return ast.copy_location(ast.Constant(True), case.pattern)
    values = [each.value for each in patterns if isinstance(each, ast.MatchValue)]
    if len(values) < len(patterns):
        return None
    listed = ast.copy_location(ast.Tuple(values, ast.Load()), case.pattern)
    compared = ast.Compare(subject, [ast.In()], [listed]) if len(values) > 1 else ast.Compare(subject, [ast.Eq()], [values[0]])
    return ast.copy_location(compared, case.pattern)
