"""What the names in an expression of this module stand for."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from typing import Any

from serveaudit.expressions import Scope
from serveaudit.formats.python.attributes import attribute_of, resting
from serveaudit.formats.python.calls import apply, follow, name_of, note_unknown, resolve
from serveaudit.formats.python.definitions import defaults, parameters
from serveaudit.formats.python.environs import Given
from serveaudit.formats.python.machine import NAMESPACES, any_name
from serveaudit.formats.python.module import NAMES, ClassRef, External, Function, FunctionRef, Made, ModuleRef, PathText
from serveaudit.formats.python.paths import PATH_METHODS
from serveaudit.formats.python.state import State
from serveaudit.values import Place, Table, Unknown, Value


class ModuleScope(Scope):
    """The names at the point that the reading of a module has reached."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def name(self, name: str) -> Value[Any] | None:
        found = self.state.look_up(name)
        if found is None:
            return self._missing(name)
        return None if isinstance(found.x, NAMES) else found

    def dotted(self, dotted: str) -> Value[Any] | None:
        return resolve(self.state, dotted)

    def call(self, dotted: str, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]) -> Value[Any] | None:
        self.state.at = self.at
        self._may_bind(args, keywords)
        path, _, last = dotted.rpartition(".")
        base = resolve(self.state, path) if path else None
        callee = attribute_of(self.state, base, last) if base is not None else resolve(self.state, dotted)
        if callee is None:
            note_unknown(self.state, dotted, args, keywords)
            return None
        return apply(self.state, callee, name_of(callee) or dotted, args, keywords, base)

    def attribute(self, base: Value[Any], name: str) -> Value[Any] | None:
        found = attribute_of(self.state, base, name)
        if found is not None and isinstance(found.x, FunctionRef) and _is_property(found.x.function):
            found = follow(found.x.function, (base,), {})
        return resting(found, base) if found is not None else None

    def method(
        self, base: Value[Any], name: str, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]
    ) -> Value[Any] | None:
        self.state.at = self.at
        if isinstance(base.x, PathText) and name in PATH_METHODS:
            return PATH_METHODS[name](Given(self.state, args, keywords, base))
        if name == "__call__" and isinstance(base.x, FunctionRef | ClassRef | External):
            return apply(self.state, base, name_of(base), args, keywords, None)
        callee = attribute_of(self.state, base, name)
        return apply(self.state, callee, name_of(callee), args, keywords, base) if callee is not None else None

    def function(self, node: ast.Lambda) -> Value[Any] | None:
        place = self.state.place(node)
        home = (self.state, self.state.frame)
        names = tuple(each.arg for each in parameters(node.args))
        function = Function("lambda", "", place, names, node=node, defaults=defaults(node.args, self.state.value), home=home)
        return Value(FunctionRef("it is a function", "lambda", function=function), (place,))

    def spelled(self, dotted: str) -> str:
        callee = resolve(self.state, dotted)
        return callee.x.dotted if callee is not None and isinstance(callee.x, External) else dotted

    def same(self, a: Any, b: Any) -> bool | None:
        """What Python itself has, and what the repository defines, is the same by its name, and never None."""
        names = [name_of(Value(x)) if _has_an_identity(x) else None for x in (a, b)]
        if all(names):
            return names[0] == names[1]
        return False if any(names) and (a is None or b is None) else None

    def mapping(self, x: Any) -> Table | None:
        if isinstance(x, Made) and x.dotted in NAMESPACES:
            frame = self.state.frame.module if x.dotted == "globals" else self.state.frame
            return Table(tuple(frame.names.items()))
        return super().mapping(x)

    def place(self, node: Any) -> Place | None:
        return self.state.place(node) if hasattr(node, "lineno") else None

    def _may_bind(self, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]) -> None:
        """`django_heroku.settings(locals())` binds names of ours."""
        if any(isinstance(each.x, Made) and each.x.dotted in NAMESPACES for each in (*args, *keywords.values())):
            any_name(Given(self.state, args, keywords))

    def _missing(self, name: str) -> Value[Any] | None:
        state = self.state
        if name == "__file__":
            return Value(PathText(state.source.path))
        if name == "__name__":
            return Value(state.module.name or Unknown("the module's name is not known"))
        return None


def _has_an_identity(x: Any) -> bool:
    return isinstance(x, FunctionRef | ClassRef | ModuleRef) or (isinstance(x, External) and hasattr(builtins, x.dotted))


def _is_property(function: Function) -> bool:
    return any(each.name.endswith("property") for each in function.decorators)
