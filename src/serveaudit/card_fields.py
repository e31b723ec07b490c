"""The fields of a rule card, and whether a card has them as it should."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from serveaudit.suggest import hint

Keys = tuple[str | int, ...]
"""The way to a value in a card: ("examples", 0, "name")."""

TEXT, TEXTS, LIST, MAPPING = "text", "text or a list of texts", "a list of texts", "a mapping of texts"
FIELDS: Mapping[str, str] = {
    "summary": TEXT,
    "severity": "a severity, or a list of cases",
    "for": TEXT,
    "let": MAPPING,
    "when": TEXTS,
    "unless": MAPPING,
    "at": TEXT,
    "message": TEXT,
    "labels": MAPPING,
    "replaces": LIST,
    "needs": TEXT,
    "fix": "a mapping",
    "help": TEXTS,
    "why": TEXT,
    "references": LIST,
    "proof": TEXTS,
    "star": TEXT,
    "examples": "a list of examples",
}
REQUIRED = ("summary", "severity", "for", "when", "message")
SEVERITIES = ("error", "warning", "info")
VERBS = ("set", "add", "remove", "rename", "replace")
FIX_FIELDS: Mapping[str, str] = {
    "title": TEXT,
    "safety": TEXT,
    "because": TEXT,
    **dict.fromkeys(VERBS, MAPPING),
    "remove": TEXTS,
}
EXAMPLE_FIELDS: Mapping[str, str] = {"name": TEXT, "files": MAPPING, "silent": TEXT, "fixed": MAPPING, "certainty": TEXT}


class Misuse(ValueError):
    """Something wrong at one place of a card, before its file and line are known."""

    def __init__(self, keys: Keys, message: str) -> None:
        super().__init__(message)
        self.keys = keys
        self.message = message


def check_fields(name: str, fields: Any) -> None:
    """Raises Misuse for a field that is unknown, missing, or not of its kind."""
    if not isinstance(fields, dict):
        raise Misuse((), "a card is a mapping of fields")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise Misuse((), f"a rule is called by small letters and hyphens, not '{name}'")
    _check_fields(fields, FIELDS, ())
    for field in REQUIRED:
        if not fields.get(field):
            raise Misuse((field,), f"the field '{field}' is missing")
    _check_choice(fields, "needs", ("edge",), ())
    _check_choice(fields, "star", ("true", "false"), ())
    _check_severity(fields["severity"])
    fix = fields.get("fix", {})
    if not isinstance(fix, dict):
        raise Misuse(("fix",), "'fix' is a mapping")
    _check_fix(fix)
    _check_examples(fields.get("examples", []))


def _check_fields(given: Mapping[str, Any], known: Mapping[str, str], keys: Keys) -> None:
    for field, value in given.items():
        if field not in known:
            raise Misuse((*keys, field), f"unknown field '{field}'{hint(field, known)}")
        if not _is(value, known[field]):
            raise Misuse((*keys, field), f"'{field}' is {known[field]}")


def _is(value: Any, kind: str) -> bool:
    if kind == TEXT:
        return isinstance(value, str)
    if kind == MAPPING:
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if kind in (LIST, TEXTS):
        listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return listed or (kind == TEXTS and isinstance(value, str))
    return True


def _check_choice(given: Mapping[str, Any], field: str, choices: Iterable[str], keys: Keys) -> None:
    if field in given and given[field] not in choices:
        raise Misuse((*keys, field), f"'{field}' is {' or '.join(choices)}, not '{given[field]}'{hint(given[field], choices)}")


def _check_severity(given: Any) -> None:
    """`warning`, or cases with a severity for what is left: [{error: condition}, warning]."""
    *cases, last = given if isinstance(given, list) and given else [given]
    if not isinstance(last, str) or not all(isinstance(case, dict) and len(case) == 1 and _is(case, MAPPING) for case in cases):
        raise Misuse(("severity",), "'severity' is one severity, or cases ({error: condition}) and then one severity")
    for severity in (*(name for case in cases for name in case), last):
        if severity not in SEVERITIES:
            raise Misuse(("severity",), f"unknown severity '{severity}'{hint(severity, SEVERITIES)}")


def _check_fix(fix: Mapping[str, Any]) -> None:
    if not fix:
        return
    _check_fields(fix, FIX_FIELDS, ("fix",))
    _check_choice(fix, "safety", ("safe", "unsafe"), ("fix",))
    for field in ("title", "safety"):
        if field not in fix:
            raise Misuse(("fix",), f"'fix' has no '{field}'")
    if fix["safety"] == "unsafe" and not fix.get("because"):
        raise Misuse(("fix",), "an unsafe fix says because of what")
    if not any(fix.get(verb) for verb in VERBS):
        raise Misuse(("fix",), f"'fix' changes nothing: {', '.join(VERBS)}")


def _check_examples(examples: Any) -> None:
    if not isinstance(examples, list):
        raise Misuse(("examples",), "'examples' is a list")
    for index, example in enumerate(examples):
        keys: Keys = ("examples", index)
        if not isinstance(example, dict) or not example.get("name") or not example.get("files"):
            raise Misuse(keys, "an example has a 'name' and 'files'")
        _check_fields(example, EXAMPLE_FIELDS, keys)
        _check_choice(example, "certainty", ("certain", "possible"), keys)
