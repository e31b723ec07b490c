"""What the user does not want to hear again: comments in the audited files, and `per-file-ignores`.

`# serveaudit: ignore[rule-name] reason` holds for its own line or, alone on a line, for the next one, and for the whole block
that begins there. It is honoured at any location of a finding. A block is told by brackets, indentation, continuation,
`[section]` and fences, the same way in every syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from serveaudit.config import Config
from serveaudit.finding import Certainty, Finding, Location, Severity, Undecided
from serveaudit.source import SourceFile, Span
from serveaudit.suggest import hint

UNUSED = "unused-ignore"
CATEGORY = "validity"

_IGNORE = re.compile(
    r"(?:^|(?<=\s))(?:#|;|//|<!--)[ \t]*serveaudit:[ \t]*ignore\b[ \t]*(?:\[([^\]\n]*)\])?[^\n]*", re.MULTILINE
)
_COMMENT = re.compile(r"\s*(#|;|//|<!--)")
_NO_BRACKETS = re.compile(r"""\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:^|\s)\#.*""")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


@dataclass(slots=True)
class Ignore:
    """One comment: the names in it, the lines (from 1) for which it holds, and which of its names silenced something."""

    span: Span
    names: tuple[Span, ...]
    first: int
    last: int
    used: set[str] = field(default_factory=set)

    def covers(self, span: Span) -> bool:
        """Whether a place stands, at least in part, on these lines."""
        place = span.outermost
        end = place.source.position(max(place.start, place.end - 1)).line
        return place.path == self.span.path and place.line <= self.last and end >= self.first

    def silences(self, rule: str, category: str, spans: Iterable[Span]) -> bool:
        """Whether it names the rule or its category and covers one of the places; remembers that it was of use."""
        named = {name.text for name in self.names} & {rule, category}
        if not named or not any(self.covers(span) for span in spans):
            return False
        self.used |= named
        return True


def ignores(sources: Iterable[SourceFile]) -> list[Ignore]:
    """The comments in these files; views are left out, since what they show stands in the file as well."""
    return [
        ignore for source in sources if source.outer is None and "serveaudit:" in source.text for ignore in _ignores(source)
    ]


def by_comment(
    findings: Iterable[Finding], undecided: Iterable[Undecided], written: Sequence[Ignore], rules: Mapping[str, str]
) -> list[Finding]:
    """The findings that no comment silences. An ignore whose rule is undecided there counts as used.

    `rules` is every rule's category.
    """
    for question in undecided:
        for ignore in written:
            ignore.silences(question.rule, rules.get(question.rule, ""), [question.span])
    kept = []
    for finding in findings:
        spans = [location.span for location in finding.locations]
        if not [ignore for ignore in written if ignore.silences(finding.rule, finding.category, spans)]:
            kept.append(finding)
    return kept


def by_config(findings: Iterable[Finding], config: Config) -> list[Finding]:
    """The findings that `per-file-ignores` leaves, by the file of their primary location."""
    return [
        finding for finding in findings if not config.ignored_in(finding.primary.span.path) & {finding.rule, finding.category}
    ]


def unused(written: Iterable[Ignore], rules: Mapping[str, str], asked: Callable[[str, str], bool]) -> list[Finding]:
    """A finding for every name in a comment that silenced nothing, though its rule was asked, and for every unknown name.
    To be called after `by_comment`."""
    categories = set(rules.values())
    found = []
    for ignore in written:
        if not ignore.names:
            found.append(_finding(ignore.span, "", "an ignore has to name rules: ignore[rule-name]"))
        for name in ignore.names:
            why = _why(name.text, ignore, rules, categories, asked)
            if why:
                found.append(_finding(name, name.text, why))
    return found


def _why(name: str, ignore: Ignore, rules: Mapping[str, str], categories: set[str], asked: Callable[[str, str], bool]) -> str:
    """Why a name in a comment does nothing; empty when it does, or may."""
    if name not in rules and name not in categories:
        return f"there is no rule '{name}' to ignore" + hint(name, [*rules, *categories])
    members = {rule: category for rule, category in rules.items() if name in (rule, category)}
    if name in ignore.used or name == UNUSED or not all(asked(rule, category) for rule, category in members.items()):
        return ""
    return f"nothing to ignore here: {name} has no finding"


def _finding(span: Span, name: str, message: str) -> Finding:
    location = Location(span, "this ignore does nothing", "primary")
    return Finding(UNUSED, CATEGORY, Severity.INFO, Certainty.CERTAIN, message, (location,), f"ignore[{name}]")


def _ignores(source: SourceFile) -> Iterator[Ignore]:
    lines = source.text.split("\n")
    closing = _closing_lines(lines)
    for match in _IGNORE.finditer(source.text):
        at = source.position(match.start()).line - 1
        head = _head(lines, at, alone=_COMMENT.match(lines[at]) is not None, markup=match[0].startswith("<!--"))
        last = max(closing.get(head, head), _continued(lines, head), _indented(lines, head), _section(lines, head))
        names = () if match[1] is None else tuple(_names(source, match.start(1), match[1]))
        yield Ignore(source.span(match.start(), match.end()), names, min(at, head) + 1, last + 1)


def _names(source: SourceFile, start: int, listed: str) -> Iterator[Span]:
    for name in re.finditer(r"[^\s,]+", listed):
        yield source.span(start + name.start(), start + name.end())


def _head(lines: Sequence[str], at: int, alone: bool, markup: bool) -> int:
    """The line for which a comment is meant: its own or, for one that stands alone, the next that is no comment."""
    if not alone:
        return at
    head = at + 1
    while head < len(lines) and (_COMMENT.match(lines[head]) or (markup and not lines[head].strip())):
        head += 1
    return min(head, len(lines) - 1)


def _closing_lines(lines: Sequence[str]) -> dict[int, int]:
    """For each line that opens brackets: the line at which the last of them is closed. What is never closed is left out."""
    opened: list[int] = []
    closing: dict[int, int] = {}
    for number, line in enumerate(lines):
        for bracket in re.findall(r"[\[\](){}]", _NO_BRACKETS.sub("", line)):
            if bracket in "[({":
                opened.append(number)
            elif opened:
                closing[opened.pop()] = number
    return closing


def _continued(lines: Sequence[str], head: int) -> int:
    """The last line of a command that goes on with backslashes."""
    while head + 1 < len(lines) and (lines[head].rstrip().endswith("\\") or (lines[head].lstrip()[:1] == "#")):
        head += 1
    return head


def _indented(lines: Sequence[str], head: int) -> int:
    """The last line that stands deeper than the head, or in its list: YAML allows `key:` and `- item` at the same depth."""
    depth = _depth(lines[head])
    listed = lines[head].split(" #")[0].rstrip().endswith(":")
    last = head
    for number in range(head + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        if _depth(line) <= depth and not (listed and _depth(line) == depth and line.lstrip().startswith("- ")):
            break
        last = number
    return last


def _section(lines: Sequence[str], head: int) -> int:
    """The last line of the `[section]` or of the fence that begins here."""
    fence = _FENCE.match(lines[head])
    if fence:
        ends = (number for number in range(head + 1, len(lines)) if lines[number].strip().startswith(fence[1]))
        return next(ends, head)
    if not re.match(r"\[[^\]]+\]\s*([#;]|$)", lines[head]):
        return head
    ends = (number for number in range(head + 1, len(lines)) if lines[number].startswith("["))
    return next(ends, len(lines)) - 1


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
