"""What clients put into nginx's texts, and what its patterns match."""

import pytest

from nginx_texts import http
from serveaudit.programs.nginx.alphabets import WORD, of_group
from serveaudit.programs.nginx.ambiguity import exponential
from serveaudit.programs.nginx.captures import nonexistent
from serveaudit.programs.nginx.newlines import injections
from serveaudit.programs.nginx.origins import foreign_match, never_sent
from serveaudit.programs.nginx.patterns import patterns
from serveaudit.programs.nginx.upstream_choice import chosen_by_client


@pytest.mark.parametrize(
    ("pattern", "group", "letters"),
    [
        ("^/(.*)$", 1, "\r /?#%.:@" + WORD),
        ("^/([^/]+)/", 1, "\n\r ?#%.:@" + WORD),
        ("^/(de|fr)/", 1, ""),
        ("^/([a-z]+)/([0-9.]+)$", 2, "." + WORD),
        ("^/(?<name>\\w{2})$", "name", ""),
        ("^/(?<name>\\w+)$", "name", WORD),
    ],
)
def test_which_characters_a_group_may_hold(pattern: str, group: int | str, letters: str) -> None:
    assert of_group(pattern, group) == frozenset(letters)


def test_of_a_group_that_is_not_there_or_not_judged_nothing_is_said() -> None:
    assert of_group("^/(.*)$", 2) is None
    assert of_group("(?|a(b)|c(d))", 1) is None


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("location / { return 301 https://$host$uri; }", ["$uri"]),
        ("location = /x { return 301 $uri/; }", []),
        ("location ~ ^/([^x]*)$ { return 301 /y/$1; }", ["$1"]),
        ("location ~ ^/([^x]*)$ { if ($args ~ (.*)) { return 301 /y/$1; } }", []),
        ("location ~ ^/([^x]*)$ { rewrite ^/a/(\\d+)$ /b; return 301 /y/$1; }", []),
        ("location / { set $a $document_uri; set $b $a; add_header X-B $b; }", ["$b"]),
        ("location / { set $a $a; add_header X-A $a; }", []),
        ("location / { return 200 $uri; }", []),
        ("location / { proxy_set_header X-A $arg_a; proxy_pass http://a; }", []),
        ("location / { rewrite ^/(?<rest>[^x]*)$ https://b/$rest redirect; }", ["$rest"]),
        ("location / { rewrite ^/([^x]*)$ https://b/$1 redirect; rewrite ^/([^x]*)$ /c/$1 last; }", []),
    ],
)
def test_where_a_newline_ends_a_header(location: str, found: list[str]) -> None:
    config = http(f"server {{ {location} }}")
    assert [one.input.name for one in injections(config.http.scope, config.variables)] == found


def test_a_set_that_is_not_in_force_here_says_nothing() -> None:
    config = http("server { location /a { set $x $uri; } location /b { add_header X $x; } }")
    assert list(injections(config.http.scope, config.variables)) == []


@pytest.mark.parametrize(
    ("passes", "found"),
    [
        ("proxy_pass http://$arg_host;", ["$arg_host"]),
        ("proxy_pass http://app.$http_x;", ["$http_x"]),
        ("proxy_pass http://app$request_uri;", []),
        ("proxy_pass http://app:8000/$arg_path;", []),
        ("proxy_pass $http_x_scheme://app;", ["$http_x_scheme"]),
        ("proxy_pass http://unix:/run/$arg_a.sock:;", []),
        ("set $to http://app; proxy_pass $to$uri;", []),
        ("set $to $cookie_host; proxy_pass http://$to:8000;", ["$cookie_host"]),
        ("proxy_pass http://$chosen;", ["$arg_a"]),
        ("proxy_pass http://$listed;", []),
        ("uwsgi_pass $arg_a;", ["$arg_a"]),
    ],
)
def test_by_what_clients_choose_the_upstream(passes: str, found: list[str]) -> None:
    tables = "map $host $chosen { default app; a $arg_a; } map $arg_a $listed { default app; ~^x(.*)$ app2; }"
    config = http(f"{tables} server {{ location / {{ {passes} }} }}")
    scope = config.sites[0].locations[0].scope
    told = [
        one
        for name in ("proxy_pass", "uwsgi_pass")
        for line in scope.own(name)
        for one in chosen_by_client(line, scope, config.variables)
    ]
    assert [one.name for one in told] == found


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [
        ("^/(a+)+$", True),
        ("^/(a+)+", False),
        ("^/((ab)+)+/x$", True),
        ("^/(.|x)+/y$", True),
        ("^/(\\w+/)+x$", False),
        ("^/([0-9]{1,3})+$", True),
        ("^/([0-9]{4})+$", False),
        ("^/(a|ab)+$", False),
        ("^/(.*)/(.*)/(.*)$", False),
        ("^/(?=(a+)+$)x", False),
        ("(" * 80 + "a+" + ")+" * 80 + "$", True),
        ("(", False),
    ],
)
def test_which_patterns_take_exponential_time(pattern: str, slow: bool) -> None:
    assert exponential(pattern) is slow


@pytest.mark.parametrize(
    ("condition", "foreign"),
    [
        ('$http_origin ~ "^https://a\\.example\\.com$"', None),
        ('$http_origin ~ "^https://a\\.example\\.com"', "https://a.example.com.evil.test"),
        ('$http_origin ~* "example\\.com$"', "https://evilexample.com"),
        ('$http_origin ~ "^https://a.example\\.com$"', "https://axexample.com"),
        ('$http_origin ~ "^https://example.com$"', None),
        ('$http_referer !~ "https://a\\.example\\.com/"', "https://evil.test/https://a.example.com/"),
        ('$http_origin ~ "^https?://[^/]+$"', None),
        ('$http_user_agent ~ "example.com"', None),
    ],
)
def test_which_foreign_sites_a_check_lets_in(condition: str, foreign: str | None) -> None:
    config = http(f"server {{ if ({condition}) {{ return 403; }} }}")
    assert [foreign_match(pattern) for pattern in patterns(config.http.scope)] == [foreign]


def test_an_origin_has_no_path() -> None:
    config = http(
        "map $http_origin $a { ~^https://a\\.example/ 1; ~^https://a\\.example$ 1; } map $http_referer $b { ~^https://a/ 1; }"
    )
    assert [never_sent(pattern) for pattern in patterns(config.http.scope)] == [True, False, False]


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("rewrite ^/a$ /b/$1;", ["1"]),
        ("rewrite ^/(a)$ /b/$1$2;", ["2"]),
        ("server_name ~^(.+)\\.example$; root /srv/$1;", []),
        ("server_name example.com; root /srv/$1;", ["1"]),
        ("location ~ ^/(a)$ { alias /srv/$1; }", []),
        ("location ~ ^/(a)$ { location ~ ^/a$ { alias /srv/$1; } }", ["1"]),
        ("location / { if ($uri ~ (x)) { set $a $1; } }", []),
    ],
)
def test_groups_that_no_pattern_has(server: str, found: list[str]) -> None:
    assert [usage.name for usage, _ in nonexistent(http(f"server {{ {server} }}").variables)] == found
