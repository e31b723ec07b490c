"""nginx's regular expressions (PCRE) as Python's, as far as the two agree, and never for long."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import Any

from serveaudit.values import Unknown

LONGEST = 1000
MOST_STEPS = 2_000_000
"""Rough bound on the steps of one match; a pattern that may need more is not tried."""

_POSIX = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
}
_ONLY_PCRE = re.compile(r"\\[KRXpPGCN]|\(\?[|R&0-9+]|\(\*|\\g|\(\?P?>|\\Q")
_TRANSLATED = re.compile(r"\\z|\\h|\(\?<(?=[A-Za-z_])|\(\?'(\w+)'|\[:(\w+):\]|\\.", re.DOTALL)


def matches(pattern: str, text: str, ignore_case: bool = False) -> re.Match[str] | Unknown | None:
    """Where the pattern is found in the text; None: nowhere; Unknown where that can't be judged."""
    compiled = compiled_pattern(pattern, ignore_case)
    if isinstance(compiled, Unknown):
        return compiled
    if steps(pattern, len(text)) > MOST_STEPS:
        return Unknown(f"the regular expression {pattern[:40]} may take too long", "regex")
    return compiled.search(text)


@cache
def compiled_pattern(pattern: str, ignore_case: bool = False) -> re.Pattern[str] | Unknown:
    """The Python pattern, or why there is none."""
    if len(pattern) > LONGEST or _ONLY_PCRE.search(pattern):
        return Unknown(f"the regular expression {pattern[:40]} is not judged", "regex")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(_TRANSLATED.sub(_translate, pattern), re.ASCII | (re.IGNORECASE if ignore_case else 0))
    except (re.error, RecursionError, OverflowError):
        return Unknown(f"the regular expression {pattern[:40]} is not judged", "regex")


def group_names(pattern: str) -> list[str]:
    """The names of the pattern's groups: `(?<id>…)`, `(?P<id>…)`, `(?'id'…)`."""
    return [found[1] or found[2] for found in re.finditer(r"\(\?P?<([A-Za-z_]\w*)>|\(\?'(\w+)'", pattern)]


def group_count(pattern: str) -> int | None:
    """How many groups the pattern captures; None where that can't be judged."""
    compiled = compiled_pattern(pattern)
    return None if isinstance(compiled, Unknown) else compiled.groups


def steps(pattern: str, length: int) -> float:
    """A rough upper bound of the steps that a match on a text of this length may take: a power of the length for each unbounded
    repeat beside another, exponential for one inside of another."""
    tree = parsed(pattern)
    if tree is None:
        return float("inf")
    repeats = _unbounded(tree)
    return float("inf") if repeats > 20 else float(max(length, 1)) ** (repeats + 1) if repeats else float(length)


_parser: Any = re._parser  # type: ignore[attr-defined]
ENDLESS: Any = _parser.MAXREPEAT
"""How often a repeat without an upper bound may be taken."""


@cache
def parsed(pattern: str) -> Any | None:
    """The pattern as Python's own parser takes it apart; None for one that is not judged."""
    if len(pattern) > LONGEST or _ONLY_PCRE.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parser.parse(_TRANSLATED.sub(_translate, pattern), re.ASCII)
    except (re.error, RecursionError, OverflowError):
        return None


def _unbounded(tree: Any) -> int:
    """How many unbounded repeats can share the work of a match; very many where one is inside of another that may stretch over
    the same text."""
    total = 0
    for operator, argument in tree:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            inside = _unbounded(argument[2])
            endless = argument[1] is ENDLESS or argument[1] > 30
            total += 100 if endless and inside else inside + endless
        elif name == "SUBPATTERN":
            total += _unbounded(argument[3])
        elif name == "BRANCH":
            total += max(map(_unbounded, argument[1]))
        elif name in ("ASSERT", "ASSERT_NOT"):
            total += _unbounded(argument[1])
    return total


def _translate(found: re.Match[str]) -> str:
    if found[0] == r"\z":
        return r"\Z"
    if found[0] == r"\Z":
        return r"(?=\n?\Z)"
    if found[0] == r"\h":
        return r"[ \t]"
    if found[1]:
        return f"(?P<{found[1]}>"
    if found[2]:
        return _POSIX.get(found[2], found[0])
    return "(?P<" if found[0] == "(?<" else found[0]
