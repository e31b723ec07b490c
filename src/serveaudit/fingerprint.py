"""Names for findings that survive moved lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from serveaudit.finding import Finding


def stamp(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings, each with a fingerprint made of rule, path and symbolic place, and of its number among those that
    have all three in common. To be done before any finding is left out."""
    seen: Counter[tuple[str, str, str]] = Counter()
    stamped = []
    for finding in findings:
        key = (finding.rule, finding.primary.span.path, finding.symbol)
        seen[key] += 1
        stamped.append(replace(finding, fingerprint=_digest(*key, str(seen[key]))))
    return stamped


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
