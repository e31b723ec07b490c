"""The ways in which one command of a script may be started: `[ "$RELOAD" ] && ARGS=--reload; exec gunicorn $ARGS` is two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from serveaudit import starts
from serveaudit.deployment import Running

Way = frozenset[str]
"""What must hold for a command to be started in this way, in words: `$RELOAD = true`."""
Started = tuple[int, str, int, str]
"""A command: the unit that comes to it, its file, where it begins there, and which program it then is."""


class Ways:
    """Every way in which each command of a context is started."""

    def __init__(self, launches: Iterable[Running] = ()) -> None:
        self.known: dict[Started, set[Way]] = defaultdict(set)
        for running in launches:
            self.known[_started(running)].add(_way(running))

    def decide(self, subjects: Iterable[Any], others: Iterable[Iterable[Any]]) -> tuple[bool, tuple[str, ...]]:
        """Whether what is said of these subjects holds however their commands are started, and the conditions on which they are
        started so at all. `others` are the subjects of which the same is said."""
        running = next(filter(None, map(_running_of, subjects)), None)
        if running is None or not _way(running):
            return True, ()
        started = _started(running)
        alike = {_way(other) for each in others for other in map(_running_of, each) if other and _started(other) == started}
        lacking = self.known[started] - alike
        told = running.followed.conditions if running.followed else ()
        if lacking:
            apart = [condition for condition in told if not any(condition in way for way in lacking)]
            return False, tuple(apart or told)
        return True, tuple(condition for condition in told if all(condition in way for way in alike))


def _running_of(subject: Any) -> Running | None:
    """The start that a subject is about: a server's, a setting's, a launch."""
    process = getattr(subject, "process", None)
    found = process.running if process is not None else getattr(subject, "running", None)
    return found if isinstance(found, Running) else None


def _started(running: Running) -> Started:
    span = running.place.span.outermost
    return id(running.unit), span.source.path, span.start, starts.program(running)


def _way(running: Running) -> Way:
    return frozenset(running.followed.conditions) if running.followed else frozenset()
