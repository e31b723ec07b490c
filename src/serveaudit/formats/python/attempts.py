"""`try` and `with`: the body is expected to succeed; where that is in doubt, its handlers are the alternatives."""

from __future__ import annotations

import ast
import builtins

from serveaudit.expressions import known_names
from serveaudit.formats.python.choosing import either
from serveaudit.formats.python.frames import Fork, Names, put, taken
from serveaudit.formats.python.module import Made
from serveaudit.formats.python.parsing import walk
from serveaudit.formats.python.state import Escaped, Outcome, State
from serveaudit.formats.python.targets import assign
from serveaudit.values import unknown


def run_try(state: State, node: ast.Try | ast.TryStar) -> Outcome:
    attempt = _Attempt(state, node)
    try:
        outcome = either(state, attempt.fork(), node, attempt.body, attempt.handlers, attempt.doubtful)
    except Escaped:
        raised = state.session.raised
        state.session.raised = None
        state.run(state, node.finalbody)
        state.session.raised = raised
        raise
    ended = state.run(state, node.finalbody)
    return outcome if ended is Outcome.GOES_ON else ended


def run_with(state: State, node: ast.With | ast.AsyncWith) -> Outcome:
    quiet = []
    for item in node.items:
        value = state.value(item.context_expr)
        entered = value if isinstance(value.x, Made) else unknown("what a `with` gives", state.place(item.context_expr))
        if isinstance(value.x, Made) and value.x.dotted == "contextlib.suppress" and isinstance(item.context_expr, ast.Call):
            quiet += item.context_expr.args
        if item.optional_vars is not None:
            assign(state, item.optional_vars, entered, item.context_expr)
    if not quiet:
        return state.run(state, node.body)
    kinds = ast.copy_location(ast.Tuple(quiet, ast.Load()), node)
    handler = ast.copy_location(ast.ExceptHandler(kinds, None, []), node)
    return run_try(state, ast.copy_location(ast.Try(node.body, [handler], [], []), node))


class _Attempt:
    """One `try` being followed."""

    def __init__(self, state: State, node: ast.Try | ast.TryStar) -> None:
        self.state, self.node = state, node
        self.escaped = False
        self.starts: list[tuple[Names, ast.stmt]] = []
        """What is bound before each statement that may raise."""

    def fork(self) -> Fork:
        imported = _imported(self.node.body[0])
        if imported:
            return Fork.between(f"import {imported}", f"{imported} is there", f"{imported} is not there")
        kind = _kinds(self.state, self.node.handlers[0])[0] if self.node.handlers else "exception"
        where = self.state.spans.of(self.node)
        names = {each.id for statement in self.node.body for each in walk(statement) if isinstance(each, ast.Name)}
        given = known_names((name, self.state.look_up(name)) for name in names)
        on = f"try in {where} ({given})" if given else f"try in {where}"
        return Fork.between(on, f"no {kind} in line {where.line}", f"{kind} in line {where.line}")

    def body(self) -> Outcome:
        session = self.state.session
        saved = session.trying
        session.trying = (*saved, self._handles)
        try:
            outcome = self._statements()
        except Escaped:
            session.trying = saved
            return self._handle()
        finally:
            session.trying = saved
        return self.state.run(self.state, self.node.orelse) if outcome is Outcome.GOES_ON else outcome

    def _statements(self) -> Outcome:
        session = self.state.session
        for statement in self.node.body:
            before, doubts = taken(session.live), session.doubts
            try:
                outcome = self.state.run(self.state, [statement])
            finally:
                if session.doubts > doubts:
                    self.starts.append((before, statement))
            if outcome is not Outcome.GOES_ON:
                return outcome
        return Outcome.GOES_ON

    def doubtful(self) -> bool:
        return bool(self.node.handlers and self.starts)

    def handlers(self) -> Outcome:
        """The handlers as alternatives of each other; none of them, where what was surely raised is not theirs."""
        if self.escaped or not self.doubtful():
            raise Escaped
        self._start()
        return self._handlers(self.node.handlers)

    def _handlers(self, handlers: list[ast.ExceptHandler]) -> Outcome:
        first, *others = handlers
        if not others:
            return self._run(first)
        kind = _kinds(self.state, first)[0]
        fork = Fork.between(f"{kind} in {self.state.spans.of(self.node)}", f"{kind} is raised", f"no {kind} is raised")
        return either(self.state, fork, first, lambda: self._run(first), lambda: self._handlers(others))

    def _start(self) -> None:
        """What is bound when a handler starts: what is not the same before every statement that may raise is unknown, and what
        is bound or changed by those that have statements inside of them."""
        place = self.state.place(self.node)
        lost = unknown("it may be bound before an exception, or not", place)
        first, *others = [names for names, _ in self.starts]
        agreed = tuple(
            {name: value if all(each[n].get(name) is value for each in others) else lost for name, value in frame.items()}
            for n, frame in enumerate(first)
        )
        put(self.state.session.live, agreed)
        nested = [
            statement
            for _, statement in self.starts
            if any(isinstance(each, ast.stmt) for each in ast.iter_child_nodes(statement))
        ]
        self.state.lose(nested, "it may be bound before an exception, or not", place)

    def _handle(self) -> Outcome:
        """The handler of what was surely raised. Raises Escaped when there is none."""
        raised = self.state.session.raised
        for handler in self.node.handlers:
            if raised is not None and any(_is_a(raised.kind, kind) for kind in _kinds(self.state, handler)):
                self.state.session.raised = None
                with self.state.session.resting_on(raised.because):
                    return self._run(handler)
        self.escaped = True
        raise Escaped

    def _run(self, handler: ast.ExceptHandler) -> Outcome:
        if handler.name:
            caught = ast.copy_location(ast.Name(handler.name, ast.Store()), handler)
            assign(self.state, caught, unknown("an exception", self.state.place(handler)), handler)
        return self.state.run(self.state, handler.body)

    def _handles(self, kind: str) -> bool:
        return any(_is_a(kind, handled) for each in self.node.handlers for handled in _kinds(self.state, each))


def _kinds(state: State, handler: ast.ExceptHandler) -> list[str]:
    """The names of the exceptions that it handles, without their modules."""
    if handler.type is None:
        return ["BaseException"]
    listed = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [ast.unparse(each).rpartition(".")[2] for each in listed] or [""]


def _is_a(kind: str, handled: str) -> bool:
    """Whether an exception is caught by a handler. One of a library's own is an Exception at least."""
    raised, caught = getattr(builtins, kind, Exception), getattr(builtins, handled, None)
    if isinstance(raised, type) and isinstance(caught, type):
        return issubclass(raised, caught)
    return kind == handled


def _imported(node: ast.stmt) -> str:
    match node:
        case ast.Import(names=[alias, *_]):
            return alias.name
        case ast.ImportFrom(module=module, level=level):
            return "." * level + (module or "")
    return ""
