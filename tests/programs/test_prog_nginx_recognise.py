"""Files are told by their content."""

from collections.abc import Iterator

import pytest
from crossplane.analyzer import DIRECTIVES

from nginx_texts import config
from serveaudit.programs.nginx import Config, facts, looks_like
from serveaudit.source import SourceFile

NGINX = [
    ("events { }\nhttp { }", "whole"),
    ("user www-data;\nworker_processes auto;\nhttp {\n include conf.d/*;\n}\ndaemon off;", "whole"),
    ("stream { server { listen 1; proxy_pass a:1; } }", "whole"),
    ("server {\n listen 80;\n location / { proxy_pass http://a; }\n}", "fragment"),
    ("# ours\nupstream app {\n server a:80;\n}", "fragment"),
    ("map $http_upgrade $connection_upgrade {\n default upgrade;\n '' close;\n}", "fragment"),
    ("proxy_set_header Host $host;\nproxy_set_header X-Real-IP $remote_addr;", "snippet"),
    ("location /static/ {\n alias /srv/static/;\n}", "snippet"),
    ("{% if a %}\nserver {\n listen 443 ssl;\n}\n{% endif %}", "fragment"),
    ("server {\n listen NGINX_PORT;\n location / { uwsgi_pass unix:/u.sock; }", "fragment"),
    ("server\n{\n    listen 80;\n    server_name a;\n}", "fragment"),
    ("server {\n  listen 80\n  server_name a;\n", "fragment"),
]
OTHERS = [
    "",
    "<VirtualHost *:80>\n ServerName a\n ProxyPass / http://a/\n</VirtualHost>",
    "example.com {\n reverse_proxy localhost:8000\n}",
    "example.com {\n\treverse_proxy /api/* {\n\t\tto localhost:8000\n\t}\n}",
    "[program:web]\ncommand=gunicorn app\n[supervisord]\nnodaemon=true",
    "bind 127.0.0.1\nport 6379\nmaxmemory 1gb",
    "local server = { location = 1 };\nreturn server",
    'options {\n directory "/var";\n};\nzone "a" {\n type master;\n};',
    'server {\n  port = 8080;\n  host = "a";\n}',
    "int main(void) {\n  return 0;\n}",
    "events {\n  worker: 1\n}",
    "frontend http\n bind *:80\n default_backend app",
    "/var/log/nginx/*.log {\n daily;\n rotate 5;\n}",
    "service nginx {\n server 10.0.0.1;\n}",
    ".server { color: red; }\n#http { margin: 0; }",
    "import x\nserver = {\n 'location': 1,\n}",
]


@pytest.mark.parametrize(("text", "kind"), NGINX)
def test_what_is_nginx(text: str, kind: str) -> None:
    assert looks_like(SourceFile("x", text)) == kind


QUOTING = [
    'import pytest\n\nCONFIG = """\nserver {\n listen 80;\n location / { proxy_pass http://a; }\n}\n"""\n',
    "#!/bin/sh\ncat > /etc/nginx/conf.d/a.conf <<EOF\nserver {\n listen 80;\n}\nEOF\nnginx -g 'daemon off;'\n",
    "# How to\n\n```nginx\nserver {\n    listen 80;\n    location / { root /srv; }\n}\n```\n\nThat's it; reload.\n",
    "data:\n  default.conf: |\n    server {\n      listen 80;\n      server_name a;\n    }\n",
]


@pytest.mark.parametrize("text", QUOTING)
def test_texts_that_quote_a_configuration_are_none(text: str) -> None:
    assert looks_like(SourceFile("x", text)) is None


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_something_else(text: str) -> None:
    assert looks_like(SourceFile("nginx.conf", text)) is None


def test_a_long_file_is_told_by_its_beginning() -> None:
    text = "# x\n" * 10 + "http {\n" + "server {\n listen 80;\n}\n" * 5000 + "}\n"
    assert looks_like(SourceFile("x", text)) == "whole"


ODD = [
    "",
    "{",
    "http {",
    "server",
    "server { listen; server_name; location { } }",
    "map { }",
    "map a { b; }",
    "upstream { server; }",
    "http { http { } } http { }",
    "server { location / { proxy_pass; return; set; rewrite; add_header; proxy_set_header A; } }",
    "geo { }",
    "if",
    "server { if { } limit_except { } }",
    "include;",
    "server { proxy_pass http://; listen unix:; }",
    "a\x01b;",
    "limit_req_zone; limit_req; proxy_cache_path; server { limit_conn; error_page; try_files; } types; split_clients { }",
    f"server {{ listen {'9' * 5000}; proxy_read_timeout {'9' * 5000}; client_max_body_size {'9' * 4301}g; }}",
]


@pytest.mark.parametrize("text", ODD)
def test_no_configuration_is_too_odd(text: str) -> None:
    for whole in (text, f"http {{ {text} }}", f"http {{ server {{ location / {{ {text} }} }} }}"):
        assert all(answer is not None for answer in answers(config(whole)))


@pytest.mark.parametrize(
    "block", ["location / {", "if ($a) {", "limit_except GET {", "{% if a %}gzip on; {% endif %}location / {"]
)
def test_deep_blocks_are_no_recursion(block: str) -> None:
    inner = "location / {" if not block.startswith("{%") and "location" not in block else ""
    deep = f"server {{ {inner} {block * 1200} proxy_pass http://a; {'}' * 1200} {'}' if inner else ''} }}"
    assert all(answer is not None for answer in answers(config(deep)))


def answers(found: Config) -> Iterator[object]:
    """An answer to everything that can be asked."""
    yield from (found.complete, found.foreign, found.problems, found.zones, found.zone_uses, found.template, found.includes)
    yield found.variables.undefined
    for upstream in found.upstreams.values():
        yield from (upstream.members, upstream.keepalive, upstream.idle_timeout)
    for site in found.sites:
        yield from (site.tls, site.names, site.symbol, site.location_for("/x"))
        yield from map(found.default_for, site.listens)
        for location in [site.rest, *site.walk()]:
            yield from (location.target, location.idle_keepalive, location.read_timeout, location.handshake.upgrades)
            yield from (location.restricted, location.symbol, location.request_headers["Host"], location.response_headers["A"])
            yield from (location.size("client_max_body_size"), location.flag("gzip"), location.words("ssl_protocols"))
            yield location.handler


def test_a_server_block_of_streams_is_no_site() -> None:
    found = config("server { listen 5432; proxy_pass db:5432; }")
    assert (found.kind, found.sites) == ("snippet", [])


GONE = {"memcached_force_ranges", "sticky_cookie_insert"}
"""nginx's source and manual have neither any more."""


def test_the_table_has_every_directive_that_crossplane_knows() -> None:
    assert set(DIRECTIVES) - set(facts().directives) <= GONE


def test_the_table_knows_contexts_counts_and_lifetimes() -> None:
    known = facts().directives
    assert known["proxy_pass"].allowed_in("location/if")
    assert not known["proxy_pass"].allowed_in("server")
    assert known["ssl"].until == "1.25.1"
    assert known["add_header_inherit"].since == "1.29.3"
    assert known["location"].opens
    assert [form.fits(2) for form in known["server_name"].forms[:1]] == [True]
    assert known["js_import"].apart
