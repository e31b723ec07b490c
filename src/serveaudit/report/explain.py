"""A rule, explained from its card: what happens and why, when it keeps silent, what it looks like, how we know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serveaudit.report.excerpt import visible
from serveaudit.report.frame import Line


def render(name: str, category: str, card: Mapping[str, Any], proofs: Mapping[str, Any]) -> list[Line]:
    """The card as a page. `proofs` is what the runs of the proofs have written: what was seen, when, and on which versions."""
    lines: list[Line] = [[(name, "title"), (f"  {category}", "path")], [(visible(str(card.get("summary", ""))), "text")]]
    sections = [
        ("Severity", _severity(card.get("severity", ""))),
        ("Why", _block(card.get("why", ""))),
        ("Silent when", (f"- {guard}" for guard in card.get("unless") or ())),
        ("Example", _example(card.get("examples") or ())),
        ("Fix", _fix(card.get("fix") or {})),
        ("Seen", _seen(card.get("proof"), proofs)),
        ("References", card.get("references") or ()),
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


def _seen(proof: str | None, proofs: Mapping[str, Any]) -> Iterator[str]:
    """`on gunicorn 27.0.1 and nginx 1.22.1, 2026-11-25`: only what a run of the proof has written down."""
    run = proofs.get(proof) if proof else None
    if run:
        programs = [f"{program} {version}" for program, version in run.get("on", {}).items()]
        yield f"on {' and '.join(programs)}, {run.get('seen', '')} ({proof})"
