"""Settings that are written more than once, or replaced by another source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from serveaudit.conversion import said
from serveaudit.deployment import Process
from serveaudit.formats.python.parsing import parse
from serveaudit.serving import Setting
from serveaudit.values import Place, Value

_NOT_PLAINLY = ("if", "for", "implied")
"""Ways of uWSGI's by which a value comes that nobody wrote as such."""
_HEADS = re.compile(r"^[ \t\r]*\[.*", re.MULTILINE)


def overridden(setting: Setting, process: Process) -> Value[str]:
    """What a value that is written elsewhere is replaced by; both places. None where they agree, or are not known.
    A value that reads the variable that replaces it was meant to be replaced."""
    for beaten in setting.overrides:
        if beaten.origin == setting.origin and beaten.place.span.source.path == setting.place.span.source.path:
            continue
        if not (beaten.value.known and setting.value.known) or beaten.value == setting.value or beaten.value.depends:
            continue
        if not {beaten.bound_by, setting.bound_by}.isdisjoint(_NOT_PLAINLY):
            continue
        text = f"{said(setting.value.x)} holds, not {said(beaten.value.x)}"
        return Value(text, (beaten.place, setting.place), (*setting.value.assumes, *beaten.value.assumes))
    return Value(None)


def given_twice(setting: Setting, process: Process) -> Value[str]:
    """That a setting has two different values in one file, of which the last counts; both places."""
    server = process.server
    if setting.origin != "written" or setting in server.strange or (setting.row is not None and setting.row.type == "list"):
        return Value(None)
    if server.program == "uwsgi":
        return _twice_in_ini(setting) if setting.name != "module" else _two_apps(setting, process)
    if server.config_syntax == "python" and server.config is not None and setting.bound_by == "assign":
        return _twice_in_module(setting, process)
    return Value(None)


def _twice_in_ini(setting: Setting) -> Value[str]:
    for beaten in setting.overrides:
        same_file = beaten.origin == "written" and _section(beaten.place) == _section(setting.place)
        plain = setting.bound_by == "assign" == beaten.bound_by and beaten.value.known and setting.value.known
        if same_file and plain and beaten.value != setting.value:
            return Value(f"{said(setting.value.x)} counts, not {said(beaten.value.x)}", (setting.place, beaten.place))
    return Value(None)


def _section(place: Place) -> tuple[str, str]:
    """The file and the section of a place: what another section says may be meant to be replaced."""
    before = [head for head in _HEADS.finditer(place.span.source.text) if head.start() < place.span.start]
    return place.span.source.path, before[-1][0].strip() if before else ""


def _two_apps(setting: Setting, process: Process) -> Value[str]:
    file = process.server.settings.get("wsgi-file")
    if file is None or file.origin != "written" or not file.value.known or file.value.x is None:
        return _twice_in_ini(setting)
    if setting.bound_by != "assign" or file.bound_by != "assign":
        return Value(None)
    return Value("wsgi-file is given too, and loaded as another application", (setting.place, file.place))


def _twice_in_module(setting: Setting, process: Process) -> Value[str]:
    """Two assignments one after the other at the file's top level, and nothing that reads the first one."""
    config = process.server.config
    tree = config.once(parse) if config is not None else None
    found = list(_assignments(tree, setting.name)) if isinstance(tree, ast.Module) else []
    if config is None or len(found) < 2:
        return Value(None)
    first, last = found[-2], found[-1]
    if ast.dump(first.value) == ast.dump(last.value):
        return Value(None)
    places = tuple(Place(config.line_span(node.lineno)) for node in (last, first))
    return Value(f"{ast.unparse(last.value)} counts, not {ast.unparse(first.value)}", places)


def _assignments(module: ast.Module, name: str) -> Iterator[ast.Assign]:
    """The top-level assignments to a name that nothing else in the file binds or reads."""
    uses = [node for node in ast.walk(module) if isinstance(node, ast.Name) and node.id == name]
    assigned = [node for node in module.body if isinstance(node, ast.Assign) and _binds(node, name)]
    if len(uses) == len(assigned):
        yield from assigned


def _binds(node: ast.Assign, name: str) -> bool:
    target = node.targets[0]
    return len(node.targets) == 1 and isinstance(target, ast.Name) and target.id == name
