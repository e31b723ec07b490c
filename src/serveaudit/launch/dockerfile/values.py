"""The words of a Dockerfile's instructions as values."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.command import Step
from serveaudit.formats.dockerfile import Instruction
from serveaudit.formats.words import DOCKERFILE, Filled, Lookup, fill
from serveaudit.source import SourceFile
from serveaudit.values import Place, Value

_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|TCP))?")
_MOST_PORTS = 100


def plain(view: SourceFile) -> Value[Any]:
    """A text that stands as it is."""
    return Value(view.text, (Place(view.whole()),))


def text(view: SourceFile, lookup: Lookup) -> Value[Any]:
    """The whole of a text as one word, its variables replaced."""
    return fill(view, DOCKERFILE, lookup).unquoted().value()


def words(view: SourceFile, lookup: Lookup) -> Iterator[Value[Any]]:
    """The words of a text, the variables of each replaced; what a variable holds stays in its word."""
    for raw in Filled(view).raw_words():
        yield text(raw.view, lookup)


def listed(instruction: Instruction, lookup: Lookup) -> list[Value[Any]]:
    """The words of an instruction that takes the JSON form too."""
    if instruction.words is not None:
        return [plain(word) for word in instruction.words]
    return list(words(instruction.rest, lookup))


def assignments(view: SourceFile, lookup: Lookup) -> Iterator[tuple[str, Value[Any] | None]]:
    """`NAME=value …`, `NAME` alone (None), and the old `NAME value` whose value goes on to the end of the line."""
    raw = Filled(view).raw_words()
    if len(raw) > 1 and "=" not in raw[0].view.text:
        yield raw[0].view.text, text(view.slice(raw[1].view.pieces[0].outer, len(view.text)), lookup)
        return
    for word in raw:
        yield assignment(word.view, lookup)


def assignment(view: SourceFile, lookup: Lookup) -> tuple[str, Value[Any] | None]:
    """`NAME=value`, or `NAME` alone (None)."""
    name, separator, _ = view.text.partition("=")
    value = text(view.slice(len(name) + 1, len(view.text)), lookup) if separator else None
    return name.strip("\"'"), value


def ports(word: Value[Any]) -> list[Value[int]]:
    """`8000`, `8000/tcp`, `8000-8003`; nothing for UDP and for what is no port."""
    if not isinstance(word.x, str):
        return [word]
    found = _PORTS.fullmatch(word.x)
    if not found:
        return []
    first, last = int(found[1]), int(found[2] or found[1])
    return [replace(word, x=port) for port in range(first, min(last, first + _MOST_PORTS) + 1)]


def below(directory: Value[Any], path: Value[Any]) -> Value[Any]:
    """A path as seen from a directory."""
    if not isinstance(path.x, str) or path.x.startswith("/"):
        return path.map(posixpath.normpath)
    if not isinstance(directory.x, str):
        return directory
    return path.map(lambda relative: posixpath.normpath(posixpath.join(directory.x, relative))).also(directory)


def step(instruction: Instruction, script: SourceFile, shell: str) -> Step | None:
    """What CMD, ENTRYPOINT and RUN start, in either form; None for an empty one."""
    place = Place(instruction.span)
    if instruction.words is not None:
        return Step(place, argv=tuple(map(plain, instruction.words))) if instruction.words else None
    return Step(place, script=script, shell=shell) if script.text.strip() else None
