"""nginx's directives, release by release."""

import pytest

from nginx_texts import http
from serveaudit.programs.nginx.facts import facts
from serveaudit.values import Value


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("proxy_http_version", (("", "1.0"), ("1.29.7", "1.1"))),
        ("keepalive", (("", None), ("1.29.7", "32 local"))),
        ("keepalive_requests", (("", "100"), ("1.19.10", "1000"))),
        (
            "ssl_protocols",
            (("", "TLSv1 TLSv1.1 TLSv1.2"), ("1.23.4", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"), ("1.27.3", "TLSv1.2 TLSv1.3")),
        ),
        ("proxy_read_timeout", (("", "60s"),)),
    ],
)
def test_a_default_is_that_of_the_release(name: str, defaults: tuple[tuple[str, str | None], ...]) -> None:
    assert facts().directives[name].defaults == defaults


@pytest.mark.parametrize(("version", "takes"), [("1.28.0", ["1"]), ("1.29.7", ["1 2"]), ("1.29", ["1", "1 2"])])
def test_a_directive_takes_what_its_release_takes(version: str, takes: list[str]) -> None:
    known = facts().directives["keepalive"].at(Value(version))
    assert [form.takes for each in known for form in each.forms] == takes


@pytest.mark.parametrize(
    ("version", "text", "wrong"),
    [
        ("1.24.0", "server { http2 on; }", [("http2", "later")]),
        ("1.25.1", "server { http2 on; }", []),
        ("1.25", "server { http2 on; }", []),
        (None, "server { http2 on; }", []),
        ("1.29.2", "add_header_inherit merge;", [("add_header_inherit", "later")]),
        ("1.29.6", "upstream u { server a; keepalive 8 local; }", [("keepalive", "count")]),
        ("1.29.7", "upstream u { server a; keepalive 8 local; }", []),
        ("1.27.2", "upstream u { server a; resolver 127.0.0.1; }", [("resolver", "context")]),
        ("1.27.3", "upstream u { server a; resolver 127.0.0.1; }", []),
    ],
)
def test_a_release_refuses_what_it_does_not_have_yet(version: str | None, text: str, wrong: list[tuple[str, str]]) -> None:
    assert [(found.directive.name, found.kind) for found in http(text, version).misuses] == wrong
