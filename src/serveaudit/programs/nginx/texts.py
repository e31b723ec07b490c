"""Words -> values: what a word says, the variables in it, and the parts that a template or envsubst fills in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serveaudit.formats.nginx import Word, expressions
from serveaudit.values import Partial, Place, Unknown, Value

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*")
_BARE = re.compile(r"(?=.*_)[A-Z][A-Z0-9_]+|__\w+__|@@?\w+@@?|%\w+%|<[\w -]+>|%\(\w+\)s|%[sd]|YOUR_\w+")


@dataclass(frozen=True, slots=True)
class Use:
    """A variable in a text: its name without `$` and braces, and where it stands there."""

    name: str
    start: int
    end: int


def uses(text: str) -> list[Use]:
    """The variables of a text, in order. Captures (`$1`) are among them."""
    if "$" not in text:
        return []
    return [Use(found[1] or found[2], *found.span()) for found in _VARIABLE.finditer(text)]


def from_environment(name: str) -> bool:
    """Whether a variable is one that envsubst replaces, by its spelling: nginx's own are never written in capitals."""
    return _ENVIRONMENT.fullmatch(name) is not None


def pieces(text: str) -> list[str | Use]:
    """A text as literal parts and variables, in order."""
    parts: list[str | Use] = []
    cursor = 0
    for use in uses(text):
        parts += [text[cursor : use.start], use] if use.start > cursor else [use]
        cursor = use.end
    return [*parts, text[cursor:]] if cursor < len(text) else parts


def filled_in(text: str) -> list[tuple[int, int, Unknown]]:
    """The parts of a text that are not nginx's own: a template's expressions and envsubst's variables."""
    found = [(start, end, _expression(text[start:end])) for start, end in expressions(text)]
    within = [(start, end) for start, end, _ in found]
    for use in uses(text):
        if from_environment(use.name) and not any(start <= use.start < end for start, end in within):
            found.append((use.start, use.end, Unknown(f"${use.name} is put in when the container starts", f"${use.name}")))
    return sorted(found, key=lambda part: part[0])


def _expression(mark: str) -> Unknown:
    return Unknown(f"{mark} is filled in when the template is rendered", mark)


def of_text(text: str, *places: Place) -> Value[str]:
    """The value of a text: known, in part, or unknown where it is one placeholder. nginx's own variables stay as written."""
    holes = filled_in(text) if "$" in text or "{{" in text or "<%" in text else []
    if not holes:
        return Value(text, places)
    parts: list[str | Unknown] = []
    cursor = 0
    for start, end, unknown in holes:
        parts += [text[cursor:start], unknown] if start > cursor else [unknown]
        cursor = end
    parts += [text[cursor:]] if cursor < len(text) else []
    return Value(Partial(tuple(parts)) if len(parts) > 1 else parts[0], places, depends=tuple(_depends(holes)))


def _depends(holes: list[tuple[int, int, Unknown]]) -> list[str]:
    return [f"env:{unknown.about[1:]}" for *_, unknown in holes if unknown.about.startswith("$")]


def of_word(word: Word, *places: Place) -> Value[str]:
    """The value of a word; its place is the word itself unless others are given."""
    return of_text(word.text, *(places or (Place(word.span),)))


def refused(text: str, what: str) -> Unknown:
    """Why a text is no `what` that nginx would take: it is a word that a script replaces before nginx reads it (`NGINX_PORT`,
    `__PORT__`, `<port>`), or wrong."""
    return Unknown(f"{text} is a placeholder", text) if is_placeholder(text) else Unknown(f"{text or 'nothing'} is no {what}")


def is_placeholder(text: str) -> bool:
    return _BARE.fullmatch(text) is not None
