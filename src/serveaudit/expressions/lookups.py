"""How a condition looks the words of subjects up: properties, entries, calls. Of None everything is None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serveaudit.expressions.frames import Closure, Frame, Reads, Result, read
from serveaudit.values import Branch, How, Unknown, Value

WRITTEN = frozenset({How.WRITTEN, How.FLAG, How.ENVIRONMENT})


def attribute(base: Closure, name: str, path: str) -> Closure:
    """A subject's word; of None it is None."""

    def run(frame: Frame) -> Result:
        subject, reads = base(frame)
        if subject is None or isinstance(subject, Unknown):
            return subject, reads
        found = getattr(subject, name)
        if type(found) is not Value:
            return found, reads
        if type(found.x) is Branch:
            found = frame.settle(found)
        return found.x, (*reads, (path, found))

    return run


def entry(base: Closure, key: Any, path: str) -> Closure:
    """`subject[key]`, of a kind that has entries of its own."""

    def run(frame: Frame) -> Result:
        subject, reads = base(frame)
        if subject is None or isinstance(subject, Unknown):
            return subject, reads
        found = subject[key]
        return read(found, path, frame, reads) if type(found) is Value else (found, reads)

    return run


def bound(base: Closure, name: str) -> Closure:
    """A subject's word that takes arguments, ready to be called."""

    def run(frame: Frame) -> Result:
        subject, reads = base(frame)
        return (subject if subject is None or isinstance(subject, Unknown) else getattr(subject, name)), reads

    return run


def asked(function: Closure, args: list[Closure], path: str) -> Closure:
    """A call: only its result speaks, its arguments are no evidence."""

    def run(frame: Frame) -> Result:
        call, reads = function(frame)
        if call is None or isinstance(call, Unknown):
            return call, reads
        given = [arg(frame) for arg in args]
        for x, more in given:
            if isinstance(x, Unknown):
                return x, more
        found = call(*[x for x, _ in given])
        return read(found, path, frame) if type(found) is Value else (found, ())

    return run


def picked(pick: Callable[[list[Any]], Any], args: list[Closure]) -> Closure:
    """`min(…)` and `max(…)` of numbers."""

    def run(frame: Frame) -> Result:
        given = [arg(frame) for arg in args]
        reads: Reads = ()
        for _, more in given:
            reads += more
        return pick([x for x, _ in given]), reads

    return run


def written(value: Closure) -> Closure:
    """Whether somebody wrote the value, rather than that it is a default; unknown where that can't be known."""

    def run(frame: Frame) -> Result:
        x, reads = value(frame)
        last = reads[-1][1] if reads else None
        if isinstance(last, Value) and any(place.how in WRITTEN for place in last.places):
            return True, reads
        return (x if isinstance(x, Unknown) else False), reads

    return run
