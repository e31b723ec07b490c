"""What stands below the findings: what was read and what was not, what could not be decided, how much was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from serveaudit.finding import Certainty, FileReport, Finding, Severity, Undecided
from serveaudit.report.excerpt import visible
from serveaudit.result import Result

FEW = 6
"""Names that are listed before the rest is only counted."""

_KINDS = {
    "dockerfile": "Dockerfile",
    "django": "Django settings",
    "kubernetes": "Kubernetes",
    "procfile": "Procfile",
    "markdown": "Markdown",
    "python": "Python",
    "makefile": "Makefile",
    "shell": "shell script",
    "uwsgi": "uWSGI",
}


def summary(result: Result, shown: Sequence[Finding], verbose: bool = False) -> list[str]:
    """The lines below the findings. `shown` are the findings of the result that the report tells."""
    lines = [_read(result.files), *_partly(result.files, verbose), _left_open(result, verbose)]
    if verbose:
        lines += _undecided(result.undecided)
    return [line for line in [*lines, _found(result, shown), _hidden(result.findings, shown)] if line]


def _read(files: Sequence[FileReport]) -> str:
    kinds = Counter(_KINDS.get(file.kind, file.kind) for file in files if file.status in ("read", "partly"))
    if not kinds:
        return "Read no files: nothing here was recognised as part of a deployment."
    listed = ", ".join(f"{visible(kind)} {count}" for kind, count in kinds.most_common())
    return f"Read {_count(kinds.total(), 'file')}: {listed}."


def _partly(files: Sequence[FileReport], verbose: bool) -> Iterator[str]:
    for status, title in (("unreadable", "Could not read"), ("partly", "Read in part")):
        names = _names((file for file in files if file.status == status), verbose)
        if names:
            yield f"{title}: {names}."


def _left_open(result: Result, verbose: bool) -> str:
    templates = _names((file for file in result.files if file.status == "template"), verbose)
    left = [f"Not read: {templates}."] if templates else []
    if result.undecided:
        left.append(f"{_count(len(result.undecided), 'check')} undecided" + ("." if verbose else " (--verbose tells which)."))
    return " ".join(left)


def _names(files: Iterable[FileReport], verbose: bool) -> str:
    """`a.conf (Jinja template), b.yml and 4 more`."""
    names = [visible(f"{file.path} ({file.reason})" if file.reason else file.path) for file in files]
    if verbose or len(names) <= FEW:
        return ", ".join(names)
    return ", ".join(names[:FEW]) + f" and {len(names) - FEW} more (--verbose lists them)"


def _undecided(undecided: Iterable[Undecided]) -> Iterator[str]:
    """The open questions, grouped by what would have to be known."""
    groups: dict[str, list[Undecided]] = {}
    for question in undecided:
        groups.setdefault(question.about or question.why, []).append(question)
    for group in groups.values():
        places = dict.fromkeys(f"{question.rule} ({visible(str(question.span))})" for question in group)
        yield f"  {visible(group[0].why)}: {', '.join(places)}"


def _found(result: Result, shown: Sequence[Finding]) -> str:
    silenced = {name: count for name, count in result.suppressed.items() if count}
    parts = [f"Found {_severities(shown)}" if shown else "Found nothing to complain about", *_fixable(shown)]
    if silenced:
        listed = ", ".join(f"{count} {name}" for name, count in silenced.items())
        parts.append(f"; {sum(silenced.values())} suppressed ({listed})")
    if result.mended:
        parts.append(f"; {result.mended} of the baseline no longer there")
    return "".join(parts) + "."


def _severities(shown: Sequence[Finding]) -> str:
    counts = Counter(finding.severity for finding in shown)
    listed = [_count(counts[severity], str(severity)) for severity in sorted(counts, reverse=True) if severity]
    if counts[Severity.INFO]:
        listed.append(f"{counts[Severity.INFO]} for information")
    return ", ".join(listed)


def _fixable(shown: Iterable[Finding]) -> Iterator[str]:
    safe = Counter(finding.fix.safe for finding in shown if finding.fix)
    if safe.total():
        how = "--fix" if not safe[False] else "--fix --unsafe" if not safe[True] else f"--fix, {safe[False]} with --unsafe"
        yield f" ({safe.total()} fixable with {how})" if len(list(shown)) > 1 else f" (fixable with {how})"


def _hidden(findings: Sequence[Finding], shown: Sequence[Finding]) -> str:
    """How many findings the options keep from being shown."""
    told = {id(finding) for finding in shown}
    hidden = Counter(finding.certainty for finding in findings if id(finding) not in told)
    parts = []
    if hidden[Certainty.POSSIBLE]:
        parts.append(f"{_count(hidden[Certainty.POSSIBLE], 'possible finding')} (--possible)")
    if hidden[Certainty.CERTAIN]:
        parts.append(f"{hidden[Certainty.CERTAIN]} below --min-severity")
    return f"Not shown: {', '.join(parts)}." if parts else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
