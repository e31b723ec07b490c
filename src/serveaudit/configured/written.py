"""The settings that somebody wrote, servers' and process managers'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from serveaudit.dating import table_of
from serveaudit.deployment import Context, Process
from serveaudit.launching import Unit
from serveaudit.serving import Setting
from serveaudit.source import Span
from serveaudit.suggest import nearest
from serveaudit.tables import facts
from serveaudit.values import Place, Range, Value

MANAGERS = ("systemd", "supervisor")
_LIKENESS = 0.8
"""A key of a unit that looks less like a known one may be a newer release's, or another program's."""


def of_process(process: Process) -> Iterator[Setting]:
    """A server's written settings, and the names that it does not know. What uvicorn's worker takes over from gunicorn's
    settings is gunicorn's."""
    own = table_of(process.server.program, process.installed).rows
    for setting in process.server.settings.values():
        if setting.origin != "default" and (setting.name in own or setting.bound_by == "key"):
            yield setting
    for setting in process.server.strange:
        if not setting.name.startswith("_"):
            yield setting


def program_of(setting: Setting, process: Process) -> str:
    """Whose setting it is: keys of CONFIG_KWARGS are uvicorn's."""
    if process.server.program == "gunicorn" and setting.bound_by == "key":
        return "uvicorn"
    return process.server.program


def units_of(context: Context) -> Iterator[Unit]:
    """The units of systemd and supervisor that start the context's servers and proxies."""
    running = [process.running for process in context.processes] + [proxy.running for proxy in context.proxies]
    units = [each.unit for each in running if each.unit is not None and each.unit.manager in MANAGERS]
    return iter(list(dict.fromkeys(units)))


def of_unit(unit: Unit) -> Iterator[Setting]:
    """The keys of a unit, each as a setting at its line; its row is None where the manager knows no such key there."""
    for dotted, value in unit.keys.items():
        section, _, name = dotted.rpartition(".")
        if not value.places or (section and unit.manager != "systemd"):
            continue
        span = value.places[0].span.outermost
        place, row = Place(_line(span)), None if section else facts(unit.manager).row(name)
        yield Setting(name, value, "written", place, name, bound_by=section or "assign", row=row, literal=span)


def wrong_section(setting: Setting) -> str:
    """The section of a unit in which a key stands that systemd reads in another one only; empty for all others."""
    return setting.bound_by if setting.bound_by in ("Unit", "Service", "Socket", "Install") else ""


def unknown_key(setting: Setting, unit: Unit) -> str:
    """The key that is meant by one that the manager does not know there; empty where it knows it, or none is near."""
    if wrong_section(setting):
        row = facts(unit.manager).row(setting.name)
        return f"{setting.name} in [{row.sections[0]}]" if row is not None else ""
    if setting.row is not None or setting.name.startswith("X-"):
        return ""
    table = facts(unit.manager)
    if setting.name in table.wrong:
        return table.wrong[setting.name].becomes
    return nearest(setting.name, table.rows, _LIKENESS) or ""


def judged(value: Value[Any], say: Callable[[Any], str | None]) -> Value[str]:
    """What is to be said of a value, case by case; nothing of one of which only bounds are known."""
    return value.case_by_case(lambda case: _judged(case, say))


def _judged(value: Value[Any], say: Callable[[Any], str | None]) -> Value[str]:
    if isinstance(value.x, Range):
        return Value(None)
    return replace(value, x=say(value.x)) if value.known else value


def _line(span: Span) -> Span:
    return span.source.line_span(span.source.position(span.start).line)
