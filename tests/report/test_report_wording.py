"""Values as data: what is known in part is told."""

from serveaudit.report.wording import data
from serveaudit.values import Branch, Range, Unknown, Value


def test_alternatives_are_told_with_their_choices() -> None:
    unset, given = Value(30), Value(Unknown(".env is not in the repository"))
    found = data("timeout", Value(Branch("$T is set", (("$T is set", given), ("$T is not set", unset)))))
    assert (found["value"], found["known"]) == (None, False)
    assert found["alternatives"] == [
        {"if": ["$T is set"], "value": None, "known": False, "why": ".env is not in the repository"},
        {"if": ["$T is not set"], "value": 30, "known": True},
    ]


def test_a_range_is_told_by_its_ends() -> None:
    assert data("workers", Value(Range(2)))["between"] == [2, None]
    assert "between" not in data("workers", Value(Unknown("no more is known")))
