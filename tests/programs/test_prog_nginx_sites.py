"""Server blocks: where they listen, their names, and which location answers."""

import pytest

from nginx_texts import config, http, lines, shown, site
from serveaudit.programs.nginx import Location
from serveaudit.units import Address
from serveaudit.values import How, Unknown


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("80", Address("tcp", "*", 80)),
        ("127.0.0.1", Address("tcp", "127.0.0.1", 80)),
        ("127.0.0.1:8080 default_server", Address("tcp", "127.0.0.1", 8080)),
        ("[::]:443 ssl", Address("tcp", "::", 443)),
        ("[::1]", Address("tcp", "::1", 80)),
        ("unix:/run/n.sock", Address("unix", path="/run/n.sock")),
        ("localhost:81", Address("tcp", "localhost", 81)),
        ("127.0.0.1:${PORT}", Address("tcp", "127.0.0.1", None)),
        ("${PORT}", "?$PORT is put in when the container starts"),
        ("NGINX_PORT", "?NGINX_PORT is a placeholder"),
        ("[::]:NGINX_PORT", "?NGINX_PORT is a placeholder"),
        ("99999", "?99999 is no address"),
        ("{{ port }}", "?{{ port }} is filled in when the template is rendered"),
    ],
)
def test_listen_addresses(listen: str, address: object) -> None:
    assert shown(site(f"listen {listen};").listens[0].address) == address


def test_nothing_written_is_port_80_by_default() -> None:
    listen = site("server_name a;").listens[0]
    assert listen.address.x == Address("tcp", "*", 80)
    assert listen.place.how == How.DEFAULT


def test_words_after_the_address() -> None:
    listen = site("listen 443 ssl http2 proxy_protocol default_server;").listens[0]
    assert (listen.tls, listen.proxy_protocol, listen.default_server, listen.port) == (True, True, True, 443)


def test_names_have_kinds() -> None:
    found = site(r"server_name a.example.com *.example.com .b.org ~^www\d+\.c$ _ localhost '' ${NAME};").names
    assert [name.kind for name in found] == ["exact", "wildcard", "wildcard", "regex", "any", "exact", "any", "unknown"]


@pytest.mark.parametrize(
    ("text", "tls"),
    [
        ("listen 443 ssl;", True),
        ("listen 80; listen 443 quic;", True),
        ("listen 443;", False),
        ("ssl on; listen 443;", True),
        ("include x.conf;", "?x.conf was not read"),
        ("{% if tls %}\nlisten 443 ssl;\n{% else %}\nlisten 80;\n{% endif %}", {"if tls": True, "not (if tls)": False}),
        ("listen 443{% if tls %} ssl{% endif %};", "?a template decides how it listens"),
        ("{% if v6 %}\nlisten [::]:80;\n{% endif %}\nlisten 80;", False),
    ],
)
def test_whether_a_site_speaks_tls(text: str, tls: object) -> None:
    assert shown(site(text).tls) == tls


def test_the_first_site_at_an_address_is_its_default_unless_one_says_so() -> None:
    text = "server { listen 80; server_name a; } server { listen *:80; server_name b; } server { listen 81; server_name c; }"
    first, second, other = http(text).sites
    assert http(text).default_for(second.listens[0]).x.names[0].text == "a"
    chosen = http(text.replace("*:80", "80 default_server"))
    assert chosen.default_for(chosen.sites[0].listens[0]).x is chosen.sites[1]
    assert [len(http(text).sharing(one.listens[0])) for one in (first, second, other)] == [2, 2, 1]


def test_symbolic_places_survive_moved_lines() -> None:
    found = site("listen 80;\nserver_name example.com;\nlocation /api/ { location ~ x$ { } if ($a) { } }")
    assert [location.symbol for location in found.walk()] == [
        "http/server[example.com]/location[/api/]",
        "http/server[example.com]/location[/api/]/if[($a)]",
        "http/server[example.com]/location[/api/]/location[~ x$]",
    ]
    assert site("listen 81;").symbol == "http/server[81]"


# the choice of a location

CHOICES = r"""
location = / { return 200 root; }
location / { return 200 rest; }
location /docs/ { return 200 docs; location /docs/deep { return 200 deep; } location ~ \.pdf$ { return 200 pdf; } }
location ^~ /images/ { return 200 images; location ~ \.svg$ { return 200 svg; } }
location ~* \.(gif|jpg)$ { return 200 picture; }
location ~ "^/(?<lang>[a-z]{2})/" { return 200 lang; }
location @app { return 200 named; }
location =/exact { return 200 exact; }
location /app/ { proxy_pass http://a; }
"""


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "root"),
        ("/x", "rest"),
        ("/docs/a", "docs"),
        ("/docs/deep/er", "deep"),
        ("/docs/a.pdf", "pdf"),
        ("/docs/a.GIF", "picture"),
        ("/images/a.gif", "images"),
        ("/images/a.svg", "svg"),
        ("/de/x", "lang"),
        ("/de/x.jpg", "picture"),
        ("/exact", "exact"),
        ("/exact/", "rest"),
    ],
)
def test_nginx_choice_of_a_location(path: str, answer: str) -> None:
    found = site(CHOICES).location_for(path).x
    assert isinstance(found, Location)
    assert found.returns is not None
    assert found.returns.to.x == answer


def test_a_missing_slash_is_told_as_a_redirect() -> None:
    found = site(CHOICES).choose("/app")
    assert not isinstance(found, Unknown)
    assert (found[0].label, found[1]) == ("/app/", "slash")


def test_where_no_location_matches_the_server_block_answers() -> None:
    found = site("root /srv; location /x { }").location_for("/y").x
    assert found.modifier == "server"
    assert found.handler == "static"


def test_what_try_files_hands_on_to_answers() -> None:
    found = site("location / { root /srv; try_files $uri @app; }\nlocation @app { proxy_pass http://a; }")
    value = found.location_for("/x")
    assert value.x.label == "@app"
    assert lines(value) == [4, 5]


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("location / { }\nlocation ~ (?R) { }", "/a", "the regular expression (?R) is not judged"),
        ("location / { }\nlocation ~ ^(a+)+$ { }", "/a", "the regular expression ^(a+)+$ may take too long"),
        ("location / { }\nlocation {{ prefix }} { }", "/a", "{{ prefix }} is filled in when the template is rendered"),
        ("location / { }\ninclude more.conf;", "/a", "more.conf was not read"),
    ],
)
def test_a_location_that_can_not_be_judged_leaves_the_choice_open(text: str, path: str, why: str) -> None:
    assert shown(site(text).location_for(path)) == f"?{why}"


def test_an_exact_location_is_sure_whatever_was_not_read() -> None:
    assert site("location = /a { return 200 x; }\ninclude more.conf;").location_for("/a").known


def test_deep_nesting_is_read_to_a_bound() -> None:
    found = config("server {" + "location / {" * 1500 + "}" * 1500 + "}")
    assert shown(found.sites[0].location_for("/x")) == "?locations are nested too deeply"
    assert sum(1 for _ in found.sites[0].walk()) < 100
    assert [problem.message for problem in found.problems] == ["blocks are nested too deeply to be read"]


# what a location does


@pytest.mark.parametrize(
    ("text", "handler"),
    [
        ("proxy_pass http://a;", "http"),
        ("uwsgi_pass a;", "uwsgi"),
        ("grpc_pass a;", "grpc"),
        ("return 404;", "return"),
        ("rewrite ^ https://a$request_uri permanent;", "return"),
        ("rewrite ^/a /b last; proxy_pass http://a;", "http"),
        ("alias /srv/;", "static"),
        ("stub_status;", "other"),
        ("content_by_lua_block { ngx.say(1) }", "other"),
        ("gzip on;", "none"),
        ("if ($a) { return 403; } proxy_pass http://a;", "http"),
    ],
)
def test_handlers(text: str, handler: str) -> None:
    assert site(f"location / {{ {text} }}").locations[0].handler == handler


def test_an_if_in_a_location_passes_on_what_its_location_does() -> None:
    inner = site("location / { proxy_pass http://a; if ($x) { set $y 1; } }").locations[0].conditions[0]
    assert (inner.modifier, inner.handler) == ("if", "http")


@pytest.mark.parametrize(
    ("text", "redirects"),
    [
        ("return 301 https://$host$request_uri;", True),
        ("return https://a.org;", True),
        ("rewrite ^(.*)$ https://$host$1 permanent;", True),
        ("return 404;", False),
        ("if ($scheme = http) { return 301 https://a; }", False),
        ("rewrite ^/old$ /new permanent;", False),
    ],
)
def test_whether_a_site_only_redirects(text: str, redirects: bool) -> None:
    assert site(text).only_redirects is redirects


def test_the_directory_of_files() -> None:
    found = site("root /srv/www;\nlocation / { }\nlocation /s/ { alias /srv/s/; location ~ x { } }")
    plain, aliased = found.locations
    assert plain.files is not None
    assert (plain.files.kind, plain.files.directory.x) == ("root", "/srv/www")
    assert aliased.locations[0].files is not None
    assert (aliased.locations[0].files.kind, aliased.locations[0].files.directory.x) == ("alias", "/srv/s/")


@pytest.mark.parametrize(
    ("text", "restricted"),
    [
        ("deny all;", True),
        ("allow 10.0.0.0/8;", False),
        ("auth_basic staff;", True),
        ("auth_basic off;", False),
        ("internal;", True),
        ("ssl_verify_client on;", True),
        ("include x.conf;", "?x.conf was not read"),
        ("", False),
    ],
)
def test_whether_everybody_is_let_in(text: str, restricted: object) -> None:
    assert shown(site(f"location / {{ {text} }}").locations[0].restricted) == restricted
