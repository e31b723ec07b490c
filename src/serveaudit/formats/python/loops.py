"""Loops: over a list that is known they are followed round by round; otherwise what they bind is lost."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from serveaudit.formats.python.frames import taken
from serveaudit.formats.python.parsing import walk_here
from serveaudit.formats.python.state import Escaped, Lost, Outcome, State
from serveaudit.formats.python.targets import assign
from serveaudit.values import Items, Table, Unknown, Value, unknown

MOST_ROUNDS = 200


def run_for(state: State, node: ast.For | ast.AsyncFor) -> Outcome:
    over = state.value(node.iter)
    rounds = _rounds(over, node.body)
    if rounds is None or len(rounds) > MOST_ROUNDS or isinstance(node, ast.AsyncFor):
        return _give_up(state, node, over)
    before = taken(state.session.live)
    try:
        return _unrolled(state, node, rounds)
    except Lost:
        state.forget(before, "it is changed in a loop that is not followed", state.place(node))
        return _give_up(state, node, over)


def run_while(state: State, node: ast.While) -> Outcome:
    before = taken(state.session.live)
    try:
        for _ in range(MOST_ROUNDS):
            why = state.test(state, node.test)
            if why.x is False:
                with state.session.resting_on(why):
                    return state.run(state, node.orelse)
            if why.x is not True or not state.session.spend():
                break
            outcome = state.run(state, node.body)
            if outcome in (Outcome.BREAKS, Outcome.RETURNS):
                return Outcome.GOES_ON if outcome is Outcome.BREAKS else outcome
    except Lost:
        state.forget(before, "it is changed in a loop that is not followed", state.place(node))
    return _give_up(state, node, state.test(state, node.test))


def _unrolled(state: State, node: ast.For | ast.AsyncFor, rounds: Sequence[Value[Any]]) -> Outcome:
    for member in rounds:
        if not state.session.spend():
            raise Lost
        assign(state, node.target, member, node.iter, "for")
        outcome = state.run(state, node.body)
        if outcome is Outcome.BREAKS:
            return Outcome.GOES_ON
        if outcome is Outcome.RETURNS:
            return outcome
    return state.run(state, node.orelse)


def _only_prefixed(complete: bool | Unknown, body: Sequence[ast.stmt]) -> bool:
    """`for name, text in os.environ.items(): if name.startswith("GUNICORN_"): …` passes over what the machine sets."""
    match body:
        case [ast.If(test=ast.Call(func=ast.Attribute(attr="startswith"), args=[ast.Constant()]), orelse=[])]:
            return isinstance(complete, Unknown) and complete.about == "os.environ"
    return False


def _rounds(over: Value[Any], body: Sequence[ast.stmt]) -> Sequence[Value[Any]] | None:
    if isinstance(over.x, Items) and (over.x.complete is True or _only_prefixed(over.x.complete, body)):
        return [each if isinstance(each, Value) else Value(each) for each in over.x.members]
    if isinstance(over.x, Table) and over.x.complete is True:
        return [Value(key, over.places) for key in dict(over.x.entries)]
    if isinstance(over.x, str):
        return [Value(each, over.places) for each in over.x]
    return None


def _give_up(state: State, node: ast.For | ast.AsyncFor | ast.While, over: Value[Any]) -> Outcome:
    """Follows the body once for its calls; afterwards what it binds is unknown. Raises Lost where it may return."""
    place = state.place(node)
    before, pending = taken(state.session.live), list(state.frame.pending)
    member = unknown(over.why or "a member of what is not known", place)
    try:
        if not isinstance(node, ast.While):
            assign(state, node.target, member, node.iter, "for")
        state.run(state, node.body)
    except (Lost, Escaped):
        state.session.raised = None
    state.forget(before, "it is changed in a loop that is not followed", place)
    state.frame.pending = pending
    targets = [] if isinstance(node, ast.While) else [ast.copy_location(ast.Expr(node.target), node)]
    state.lose([*targets, *node.body, *node.orelse], "it is bound in a loop that is not followed", place)
    if state.frame.kind == "function" and any(isinstance(each, ast.Return) for each in walk_here(node.body)):
        raise Lost
    return Outcome.GOES_ON
