"""Locations and rules that requests never come to, and shapes of published faults."""

import pytest

from nginx_texts import http, location, site
from serveaudit.programs.nginx.access import answers_before_access
from serveaudit.programs.nginx.decisions import never_equal
from serveaudit.programs.nginx.memory_bugs import OVERLAP, REWRITE, shapes
from serveaudit.programs.nginx.rivals import rivals
from serveaudit.programs.nginx.shadowing import refused, shadowed
from serveaudit.values import Branch, Value


@pytest.mark.parametrize(
    ("locations", "found"),
    [
        ("location /a {} location /a {}", [("/a", "/a")]),
        ("location /a {} location = /a {}", []),
        ("location ~ ^/a {} location /ab {} location ~ ^/ab {}", [("/ab", "~ ^/a"), ("~ ^/ab", "~ ^/a")]),
        ("location ^~ /a/ {} location ~ ^/a/b {}", [("~ ^/a/b", "^~ /a/")]),
        ("location ^~ /a/ {} location /a/b/ {} location ~ ^/a/.*b {}", []),
        ("location ~ ^/a\\.b/(.*)$ {} location /a.b/c {}", [("/a.b/c", "~ ^/a\\.b/(.*)$")]),
        ("location ~ ^/a/x {} location /a/ {}", []),
        ("location ~* ^/A {} location /ab {} location ^~ /ac {}", [("/ab", "~* ^/A")]),
        ("location / { location ~ x {} location ~ x {} }", [("~ x", "~ x")]),
    ],
)
def test_locations_that_others_take_everything_from(locations: str, found: list[tuple[str, str]]) -> None:
    assert [(one.label, other.label) for one, other in shadowed(site(locations))] == found


def test_only_of_two_plain_locations_nginx_refuses_one() -> None:
    told = [
        refused(one, other) for one, other in shadowed(site("location /a {} location /a {} location ~ x {} location ~ x {}"))
    ]
    assert told == [True, False]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("deny all; return 200 x;", True),
        ("deny all; return 403;", False),
        ("deny all; return 301 /x;", False),
        ("deny all; if ($a) { return 200 x; }", True),
        ("return 200 x;", False),
    ],
)
def test_what_answers_before_addresses_are_looked_at(text: str, answers: bool) -> None:
    assert (answers_before_access(location(text).scope) is not None) is answers


@pytest.mark.parametrize(
    ("table", "condition", "found"),
    [
        ("geo $a { 10.0.0.0/8 1; }", "$a = 0", ["0"]),
        ("geo $a { default 0; 10.0.0.0/8 1; }", "$a = 0", []),
        ("map $host $a { x 1; y 2; }", "$a = 2", []),
        ("map $host $a { x $uri; }", "$a = 2", []),
        ("map $host $a { x 1; }", "$a", []),
        ("map $host $a { include a.map; x 1; }", "$a = 0", []),
    ],
)
def test_comparisons_that_never_hold(table: str, condition: str, found: list[str]) -> None:
    config = http(f"{table} server {{ if ({condition}) {{ return 403; }} }}")
    assert [one.text for one in never_equal(config.http.scope, config.variables)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rewrite ^/(.*)$ /x?$1 last; set $a b;", ["CVE-2026-42945"]),
        ("rewrite ^/(.*)$ /x?$1 last;", []),
        ("rewrite ^/(?<a>.*)$ /x?$a last; set $b c;", []),
        ("rewrite ^/((a)b)$ https://c/$1$2 permanent;", ["CVE-2026-9256"]),
        ("rewrite ^/(a)(b)$ https://c/$1$2 permanent;", []),
    ],
)
def test_shapes_by_which_faults_are_reached(text: str, found: list[str]) -> None:
    config = http(f"server {{ {text} }}")
    assert [shape.fault.name for shape in shapes(config.http.scope, config.variables)] == found


@pytest.mark.parametrize(
    ("version", "open_"), [("1.22.1", True), ("1.30.2", False), ("1.31.0", True), ("1.31.1", False), ("1.33.0", False)]
)
def test_which_releases_have_a_fault(version: str, open_: bool) -> None:
    assert OVERLAP.open_in(Value(version)).x is open_
    assert isinstance(OVERLAP.open_in(Value(None)).x, Branch)
    assert REWRITE.open_in(Value("1.31.0")).x is False


def test_listeners_that_refuse_each_other() -> None:
    config = http(
        "server { listen 80 default_server; listen [::]:80 default_server; }\n"
        "server { listen *:80 default_server; listen 8080; listen 8080; }"
    )
    assert [(found.directive.head.text, found.other and found.other.head.text) for found in rivals(config)] == [
        ("listen *:80 default_server", "listen 80 default_server"),
        ("listen 8080", "listen 8080"),
    ]
