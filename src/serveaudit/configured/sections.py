"""Sections of configuration files that nobody reads, and logic that uWSGI does not have."""

from __future__ import annotations

from serveaudit.formats import ini
from serveaudit.serving import Server
from serveaudit.source import Problem
from serveaudit.values import Place, Value

NO_LOGIC = ("else", "elif", "else-if", "elseif")
"""What people write between if-… and endif; uWSGI 2.0 takes it for a name of theirs (core/config.c)."""


def unread(server: Server) -> Value[str]:
    """hypercorn reads no tables of a TOML file; uWSGI ends, or starts without settings, where its section is missing."""
    if server.program == "hypercorn":
        tables = [each for each in server.strange if each.bound_by == "table"]
        return Value(f"[{tables[0].spelled}] is read by nobody", (tables[0].place,)) if tables else Value(None)
    if server.program == "uwsgi":
        problem = _problem(server, " has no section ")
        return Value(problem.message, (Place(problem.span),)) if problem else Value(None)
    return Value(None)


def reads_nothing(server: Server) -> bool:
    return not any(setting.origin == "written" for setting in server.settings.values())


def broken_logic(server: Server) -> Value[str]:
    if server.program != "uwsgi":
        return Value(None)
    if server.config is not None and server.config_syntax == "ini":
        entries = [entry for section in ini.parse(server.config, "uwsgi").sections for entry in section.entries]
        other = next((entry for entry in entries if entry.name in NO_LOGIC), None)
        if other is not None:
            return Value(f"uWSGI has no {other.name}, what follows belongs to the condition above it", (Place(other.line),))
    problem = _problem(server, " inside of ") or _problem(server, " is never ended")
    return Value(problem.message, (Place(problem.span),)) if problem else Value(None)


def _problem(server: Server, text: str) -> Problem | None:
    return next((problem for problem in server.problems if text in problem.message), None)
