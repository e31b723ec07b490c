"""Findings made by hand, from texts in which the places are marked."""

from __future__ import annotations

from typing import Any

from serveaudit.finding import Certainty, FileReport, Finding, Location, Severity, Undecided
from serveaudit.fingerprint import stamp
from serveaudit.report.frame import Page, message
from serveaudit.report.text import plain
from serveaudit.result import Result
from serveaudit.source import SourceFile

NGINX = SourceFile(
    "deploy/nginx.conf", "\n" * 12 + "        proxy_pass http://app;\n        proxy_read_timeout 30s;\n        more on;\n"
)
GUNICORN = SourceFile("gunicorn.conf.py", '\n\n\nbind = "127.0.0.1:8000"\n\n\ntimeout = 120\n')


def at(source: SourceFile, text: str, label: str = "", role: Any = "related") -> Location:
    """The first place of a text in a source."""
    start = source.text.index(text)
    return Location(source.span(start, start + len(text)), label, role)


def finding(*locations: Location, **changed: Any) -> Finding:
    """A finding at these places; the first one is its primary."""
    first, *others = locations
    told: dict[str, Any] = {
        "rule": "a-rule",
        "category": "timeouts",
        "severity": Severity.WARNING,
        "certainty": Certainty.CERTAIN,
        "message": "it will hurt",
        "symbol": "here",
    }
    return Finding(locations=(Location(first.span, first.label, "primary"), *others), **(told | changed))


GIVES_UP = finding(
    at(NGINX, "proxy_read_timeout 30s", "nginx answers 504 after 30 s without a byte"),
    at(GUNICORN, "timeout = 120", "a sync worker may stay on one request for 120 s"),
    at(NGINX, "proxy_pass http://app", "goes to 127.0.0.1:8000 (upstream app, line 4)"),
    at(GUNICORN, 'bind = "127.0.0.1:8000"', "this app listens on 127.0.0.1:8000"),
    rule="proxy-gives-up-first",
    message="nginx gives up on this app 90 s before gunicorn does",
    help=(
        "note: requests slower than 30 s fail for the client but keep a worker busy",
        "raise proxy_read_timeout to 125s, or lower gunicorn's timeout to 25",
    ),
)


def result(*findings: Finding, **changed: Any) -> Result:
    """A result with these findings, four read files, a template and three open questions."""
    found = Result(
        findings=stamp(findings),
        undecided=[
            Undecided("idle-connection-reset", NGINX.line_span(13), "the keep-alive time depends on $KEEP", "$KEEP"),
            Undecided("proxy-gives-up-first", NGINX.line_span(14), "the timeout depends on $KEEP", "$KEEP"),
            Undecided("old-tls-protocols", NGINX.line_span(1), "include tls.conf was not found"),
        ],
        files=[
            FileReport("deploy/nginx.conf", "nginx", "read"),
            FileReport("gunicorn.conf.py", "gunicorn", "read"),
            FileReport("Dockerfile", "dockerfile", "read"),
            FileReport("compose.yml", "compose", "partly", "!reset is not understood"),
            FileReport("deploy/site.conf.j2", "nginx", "template", "Jinja template"),
        ],
    )
    found.suppressed.update({"inline": 1, "baseline": 1})
    for name, value in changed.items():
        setattr(found, name, value)
    return found


def drawn(one: Finding, **page: Any) -> str:
    """A finding as the text report draws it."""
    return plain(message(one, Page(**page)))
