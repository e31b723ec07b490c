"""A rule, explained from its card: what happens and why, when it keeps silent, what it looks like, how we know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from serveaudit.cards import Card
from serveaudit.report.excerpt import visible
from serveaudit.report.frame import Line

VERSION = 1


def render(card: Card, proofs: Mapping[str, Any]) -> list[Line]:
    """The card as a page. `proofs` is what the runs of the proofs have written: what was seen, when, and on which versions."""
    fields = card.fields
    lines: list[Line] = [[(card.name, "title"), (f"  {card.category}", "path")], [(visible(fields["summary"]), "text")]]
    sections: list[tuple[str, Iterable[str]]] = [
        ("Severity", _severity(fields["severity"])),
        ("Why", _block(fields.get("why", ""))),
        ("Silent when", (f"- {guard}" for guard in fields.get("unless", ()))),
        ("Example", _example(card.examples)),
        ("Fix", _fix(fields.get("fix", {}))),
        ("Seen", _seen(card.texts("proof"), proofs)),
        ("References", fields.get("references", ())),
    ]
    for title, content in sections:
        texts = list(content)
        if texts:
            lines += [[], [(title, "note")], *([(f"  {visible(text)}".rstrip(), "text")] for text in texts)]
    return lines


def _block(text: str) -> Iterator[str]:
    return iter(text.strip("\n").split("\n")) if text.strip() else iter(())


def _severity(severity: Any) -> Iterator[str]:
    """`warning`, or each case with its condition: the first one that holds counts."""
    for case in severity if isinstance(severity, list) else [severity]:
        if isinstance(case, Mapping):
            yield from (f"{level} if {condition}" for level, condition in case.items())
        else:
            yield f"{case} otherwise" if isinstance(severity, list) and len(severity) > 1 else str(case)


def _example(examples: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The first example that is found, then what it looks like when it is mended."""
    shown = next((example for example in examples if "silent" not in example), None)
    if shown is None:
        return
    yield f"{shown.get('name', '')}:"
    yield from _files(shown.get("files") or {})
    if shown.get("fixed"):
        yield "mended:"
        yield from _files(shown["fixed"])


def _files(files: Mapping[str, str]) -> Iterator[str]:
    for path, text in files.items():
        yield f"  {path}"
        yield from (f"    {line}" for line in _block(str(text)))


def _fix(fix: Mapping[str, Any]) -> Iterator[str]:
    if fix:
        because = f", because {fix['because']}" if fix.get("because") else ""
        yield f"{fix.get('title', '')} ({fix.get('safety', 'unsafe')}{because})"


def _seen(names: Iterable[str], proofs: Mapping[str, Any]) -> Iterator[str]:
    """`on gunicorn 27.0.1 and nginx 1.22.1, 2026-11-25`: only what a run of the proof has written down."""
    for name in names:
        run = proofs.get(name)
        if run:
            programs = [f"{program} {version}" for program, version in run["on"].items()]
            yield f"on {' and '.join(programs)}, {run['seen']} ({name})"


def listing(cards: Iterable[Card]) -> list[Line]:
    """All rules by category, one a line."""
    lines: list[Line] = []
    for category, members in groupby(sorted(cards, key=_order), key=lambda card: card.category):
        listed = list(members)
        width = max(len(card.name) for card in listed)
        lines += [[], [(category, "title")]]
        for card in listed:
            levels = severities(card)
            lines.append(
                [(f"  {card.name:<{width}}  ", "note"), (f"{levels[0]:<7}", levels[0]), (f"  {card.fields['summary']}", "text")]
            )
    return lines[1:]


def listing_json(cards: Iterable[Card]) -> str:
    """All rules as one object; `severities` are those that a finding may have, the worst first."""
    rules = [
        {"rule": card.name, "category": card.category, "severities": severities(card), "summary": card.fields["summary"]}
        for card in sorted(cards, key=_order)
    ]
    return json.dumps({"version": VERSION, "rules": rules}, indent=2) + "\n"


def severities(card: Card) -> list[str]:
    """The severities that a finding of the rule may have, the worst first."""
    given = card.fields["severity"]
    found = {
        level
        for case in (given if isinstance(given, list) else [given])
        for level in ([case] if isinstance(case, str) else case)
    }
    return [level for level in ("error", "warning", "info") if level in found]


def _order(card: Card) -> tuple[str, str]:
    return card.category, card.name
