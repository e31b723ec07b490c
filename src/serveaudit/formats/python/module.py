"""What a Python file says, without running it: names with their values, calls, classes and functions.

A thing that has no plain value in the text (a function, a class, what a library's call returns) is a kind of Unknown, so
that whoever asks for a number or a text is told why there is none; whoever knows the kind can look into it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from serveaudit.command import Environment
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Place, Unknown, Value

By = Literal["assign", "import", "def", "class", "for"]


class PathText(str):
    """A path as `pathlib` or `os.path` computes it. One that depends on `__file__` is given relative to the directory that
    the source's own path is relative to (the root of the repository): no leading slash, and "." for that directory itself."""

    __slots__ = ()

    def __truediv__(self, other: str) -> PathText:
        return self.extended(other)

    def extended(self, *others: str) -> PathText:
        """As `os.path.join`: an absolute part starts over."""
        path = str(self)
        for other in others:
            path = str(other) if str(other).startswith("/") or path in ("", ".") else f"{path.rstrip('/')}/{other}"
        return PathText(path)

    @property
    def parent(self) -> PathText:
        """The directory that it is in; what lies above the repository's root is `..` and so on."""
        if self in ("", ".") or self.endswith(".."):
            return PathText(".." if self in ("", ".") else f"../{self}")
        head, slash, _ = self.rstrip("/").rpartition("/")
        return PathText(head or ("/" if slash else "."))

    @property
    def name(self) -> str:
        return self.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Environ:
    """`os.environ` itself."""


@dataclass(frozen=True, slots=True)
class Argv:
    """`sys.argv` itself."""


@dataclass(frozen=True, slots=True)
class External(Unknown):
    """What an import brings in from outside of the repository; `dotted` is its full name."""

    dotted: str = ""


@dataclass(frozen=True, slots=True)
class Made(Unknown):
    """What a call returns that is not followed: an instance of a library's or the repository's class, say.

    dotted      the full name of what was called: `flask.Flask`, `django.urls.path`
    attributes  what the text then sets on it (`config.bind = […]`), or its class gives it
    """

    dotted: str = ""
    call: Call | None = field(default=None, compare=False)
    attributes: Mapping[str, Value[Any]] = field(default_factory=dict, compare=False)
    cls: Class | None = field(default=None, compare=False)

    @property
    def key(self) -> tuple[str, int]:
        """Where it is made, which tells one object from another."""
        span = self.call.place.span if self.call is not None else None
        return (span.source.path, span.start) if span is not None else ("", id(self))


@dataclass(frozen=True, slots=True)
class FunctionRef(Unknown):
    """A function of the repository."""

    function: Function = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ClassRef(Unknown):
    """A class of the repository."""

    cls: Class = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ModuleRef(Unknown):
    """A module of the repository."""

    module: Module = field(kw_only=True, compare=False)


NAMES = External | FunctionRef | ClassRef | ModuleRef
"""What only stands for something: to name it raises nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call as it stands in the text.

    name        the full dotted name of what is called, through imports; a method of a library's object follows its class:
                `flask.Flask.run` for `app.run()` after `app = Flask(__name__)`
    receiver    the value before the last dot, for a method
    keywords    name → (value, place of `name=value`)
    complete    an Unknown where `*args` or `**kwargs` may give more
    under_main  inside of `if __name__ == "__main__"`
    function    the qualified name of the function it stands in; "" at the module's level
    conditions  in words, the undecided choices under which it is reached
    reachable   False where a known condition excludes it
    """

    name: str
    place: Place
    args: tuple[Value[Any], ...] = ()
    keywords: Mapping[str, tuple[Value[Any], Place]] = field(default_factory=dict)
    complete: bool | Unknown = True
    receiver: Value[Any] | None = None
    under_main: bool = False
    function: str = ""
    conditions: tuple[str, ...] = ()
    reachable: bool = True

    @property
    def named(self) -> dict[str, Value[Any]]:
        """The keywords without their places."""
        return {name: value for name, (value, _) in self.keywords.items()}

    def argument(self, position: int, name: str = "") -> Value[Any] | None:
        """An argument by its position or name; None where the call does not give it (or may, when it is not `complete`)."""
        if name in self.keywords:
            return self.keywords[name][0]
        return self.args[position] if 0 <= position < len(self.args) else None


@dataclass(slots=True, eq=False)
class Function:
    """A function or method. `returns` is what it returns when nothing is known of its arguments but their defaults.

    decorators  each as a call; one without parentheses has no arguments
    yields      whether it is a generator
    """

    name: str
    qualname: str
    place: Place
    parameters: tuple[str, ...] = ()
    decorators: tuple[Call, ...] = ()
    is_async: bool = False
    yields: bool = False
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = field(default=None, repr=False)
    defaults: Mapping[str, Value[Any]] = field(default_factory=dict, repr=False)
    home: Any = field(default=None, repr=False)
    """The reading that it belongs to, and the names that its body sees: for the reader alone."""
    returned: Value[Any] | None = field(default=None, repr=False)

    @property
    def module(self) -> Module | None:
        """The module that it is in."""
        return self.home[0].module if self.home is not None else None

    @property
    def returns(self) -> Value[Any]:
        if self.returned is None and self.home is not None:
            self.home[0].module.finish()
        return self.returned if self.returned is not None else Value(Unknown(f"what {self.name}() returns is not known"))


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class. `bases` are full dotted names; `parents` the ones among them that the repository defines."""

    name: str
    place: Place
    bases: tuple[str, ...] = ()
    attributes: Mapping[str, Value[Any]] = field(default_factory=dict)
    methods: Mapping[str, Function] = field(default_factory=dict)
    decorators: tuple[Call, ...] = ()
    parents: tuple[Class, ...] = ()
    full_name: str = ""

    def ancestors(self) -> Iterator[Class]:
        """The class itself and those of its bases that the repository defines, nearest first."""
        yield self
        for parent in self.parents:
            yield from parent.ancestors()

    def attribute(self, name: str) -> Value[Any] | None:
        """A class attribute, its own or inherited in the repository; None where neither has it."""
        return next((each.attributes[name] for each in self.ancestors() if name in each.attributes), None)

    def inherits(self, *dotted: str) -> bool:
        """Whether one of these full names is among its bases, or its bases' bases as far as the repository tells."""
        return any(base in dotted for each in self.ancestors() for base in each.bases)


@dataclass(frozen=True, slots=True)
class Assigned:
    """One binding of a name, in the order of the text; `conditions` as for a call."""

    value: Value[Any]
    place: Place
    by: By
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """A module-level name with the value it ends up with. The value's first place is the assigned text.

    place       the name where it was bound last
    assigned    every statement that binds it, in the order of the text
    names_read  gives all names that the file reads: few ask for them
    """

    name: str
    value: Value[Any]
    place: Place
    by: By = "assign"
    assigned: tuple[Assigned, ...] = ()
    names_read: Callable[[], Collection[str]] = frozenset

    @property
    def read_again(self) -> bool:
        """Whether the name is read elsewhere in the file."""
        return self.name in self.names_read()


@dataclass(slots=True, eq=False)
class Module:
    """What a Python file says.

    bindings  its names after it has run from top to bottom
    unbound   names that it would bind under a condition that does not hold; the value is absent and says the assumption
    complete  an Unknown where it may bind more names than these, or others (a star import that was not found, `exec`)
    imports   local name → full dotted name, of every import in the file, inside of functions too
    environ   what it puts into the environment (`os.environ[…] = …`), as its top level leaves it
    siblings  modules of the repository that it imports, by their full names
    env       the environment that it runs in
    """

    source: SourceFile
    name: str = ""
    env: Environment = field(default_factory=Environment)
    bindings: dict[str, Binding] = field(default_factory=dict)
    unbound: dict[str, Value[Any]] = field(default_factory=dict)
    complete: bool | Unknown = True
    imports: dict[str, str] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    environ: dict[str, Value[Any]] = field(default_factory=dict)
    siblings: dict[str, Module] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    defined: dict[str, Function] = field(default_factory=dict, repr=False)
    called: list[Call] = field(default_factory=list, repr=False)
    finishing: Callable[[], None] | None = field(default=None, repr=False)
    """Follows what the top level does not reach: of most modules that are only imported, nobody asks for that."""

    @property
    def calls(self) -> list[Call]:
        """Every call in the text, in its order; one in a loop or a function once for each of its arguments."""
        self.finish()
        return self.called

    @property
    def functions(self) -> dict[str, Function]:
        """Every function and method by its qualified name (`Chat.connect`, `create_app.index`)."""
        self.finish()
        return self.defined

    def finish(self) -> None:
        finishing, self.finishing = self.finishing, None
        if finishing is not None:
            finishing()

    def value(self, name: str) -> Value[Any] | None:
        """A name's value; None where the module surely does not bind it, unknown where it may."""
        if name in self.bindings:
            return self.bindings[name].value
        return Value(self.complete) if isinstance(self.complete, Unknown) else None
