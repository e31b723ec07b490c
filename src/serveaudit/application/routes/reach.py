"""The modules in which an application's routes may stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serveaudit.formats.python import Made, Module

_MOST_MODULES = 400


def reachable(module: Module, libraries: Sequence[str]) -> Iterator[Module]:
    """The module itself, and those of the repository that it imports, as far as they use one of these libraries."""
    seen: set[int] = set()
    waiting = [module]
    while waiting and len(seen) < _MOST_MODULES:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        waiting += each.siblings.values()
        if each is module or _uses(each, libraries):
            yield each


def _uses(module: Module, libraries: Sequence[str]) -> bool:
    """Whether it imports one of them, or an object that was made with one."""
    values = (binding.value.x for binding in module.bindings.values())
    made = (x.dotted for x in values if isinstance(x, Made))
    return any(name.partition(".")[0] in libraries for name in (*module.imports.values(), *made))
