"""Explanations and lists of rules."""

import json
from pathlib import Path
from textwrap import dedent

from serveaudit import builtin
from serveaudit.cards import Card
from serveaudit.report import explain, text

FIELDS = {
    "summary": "nginx stops waiting before the worker's own timeout",
    "severity": [{"error": 'app.framework == "django"'}, "warning"],
    "why": "The client sees 504.\n\nThe worker goes on.\n",
    "unless": {"the location only carries websockets": "route.only_websockets"},
    "fix": {"title": "wait longer", "safety": "unsafe", "because": "clients will wait"},
    "proof": "tests/proofs/test_timeouts.py::test_it",
    "references": ["https://nginx.org/en/docs/"],
    "examples": [
        {"name": "fine", "silent": "x", "files": {"a": "b"}},
        {"name": "sixty against 120", "files": {"nginx.conf": "a;\n\nb;  # finding\n"}, "fixed": {"nginx.conf": "c;\n"}},
    ],
}
CARD = Card("proxy-gives-up-first", "timeouts", Path(), FIELDS)
PROOFS = {"tests/proofs/test_timeouts.py::test_it": {"seen": "2026-11-25", "on": {"gunicorn": "27.0.1", "nginx": "1.22.1"}}}


def test_a_card_is_explained_as_a_page() -> None:
    assert text.plain(explain.render(CARD, PROOFS)) == dedent("""\
        proxy-gives-up-first  timeouts
        nginx stops waiting before the worker's own timeout

        Severity
          error if app.framework == "django"
          warning otherwise

        Why
          The client sees 504.

          The worker goes on.

        Silent when
          - the location only carries websockets

        Example
          sixty against 120:
            nginx.conf
              a;

              b;  # finding
          mended:
            nginx.conf
              c;

        Fix
          wait longer (unsafe, because clients will wait)

        Seen
          on gunicorn 27.0.1 and nginx 1.22.1, 2026-11-25 (tests/proofs/test_timeouts.py::test_it)

        References
          https://nginx.org/en/docs/
    """)


def test_what_no_proof_has_seen_is_not_claimed() -> None:
    assert "Seen" not in text.plain(explain.render(CARD, {}))
    small = Card("x", "y", Path(), {"summary": "s", "severity": "info", "examples": []})
    assert text.plain(explain.render(small, {})) == "x  y\ns\n\nSeverity\n  info\n"


def test_rules_are_listed_by_category() -> None:
    others = [
        Card("b", "tls", Path(), {"summary": "bad", "severity": "info"}),
        Card("a", "tls", Path(), {"summary": "x", "severity": "error"}),
    ]
    assert text.plain(explain.listing([*others, CARD])) == dedent("""\
        timeouts
          proxy-gives-up-first  error    nginx stops waiting before the worker's own timeout

        tls
          a  error    x
          b  info     bad
    """)
    assert json.loads(explain.listing_json([CARD])) == {
        "version": 1,
        "rules": [
            {
                "rule": "proxy-gives-up-first",
                "category": "timeouts",
                "severities": ["error", "warning"],
                "summary": "nginx stops waiting before the worker's own timeout",
            }
        ],
    }


def test_rules_about_the_audit_itself_can_be_explained() -> None:
    for card in builtin.CARDS:
        page = text.plain(explain.render(card, {}))
        assert all(f"\n{title}\n" in page for title in ("Severity", "Why", "Silent when", "Example"))
