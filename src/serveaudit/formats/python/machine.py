"""The few functions of libraries that say something of the machine, or that are Python's own and can raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from serveaudit.formats.python.environs import Given
from serveaudit.formats.python.module import Made, Module
from serveaudit.values import Items, Partial, Range, Table, Unknown, Value


def _cpus(given: Given) -> Value[Any]:
    """The number of CPUs: at least one, or what the user says."""
    cpus = given.state.session.cpus
    return Value(Range(1) if cpus is None else cpus, depends=("cpus",))


def _length(given: Given) -> Value[Any] | None:
    """`len(os.sched_getaffinity(0))`; of all else the evaluator knows the length."""
    x = given.args[0].x if given.args else None
    return _cpus(given) if isinstance(x, Made) and x.dotted == "os.sched_getaffinity" else None


def _number(kind: type[int] | type[float]) -> Callable[[Given], Value[Any] | None]:
    """`int(x)` of what it refuses: that is what configurations guard against with `try`."""

    def convert(given: Given) -> Value[Any] | None:
        if len(given.args) != 1 or given.keywords:
            return None
        (arg,) = given.args
        if isinstance(arg.x, Unknown | Partial | Range):
            given.state.session.doubts += not isinstance(arg.x, Range)
            return None
        try:
            return replace(arg, x=kind(arg.x))
        except (ValueError, TypeError, OverflowError) as error:
            kind_of_error = "ValueError" if isinstance(error, ValueError) else "TypeError"
            why = f"{kind.__name__}({'None' if arg.x is None else repr(arg.x)[:40]}) raises {kind_of_error}"
            return given.state.session.raises(kind_of_error, arg, why)

    return convert


def _strtobool(given: Given) -> Value[Any] | None:
    """1 or 0, as distutils has it."""
    arg = given.get(0, "val", "value")
    if arg is None or not isinstance(arg.x, str):
        return arg
    if arg.x.lower() in ("y", "yes", "t", "true", "on", "1"):
        return replace(arg, x=1)
    if arg.x.lower() in ("n", "no", "f", "false", "off", "0"):
        return replace(arg, x=0)
    return given.state.session.raises("ValueError", arg, f"{arg.x!r} is no truth value")


def _argument(given: Given) -> Value[Any] | None:
    """`"test" in sys.argv`: a server is not started with it; of a script that is started itself we can't know."""
    word = given.args[0].x
    if given.state.under_main:
        return None
    return Value(False, (), (f"it is not started with the argument {word}",)) if isinstance(word, str) else None


def _same(given: Given) -> Value[Any] | None:
    """A copy: values never change, so it is the value itself."""
    if len(given.args) != 1 or given.keywords:
        return None
    (arg,) = given.args
    if isinstance(arg.x, Items):
        return replace(arg, x=Items(arg.x.members, arg.x.complete))
    return replace(arg, x=Table(arg.x.entries, arg.x.complete)) if isinstance(arg.x, Table) else None


def any_name(given: Given) -> Value[Any] | None:
    """Code that is run from text, or the names themselves as a dictionary: any name may be bound by it."""
    state = given.state
    at = state.place(state.at) if state.at is not None else None
    if at is not None:
        state.taint("names are bound by code that is not in the text", "", at)
    return Value(Unknown("code that is not in the text"))


def _included(given: Given) -> Value[Any] | None:
    """django-split-settings: `include("components/base.py", optional("local.py"))` runs the files in our own namespace."""
    state = given.state
    for arg in given.args:
        path, optional = arg.x, isinstance(arg.x, Made)
        if isinstance(path, Made) and path.call and path.call.args:
            path = path.call.args[0].x
        dotted = path.removesuffix(".py").replace("/", ".") if isinstance(path, str) else ""
        module = state.session.open(f"{state.package}.{dotted}") if dotted and "*" not in dotted else None
        place = state.place(state.at) if state.at is not None else arg.places[0]
        if isinstance(module, Module):
            for name, binding in module.bindings.items():
                state.bind(name, binding.value, place, "import")
        else:
            state.taint(f"{path} is included and was not found" if dotted else "files are included", str(path), place, optional)
    return Value(None)


NAMESPACES = ("globals", "locals", "vars")
"""What gives a module's names as a dictionary."""

MACHINE: dict[str, Callable[[Given], Value[Any] | None]] = {
    **dict.fromkeys(("multiprocessing.cpu_count", "os.cpu_count", "os.process_cpu_count", "psutil.cpu_count"), _cpus),
    "len": _length,
    "int": _number(int),
    "float": _number(float),
    **dict.fromkeys(("distutils.util.strtobool", "setuptools._distutils.util.strtobool", "strtobool.strtobool"), _strtobool),
    **dict.fromkeys(("copy.copy", "copy.deepcopy", "list", "tuple"), _same),
    **dict.fromkeys(("exec", "execfile", "runpy.run_path", *(f"{names}.update" for names in NAMESPACES)), any_name),
    "sys.argv.__contains__": _argument,
    "split_settings.tools.include": _included,
}
"""By the full name of what is called."""
