"""Directives that nginx refuses where they stand."""

import pytest

from nginx_texts import config, http


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("server { proxy_pass http://a; }", [("proxy_pass", "context")]),
        ("upstream u { server a; proxy_buffering on; }", [("proxy_buffering", "context")]),
        ("server { location / { alias /a; } }", []),
        ("server { location / { if ($a) { proxy_pass http://a; } } }", []),
        ("server { location / { if ($a) { proxy_buffering off; } } }", [("proxy_buffering", "context")]),
        ("server { location / { proxy_read_timeout 5s 6s; } }", [("proxy_read_timeout", "count")]),
        ("server { location / { proxy_set_header Host; } }", [("proxy_set_header", "count")]),
        ("server { location / { proxy_read_timeout {{ t }} {{ u }}; } }", []),
        ("server { location / ; }", [("location", "block")]),
        ("server { gzip { } }", [("gzip", "block")]),
        ("server { root /a; root /b; }", [("root", "twice")]),
        ("server { location / { proxy_pass http://a; proxy_pass http://b; } }", [("proxy_pass", "twice")]),
        (
            "server { listen 80; listen 81; add_header A 1; add_header A 1; server_name a; server_name b; }",
            [],
        ),
        ("server {\n{% if a %}\nroot /a;\n{% else %}\nroot /b;\n{% endif %}\n}", []),
        ("map $host $a { default x; default y; root z; }", []),
        ("server { proxi_pass a; }", [("proxi_pass", "unknown")]),
        ("types { text/html html; } gzip_types a b; split_clients $a $b { 5% x; * y; }", []),
    ],
)
def test_what_is_wrong_in_its_block(text: str, wrong: list[tuple[str, str]]) -> None:
    assert [(found.directive.name, found.kind) for found in http(text).misuses] == wrong


def test_a_directive_that_is_given_twice_tells_both_places() -> None:
    found = http("server {\nroot /a;\nroot /b;\n}").misuses[0]
    assert found.other is not None
    assert (found.directive.head.line, found.other.head.line) == (5, 4)


def test_what_a_fragment_s_unseen_surroundings_allow_is_not_judged() -> None:
    assert config("proxy_pass http://a;\nserver { proxy_pass http://a; location / { } }").misuses == []
    assert [found.directive.name for found in config("daemon off;\nserver { worker_processes 1; }").misuses] == [
        "worker_processes"
    ]
