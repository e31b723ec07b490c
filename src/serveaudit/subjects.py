"""From the deployment's objects to the subjects that cards ask about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serveaudit.words import Subject

See = Callable[[object], Any]
"""Gives the subject that speaks for an object of the deployment, or for a tuple of them: always the same one for the same
objects."""


class Subjects:
    """Makes subjects when they are first asked for. `make` gets a thing and `see`, by which a subject finds its neighbours, so
    that the vocabulary's modules need not know each other."""

    def __init__(self, make: Callable[[Any, See], Subject]) -> None:
        self._make = make
        self._made: dict[object, tuple[object, Subject]] = {}

    def see(self, thing: object) -> Any:
        """The subject for a thing. Raises KeyError for one that no subject speaks for."""
        key = tuple(part if isinstance(part, str) else id(part) for part in thing) if isinstance(thing, tuple) else id(thing)
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = (thing, self._make(thing, self.see))
        return known[1]
