"""Where requests go: addresses, upstream blocks, variables, placeholders."""

import pytest

from nginx_texts import config, http, lines, location, shown, site
from serveaudit.programs.nginx import Target
from serveaudit.units import Address
from serveaudit.values import Unknown


def aimed(text: str, **files: str) -> Target:
    found = location(text, **files).target.x
    assert isinstance(found, Target), found
    return found


@pytest.mark.parametrize(
    ("text", "scheme", "address", "uri"),
    [
        ("proxy_pass http://127.0.0.1:8000;", "http", Address("tcp", "127.0.0.1", 8000), None),
        ("proxy_pass http://web;", "http", Address("tcp", "web", 80), None),
        ("proxy_pass https://web/api/;", "https", Address("tcp", "web", 443), "/api/"),
        ("proxy_pass HTTP://web:81/;", "http", Address("tcp", "web", 81), "/"),
        ("proxy_pass http://[::1]:8000;", "http", Address("tcp", "::1", 8000), None),
        ("proxy_pass http://unix:/run/a.sock;", "http", Address("unix", path="/run/a.sock"), None),
        ("proxy_pass http://unix:/run/a.sock:/x/;", "http", Address("unix", path="/run/a.sock"), "/x/"),
        ("proxy_pass http://unix:/run/a.sock/x;", "http", Address("unix", path="/run/a.sock/x"), None),
        ("proxy_pass http://web:8000/$1;", "http", Address("tcp", "web", 8000), "/$1"),
        ("uwsgi_pass web:3031;", "uwsgi", Address("tcp", "web", 3031), None),
        ("uwsgi_pass uwsgi://web:3031;", "uwsgi", Address("tcp", "web", 3031), None),
        ("uwsgi_pass unix:///run/u.sock;", "uwsgi", Address("unix", path="/run/u.sock"), None),
        ("fastcgi_pass unix:/run/php.sock;", "fastcgi", Address("unix", path="/run/php.sock"), None),
        ("grpc_pass grpcs://web:50051;", "grpcs", Address("tcp", "web", 50051), None),
    ],
)
def test_literal_targets(text: str, scheme: str, address: Address, uri: str | None) -> None:
    found = aimed(text)
    assert (found.scheme, [value.x for value in found.addresses], found.uri) == (scheme, [address], uri)
    assert not found.variable_host


def test_an_upstream_block_gives_its_servers() -> None:
    servers = "server 10.0.0.1:8000 max_fails=0;\nserver b weight=2;\nserver unix:/run/c.sock backup;\n"
    text = f"upstream app {{\nip_hash;\n{servers}zone z 64k;\n}}"
    found = http(f"{text}\nserver {{ location / {{ proxy_pass http://app; }} }}")
    target = found.sites[0].locations[0].target.x
    assert target.upstream is found.upstreams["app"]
    assert [str(value.x) for value in target.addresses] == ["10.0.0.1:8000", "b:80", "unix:/run/c.sock"]
    members = target.upstream.members.members
    assert [member.option("max_fails") for member in members] == ["0", None, None]
    assert [member.idle for member in members] == [False, False, True]
    assert target.upstream.sticky is not None
    assert target.upstream.shared is not None
    assert lines(members[1].address) == [6]


def test_servers_that_a_template_repeats_may_be_more() -> None:
    text = "upstream app {\n{% for b in backends %}\nserver {{ b }}:8000;\n{% endfor %}\n}"
    members = http(f"{text}\nserver {{ }}").upstreams["app"].members
    assert isinstance(members.complete, Unknown)


def test_a_variable_that_is_set_once_is_its_value() -> None:
    found = site("set $app http://web:8000;\nlocation / { proxy_pass $app; }").locations[0].target
    assert [value.x for value in found.x.addresses] == [Address("tcp", "web", 8000)]
    assert found.x.variable_host
    assert found.x.variables == ("app",)
    assert lines(found) == [5, 4]


def test_a_host_by_variable_can_be_an_upstream() -> None:
    text = "upstream app { server 10.0.0.1:8000; }\nserver { location / { set $u app; proxy_pass http://$u/x; } }"
    found = http(text).sites[0].locations[0].target.x
    assert found.upstream is not None
    assert (found.uri, found.variable_host) == ("/x", True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("set $app a; if ($x) { set $app b; } proxy_pass http://$app;", "$app is set under a condition"),
        ("proxy_pass http://$http_x_target;", "$http_x_target is known only while nginx runs"),
        ("proxy_pass http://${BACKEND};", "$BACKEND is put in when the container starts"),
        ("proxy_pass ${BACKEND_URL}/api/;", "$BACKEND_URL is put in when the container starts"),
        ("proxy_pass {{ target }};", "{{ target }} is filled in when the template is rendered"),
        ("proxy_pass web:8000;", "web:8000 has no http:// or https://"),
        ("proxy_pass http://web{% if p %}:81{% endif %};", "web{% if p %}:81{% endif %}"),
    ],
)
def test_targets_that_can_not_be_known(text: str, why: str) -> None:
    said = shown(location(text).target)
    assert said == f"?{why}" or (why.startswith("web{%") and not isinstance(said, Target))


def test_a_map_that_depends_on_the_request_leaves_the_target_open() -> None:
    text = "map $host $app { default a; b.org b; }\nserver { location / { proxy_pass http://$app; } }"
    assert shown(http(text).sites[0].locations[0].target) == "?$host is known only while nginx runs"


def test_a_known_host_at_an_unknown_port() -> None:
    found = aimed("proxy_pass http://127.0.0.1:{{ port }};")
    assert [value.x for value in found.addresses] == [Address("tcp", "127.0.0.1", None)]
    found = aimed("proxy_pass http://web:${PORT};")
    assert found.host == "web"


def test_a_bare_name_in_a_fragment_may_be_an_upstream_elsewhere() -> None:
    one, other = config("server { location /a { proxy_pass http://web; } location /b { proxy_pass http://web:8000; } }").routes
    assert one.target.assumes == ("no other file has an upstream web",)
    assert other.target.assumes == ()


def test_a_target_in_the_branches_of_a_template_is_a_choice() -> None:
    text = "{% if a %}\nproxy_pass http://a;\n{% else %}\nproxy_pass http://b;\n{% endif %}"
    said = shown(location(text).target)
    assert {label: target.host for label, target in said.items()} == {"if a": "a", "not (if a)": "b"}


def test_a_location_that_passes_nothing_on_has_no_target() -> None:
    assert location("root /srv;").target.x is None
    assert location("return 404; proxy_pass http://a;").target.x is None


def test_settings_follow_the_protocol() -> None:
    found = location("uwsgi_pass a; uwsgi_read_timeout 90s; proxy_read_timeout 5s;")
    assert found.passing("read_timeout") == "uwsgi_read_timeout"
    assert found.read_timeout.x == 90


def test_routes_are_all_locations_that_pass_on_by_themselves() -> None:
    text = "location / { proxy_pass http://a; location /b { uwsgi_pass b; } if ($x) { proxy_pass http://c; } }\nlocation /s { }"
    assert [route.label for route in site(text).routes] == ["/", "($x)", "/b"]
