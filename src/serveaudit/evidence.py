"""The places that a finding shows: where what decided stands, each with a phrase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from serveaudit.expressions.frames import Frame, Read, Reads
from serveaudit.finding import Location
from serveaudit.source import SourceFile, Span
from serveaudit.templates import Template, labelled
from serveaudit.values import How, Place, Value

MOST_DECIDING = 4
"""Places of values that decided; the lines that prove a pair come on top of them."""
MOST_IN_FILE = 4


def locations(
    reads: Reads, proof: Value[Any], labels: Labels, frame: Frame, heads: Iterable[Place | None]
) -> tuple[Location, ...]:
    """The places of what was read, the first one primary; then those that prove the pair; `heads` if there is nothing else."""
    found: dict[tuple[str, int, int], Location] = {}
    for path, value in speaking(reads):
        for index, place in enumerate(places_of(value)[:2]):
            _put(found, place, _phrase(place, labels.of(path, value, frame) if index == 0 else ""), MOST_DECIDING)
    for place in proof.places:
        _put(found, place, place.note, MOST_DECIDING + len(proof.places))
    if not found:
        for head in heads:
            _put(found, head or NOWHERE, head.note if head else "", 1)
    first, *others = found.values()
    return (replace(first, role="primary"), *others)


NOWHERE = Place(SourceFile(".", "").whole())


class Labels:
    """What is said at a place: the card's label for what was read there, else the vocabulary's phrase for the word."""

    def __init__(self, labels: Mapping[str, Template], phrases: Mapping[str, str]) -> None:
        self.labels = labels
        self.phrases = phrases

    def of(self, path: str, value: Any, frame: Frame) -> str:
        x = value.x if isinstance(value, Value) else value
        label = self.labels.get(path)
        if label is None:
            return labelled(self.phrases.get(path, ""), x)
        inner = frame.inner()
        inner["it"] = (x, ())
        return label.fill(inner)


def speaking(reads: Reads) -> list[Read]:
    """The reads that show something: those with places, without the ones on the way to a later one (`route.app` on the way to
    `route.app.framework`)."""
    placed = [(path, value) for path, value in reads if places_of(value)]
    paths = [path for path, _ in placed]
    return [(path, value) for path, value in placed if not any(_leads_to(path, other) for other in paths)]


def _leads_to(path: str, other: str) -> bool:
    return len(other) > len(path) and other.startswith(path) and other[len(path)] in ".["


def places_of(value: Any) -> tuple[Place, ...]:
    """The places of a value, or a subject's head."""
    if isinstance(value, Value):
        return value.places
    head = getattr(value, "place", None)
    return (head,) if head is not None else ()


def _phrase(place: Place, label: str) -> str:
    """A default's or an absent thing's label says so."""
    if not place.note or place.note in label:
        return label
    if not label:
        return place.note
    return f"{label} ({place.note})" if place.how in (How.DEFAULT, How.ABSENT) else label


def _put(found: dict[tuple[str, int, int], Location], place: Place, label: str, most: int) -> None:
    """Adds a place; where it is shown already its label is added to what is said there."""
    span = place.span.outermost
    key = (span.source.path, span.start, span.end)
    known = found.get(key)
    if known is not None:
        if label and label not in known.label:
            found[key] = replace(known, label=f"{known.label}; {label}" if known.label else label)
    elif len(found) < most and sum(path == key[0] for path, _, _ in found) < MOST_IN_FILE:
        found[key] = Location(Span(place.span.source, place.span.start, place.span.end), label)
