"""Reads a Python file into a Module."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from serveaudit import expressions
from serveaudit.command import Environment
from serveaudit.formats.python.imports import absolute
from serveaudit.formats.python.leftovers import follow_the_rest, gather_calls
from serveaudit.formats.python.module import Binding, Module
from serveaudit.formats.python.scope import ModuleScope
from serveaudit.formats.python.state import STEPS, FindModule, Session, State
from serveaudit.formats.python.statements import run, run_module
from serveaudit.formats.python.syntax import syntax
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Unknown, Value


class Program:
    """The modules of one program: they share its environment, and each file is read once.

    find_module  gives a module of the repository by its full name: its text, None where there surely is none, or unknown
    cpus         how many the machine has, if that is known
    argv         the words behind its own name on the command line; None where nothing starts it
    """

    def __init__(
        self,
        env: Environment | None = None,
        find_module: FindModule = lambda dotted: None,
        cpus: int | None = None,
        argv: tuple[Value[Any], ...] | None = None,
    ) -> None:
        self._session = Session(env or Environment(), find_module, _read, cpus, argv)

    def read(self, source: SourceFile, name: str = "") -> Module:
        """What a file says when it runs. Never raises: a text that is no Python, or not yet, has a problem and no bindings.
        `name` is its full name, from which its relative imports start; else it is told from its path."""
        with self._started():
            return self._session.files.get(source.path) or _read(self._session, name or dotted_name(source.path), source)

    def open(self, dotted: str) -> Module | Unknown | None:
        """A module by its full name; None where the repository surely has none, unknown where it can't be read."""
        with self._started():
            return self._session.open(dotted)

    @contextmanager
    def _started(self) -> Iterator[None]:
        """A start of the program: what its modules put into the environment is gone at its end."""
        session = self._session
        env, names = session.env, dict(session.environ.names)
        try:
            yield
        finally:
            session.env, session.environ.names = env, names


def read(
    source: SourceFile,
    env: Environment | None = None,
    find_module: FindModule = lambda dotted: None,
    *,
    name: str = "",
    cpus: int | None = None,
    argv: tuple[Value[Any], ...] | None = None,
) -> Module:
    """What one Python file says when it runs in this environment: see `Program`."""
    return Program(env, find_module, cpus, argv).read(source, name)


def dotted_name(path: str) -> str:
    """`app/settings/__init__.py` is `app.settings`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".").strip(".")


def _read(session: Session, name: str, source: SourceFile) -> Module:
    module = session.files[source.path] = Module(source, name, session.env)
    found = source.once(syntax)
    if isinstance(found, Problem):
        module.problems.append(found)
        module.complete = Unknown(f"{source.path}: {found.message}", source.path)
        return module
    is_package = source.path.rpartition("/")[2] == "__init__.py"
    state = State(session, source, found, module, _evaluate, _test, run, is_package)
    session.running[source.path] = state
    steps, session.steps, session.exhausted = session.steps, STEPS, False
    try:
        with session.apart():
            session.live.append(state.frame)
            before = dict(session.environ.names)
            run_module(state, found.tree.body)
            _bind(state, before)
    finally:
        session.running.pop(source.path, None)
        session.steps = steps
    module.imports = dict(_imports(state))
    module.finishing = lambda: _finish(state)
    return module


def _finish(state: State) -> None:
    with state.session.apart():
        state.session.live.append(state.frame)
        follow_the_rest(state)
        gather_calls(state)


def _bind(state: State, before: Mapping[str, Value[Any]]) -> None:
    """The names that the module ends up with, and what it has put into the environment that was not there `before`."""
    syntax = state.syntax
    for name, value in state.frame.names.items():
        assigned = tuple(state.assigned.get(name, ()))
        if assigned:
            last = assigned[-1]
            state.module.bindings[name] = Binding(name, value, last.place, last.by, assigned, lambda: syntax.names_read)
    for name, value in state.session.environ.names.items():
        if before.get(name) is not value:
            state.module.environ[name] = value


def _imports(state: State) -> Iterator[tuple[str, str]]:
    for node in state.syntax.imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, alias.name if alias.asname else name
        else:
            module = absolute(state, node)
            yield from ((alias.asname or alias.name, f"{module}.{alias.name}") for alias in node.names if alias.name != "*")


def _evaluate(state: State, node: ast.expr) -> Value[Any]:
    return expressions.evaluate(node.value if isinstance(node, ast.Await) else node, ModuleScope(state))


def _test(state: State, node: ast.expr) -> Value[bool]:
    return expressions.evaluate_test(node, ModuleScope(state))
