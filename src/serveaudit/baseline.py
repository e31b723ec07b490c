"""What was found before and is left for later: only new findings are told. The file names findings, never lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from serveaudit.config import ConfigError
from serveaudit.finding import Finding

VERSION = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of an earlier run, by fingerprint: each one's rule."""

    rules: dict[str, str]

    def new(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that were not there before."""
        return [finding for finding in findings if finding.fingerprint not in self.rules]

    def mended(self, findings: Iterable[Finding], asked: Callable[[str], bool]) -> int:
        """How many of the earlier findings do not occur any more, of rules that were asked."""
        there = {finding.fingerprint for finding in findings}
        return sum(1 for fingerprint, rule in self.rules.items() if fingerprint not in there and asked(rule))


def load(path: Path) -> Baseline:
    """The baseline in a file. Raises ConfigError for a file that is not there or is no baseline."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["version"] != VERSION:
            raise ConfigError(f"{path}: a baseline of version {found['version']}; this serveaudit reads version {VERSION}")
        return Baseline({str(entry["fingerprint"]): str(entry["rule"]) for entry in found["findings"]})
    except OSError as error:
        raise ConfigError(f"{path}: can't read the baseline: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{path}: not a baseline; `serveaudit baseline` writes one") from None


def dump(findings: Iterable[Finding]) -> str:
    """The text of a baseline with these findings, in an order that makes small diffs."""
    entries = [
        {"rule": finding.rule, "path": finding.primary.span.path, "symbol": finding.symbol, "fingerprint": finding.fingerprint}
        for finding in findings
    ]
    entries.sort(key=itemgetter("path", "rule", "symbol", "fingerprint"))
    return json.dumps({"version": VERSION, "findings": entries}, indent=2, ensure_ascii=False) + "\n"
