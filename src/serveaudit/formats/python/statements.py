"""Follows statements from top to bottom, as far as they can be followed without running anything."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from serveaudit.formats.python.attempts import run_try, run_with
from serveaudit.formats.python.calls import full_name, note
from serveaudit.formats.python.conditionals import run_if, run_match
from serveaudit.formats.python.definitions import define_class, define_function
from serveaudit.formats.python.frames import taken
from serveaudit.formats.python.imports import run_import, run_import_from
from serveaudit.formats.python.loops import run_for, run_while
from serveaudit.formats.python.state import Escaped, Lost, Outcome, Raised, State
from serveaudit.formats.python.targets import assign, augment, change_by_call, delete
from serveaudit.values import Value

GOES_ON = Outcome.GOES_ON
_EXITS = {"sys.exit", "os._exit", "os.abort", "exit", "quit"}


def run(state: State, body: list[ast.stmt]) -> Outcome:
    """Follows statements until one of them leaves the body. Raises Escaped where one surely raises, Lost where it can't be told
    how the loop around it ends, and where there is nothing left to spend."""
    for statement in body:
        follow = _FOLLOWERS.get(type(statement))
        if follow is None:
            continue
        if not state.session.spend():
            raise Lost
        try:
            outcome = follow(state, statement)
        finally:
            _note_calls(state, statement)
        if outcome is not None and outcome is not GOES_ON:
            return outcome
    return GOES_ON


def run_module(state: State, body: list[ast.stmt]) -> None:
    """Follows a module. A statement that surely raises is left: a program that does not start says nothing."""
    for statement in body:
        before = taken(state.session.live)
        try:
            run(state, [statement])
        except Escaped:
            state.session.raised = None
        except (RecursionError, Lost) as error:
            state.session.raised = None
            why = "too much to compute" if isinstance(error, Lost) else "it is nested too deeply"
            state.forget(before, why, state.place(statement))
            state.lose([statement], why, state.place(statement))


def _assign(state: State, node: ast.Assign) -> None:
    value = state.value(node.value)
    change_by_call(state, node.value)
    for target in node.targets:
        assign(state, target, value, node.value)


def _assign_annotated(state: State, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(state, node.target, state.value(node.value), node.value)


def _expression(state: State, node: ast.Expr) -> None:
    if change_by_call(state, node.value):
        return
    state.value(node.value)
    if isinstance(node.value, ast.Call) and full_name(state, node.value.func) in _EXITS:
        state.session.raised = Raised("SystemExit", Value(None))
        raise Escaped


def _assert(state: State, node: ast.Assert) -> None:
    state.value(node.test)


def _raise(state: State, node: ast.Raise) -> None:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    kind = ast.unparse(raised).rpartition(".")[2] if raised is not None else "Exception"
    state.session.raised = Raised(kind, Value(None))
    raise Escaped


def _return(state: State, node: ast.Return) -> Outcome:
    value: Value[Any] = state.value(node.value) if node.value is not None else Value(None)
    state.frame.returned = state.session.rests(value)
    return Outcome.RETURNS


def _global(state: State, node: ast.Global) -> None:
    state.frame.elsewhere |= dict.fromkeys(node.names, state.frame.module)


def _nonlocal(state: State, node: ast.Nonlocal) -> None:
    outer = state.frame.outer
    for name in node.names:
        home = next((each for each in outer.seen() if name in each.names), None) if outer is not None else None
        if home is not None:
            state.frame.elsewhere[name] = home


def _note_calls(state: State, node: ast.stmt) -> None:
    """Calls in the statement's own expressions that were not evaluated, because what decides about them is not known."""
    for each in state.syntax.calls_in(node):
        if each not in state.calls:
            note(state, each)


Follower = Callable[[State, Any], Outcome | None]
_FOLLOWERS: dict[type[ast.stmt], Follower] = {
    ast.Assign: _assign,
    ast.AnnAssign: _assign_annotated,
    ast.AugAssign: augment,
    ast.Assert: _assert,
    ast.Delete: delete,
    ast.Expr: _expression,
    ast.Import: run_import,
    ast.ImportFrom: run_import_from,
    ast.FunctionDef: define_function,
    ast.AsyncFunctionDef: define_function,
    ast.ClassDef: define_class,
    ast.If: run_if,
    ast.Match: run_match,
    ast.Try: run_try,
    ast.TryStar: run_try,
    ast.With: run_with,
    ast.AsyncWith: run_with,
    ast.For: run_for,
    ast.AsyncFor: run_for,
    ast.While: run_while,
    ast.Raise: _raise,
    ast.Return: _return,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Break: lambda state, node: Outcome.BREAKS,
    ast.Continue: lambda state, node: Outcome.CONTINUES,
}
