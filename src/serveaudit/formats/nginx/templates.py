"""Templates that become nginx configurations: Jinja, mustache, Go templates and ERB.

The template's own marks are set aside so that the rest can be read: control lines become white space and events (which branch a
directive stands in), expressions become letters of a word. The masked text has the length of the original, so every offset
holds in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

FILLER = "\ue000"
"""Stands for each character of an expression; from the private use area, so no configuration contains it."""

_MARK = re.compile(r"\{%.{0,2000}?%\}|\{#.{0,2000}?#\}|<%.{0,2000}?%>|\{\{\{?[^\n]{0,500}?\}?\}\}", re.DOTALL)
_STRIP = "{}%<>#-+=~!"
_JINJA = re.compile(
    r"(?P<open>if|for|unless)\b|(?P<arm>elif|elsif|else)\b|(?P<close>endif|endfor|endunless)\b|(?P<insert>include|import)\b"
)
_GO = re.compile(
    r"(?P<open>if|range|with|block|define|each|unless|#|\^)|(?P<arm>else)\b|(?P<close>end\b|/)|(?P<insert>template\b|>)"
)
_ERB = re.compile(r"(?P<arm>elsif|else|when)\b|(?P<close>end)\b|(?P<open>.*\bdo\b|(?:if|unless|for|case|while)\b)", re.DOTALL)

Kind = Literal["", "jinja", "mustache", "erb"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One branch of a template's choice. Two arms of the same `choice` with different labels exclude each other."""

    choice: str
    label: str


@dataclass(frozen=True, slots=True)
class Event:
    """A control line: where it stands, and whether a choice opens, goes on with another arm, closes, or text is put in."""

    start: int
    end: int
    kind: Literal["open", "arm", "close", "insert"]
    tag: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A template's text with its marks set aside; `kind` is empty for a text that is no template."""

    text: str
    kind: Kind = ""
    events: tuple[Event, ...] = ()


def mask(text: str) -> Masked:
    """The text as nginx's reader may read it, and the template's control lines."""
    if "{{" not in text and "{%" not in text and "<%" not in text:
        return Masked(text)
    parts: list[str] = []
    events: list[Event] = []
    kinds: dict[Kind, None] = {}
    cursor = 0
    for found in _MARK.finditer(text):
        mark = found[0]
        kind, event = _read_mark(mark, *found.span())
        if mark.startswith("{#") and "{%" not in text:
            continue
        kinds[kind] = None
        events += [event] if event else []
        hidden = event is not None or mark.startswith(("{%", "{#", "{{!")) or (kind == "erb" and not mark.startswith("<%="))
        parts += [text[cursor : found.start()], _blank(mark) if hidden else FILLER * len(mark)]
        cursor = found.end()
    parts.append(text[cursor:])
    return Masked("".join(parts), next(iter(kinds), ""), tuple(_with_else(events)))


def _with_else(events: list[Event]) -> list[Event]:
    """mustache has no else: `{{/X}}` and `{{^X}}` after it are told as the other arm of `{{#X}}`."""
    result: list[Event] = []
    for event in events:
        if event.tag.startswith("^") and result and result[-1].tag == "/" + event.tag[1:]:
            result[-1] = Event(event.start, event.end, "arm", event.tag)
        else:
            result.append(event)
    return result


def expressions(text: str) -> list[tuple[int, int]]:
    """Where a word's text holds expressions that the template fills in."""
    return [found.span() for found in _MARK.finditer(text)] if "{{" in text or "<%" in text or "{%" in text else []


def _blank(mark: str) -> str:
    return re.sub(r"[^\n]", " ", mark)


def _read_mark(mark: str, start: int, end: int) -> tuple[Kind, Event | None]:
    if mark.startswith("{{"):
        return "mustache" if mark[2:3] in ("#", "^", "/", ">") else "jinja", _event(mark, start, end, _GO)
    if mark.startswith("<%"):
        return "erb", None if mark.startswith("<%=") else _event(mark, start, end, _ERB)
    return "jinja", None if mark.startswith("{#") else _event(mark, start, end, _JINJA)


def _event(mark: str, start: int, end: int, grammar: re.Pattern[str]) -> Event | None:
    keep = "#>" if grammar is _GO else ""
    inside = mark.strip("".join(c for c in _STRIP if c not in keep) + " \t\n")
    if grammar is _GO and not re.match(r"(if|range|with|block|define|else|end|template)\b|[#^/>]", inside):
        return None
    found = grammar.match(inside)
    if found is None or found.lastgroup is None:
        return None
    return Event(start, end, found.lastgroup, " ".join(inside.split()))  # type: ignore[arg-type]


class Choices:
    """Follows a template's events through the text, telling which arms are open at an offset."""

    def __init__(self, events: tuple[Event, ...]) -> None:
        self._events = events
        self._next = 0
        self.open: list[tuple[str, str]] = []

    def until(self, offset: int) -> list[Event]:
        """The events that stand before this offset and were not told yet; `open` is brought up to date."""
        passed = []
        while self._next < len(self._events) and self._events[self._next].start < offset:
            event = self._events[self._next]
            self._next += 1
            self._apply(event)
            passed.append(event)
        return passed

    def _apply(self, event: Event) -> None:
        if event.kind == "open":
            self.open.append(_opened(event))
        elif self.open and event.kind == "arm":
            choice = self.open[-1][0]
            self.open[-1] = (choice, f"not ({choice})" if event.tag == "else" else event.tag)
        elif self.open and event.kind == "close":
            self.open.pop()

    def arms(self) -> tuple[Arm, ...]:
        return tuple(Arm(choice, label) for choice, label in self.open)


def _opened(event: Event) -> tuple[str, str]:
    """The choice and the arm that an opening line starts. `if not X` is the other arm of `if X`; each loop is its own."""
    negated = re.fullmatch(r"if not (.+)|unless (.+)", event.tag)
    if negated:
        choice = f"if {negated[1] or negated[2]}"
        return choice, f"not ({choice})"
    looping = re.match(r"(for|range|#?each)\b", event.tag)
    return f"{event.tag} ({event.start})" if looping else event.tag, event.tag
