"""Which headers arrive at the application, of a plain request and of a websocket's opening."""

import pytest

from nginx_texts import config, http, lines, location, shown, site
from serveaudit.units import Seconds
from serveaudit.values import How, Unknown

FORWARDED = "proxy_set_header Host $host;\nproxy_set_header X-Forwarded-Proto $scheme;\n"
UPGRADE = 'proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection "upgrade";\n'
MAP = "map $http_upgrade $connection_upgrade {\ndefault upgrade;\n'' close;\n}\n"


def test_a_header_is_told_as_it_is_written() -> None:
    headers = location(f"proxy_pass http://a;\n{FORWARDED}").request_headers
    assert headers["x-forwarded-proto"].x == "$scheme"
    assert lines(headers["X-Forwarded-Proto"]) == [7]
    assert headers.all("Host")[0].variables == ("host",)


def test_a_header_that_nobody_sets_passes_from_the_client() -> None:
    headers = location("proxy_pass http://a;").request_headers
    assert headers["X-Forwarded-Proto"].x == "$http_x_forwarded_proto"
    assert headers["X-Forwarded-Proto"].places[0].how == How.ABSENT
    assert headers.source("X-Forwarded-Proto") == "client"


def test_lines_of_a_location_replace_all_outer_ones() -> None:
    headers = site(f"{FORWARDED}location / {{ proxy_pass http://a; proxy_set_header X-A 1; }}").locations[0].request_headers
    assert headers["Host"].x == "$proxy_host"
    assert headers.source("Host") == "default"
    assert headers.source("X-Forwarded-Proto") == "client"
    assert headers.source("X-A") == "set"


def test_an_empty_value_removes_a_header() -> None:
    headers = location('proxy_pass http://a;\nproxy_set_header Authorization "";').request_headers
    assert headers["Authorization"].x is None
    assert headers.source("authorization") == "cleared"
    assert headers.all("Authorization") == ()


def test_a_header_set_twice_arrives_twice() -> None:
    text = "proxy_pass http://a;\nproxy_set_header Host $host;\nproxy_set_header host $http_host;"
    assert [header.value.x for header in location(text).request_headers.all("Host")] == ["$host", "$http_host"]
    assert [header.value.x for header in location(text, "1.31.4").request_headers.all("Host")] == ["$http_host"]


def test_what_nginx_says_of_the_connection_depends_on_its_version() -> None:
    text = "proxy_pass http://a;"
    assert location(text, "1.28.0").request_headers["Connection"].x == "close"
    assert location(text, "1.30").request_headers["Connection"].x is None
    assert shown(location(text).request_headers["Connection"]) == {
        "nginx before 1.29.7": "close",
        "nginx 1.29.7 or newer": None,
    }
    assert location(text).request_headers["Upgrade"].x is None


def test_headers_with_underscores_are_dropped_by_default() -> None:
    assert location("proxy_pass http://a;").request_headers["X_User"].x is None
    assert location("proxy_pass http://a;").request_headers.source("X_User") == "dropped"
    assert location("proxy_pass http://a;\nunderscores_in_headers on;").request_headers["X_User"].x == "$http_x_user"


def test_an_unread_include_leaves_headers_open() -> None:
    headers = location(f"include secret.conf;\nproxy_pass http://a;\n{FORWARDED}").request_headers
    assert headers["Host"].x == "$host"
    assert shown(headers["X-Real-IP"]) == "?secret.conf was not read"
    assert isinstance(headers.complete, Unknown)
    outer = site(f"{FORWARDED}location / {{ include secret.conf;\nproxy_pass http://a; }}").locations[0].request_headers
    assert shown(outer["Host"]) == "?secret.conf was not read"


def test_in_a_fragment_an_unset_header_rests_on_what_encloses_it() -> None:
    headers = config("server { location / { proxy_pass http://a; } }").sites[0].locations[0].request_headers
    assert headers["X-Forwarded-For"].assumes == ("the enclosing http {} does not set proxy_set_header",)


def test_uwsgi_gets_headers_as_parameters() -> None:
    found = location(
        "uwsgi_pass a;\ninclude uwsgi_params;\nuwsgi_param HTTP_X_FORWARDED_PROTO $scheme;", "1.22.1"
    ).request_headers
    assert found["X-Forwarded-Proto"].x == "$scheme"
    assert found["X-Real-IP"].x == "$http_x_real_ip"
    assert found.param("REQUEST_METHOD").x == "$request_method"
    assert found.param("UWSGI_SCHEME").x is None
    assert location("uwsgi_pass a;", "1.22.1").request_headers["Host"].x == "$http_host"


def test_exclusive_branches_of_a_template_are_one_header() -> None:
    text = (
        "proxy_pass http://a;\n{% if edge %}\nproxy_set_header X-Forwarded-For $remote_addr;\n{% else %}\n"
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n{% endif %}\nproxy_set_header Host $host;"
    )
    headers = location(text).request_headers
    assert shown(headers["X-Forwarded-For"]) == {"if edge": "$remote_addr", "not (if edge)": "$proxy_add_x_forwarded_for"}
    assert len(headers.all("X-Forwarded-For")) == 1


def test_a_branch_that_leaves_a_header_out_lets_the_client_s_pass() -> None:
    text = "proxy_pass http://a;\nproxy_set_header Host $host;\n{% if a %}\nproxy_set_header X-A 1;\n{% endif %}"
    assert shown(location(text).request_headers["X-A"]) == {"if a": "1", "otherwise": "$http_x_a"}


def test_a_level_that_a_template_may_leave_empty_decides_nothing() -> None:
    text = f"{FORWARDED}location / {{\nproxy_pass http://a;\n{{% if a %}}\nproxy_set_header X-A 1;\n{{% endif %}}\n}}"
    assert (
        shown(site(text).locations[0].request_headers["Host"])
        == "?a template decides whether these headers replace the outer ones"
    )


# websockets


@pytest.mark.parametrize(
    ("text", "upgrades"),
    [
        (UPGRADE, True),
        (UPGRADE.replace('"upgrade"', "$connection_upgrade"), True),
        (UPGRADE.replace('"upgrade"', "$http_connection"), True),
        (UPGRADE.replace('"upgrade"', '""'), False),
        (UPGRADE.replace("proxy_set_header Upgrade $http_upgrade;\n", ""), False),
        (UPGRADE.replace("$http_upgrade", "websocket"), True),
        (UPGRADE.replace('"upgrade"', "$unknown"), "?$unknown is known only while nginx runs"),
        ("", False),
    ],
)
def test_whether_a_websocket_s_opening_arrives(text: str, upgrades: object) -> None:
    found = http(f"{MAP}server {{ location / {{ proxy_pass http://a; {text} }} }}").sites[0].locations[0]
    assert shown(found.handshake.upgrades) == upgrades


def test_the_map_says_something_else_for_a_plain_request() -> None:
    text = f"{MAP}server {{ location / {{ proxy_pass http://a; proxy_set_header Connection $connection_upgrade; }} }}"
    found = http(text).sites[0].locations[0]
    assert found.handshake["Connection"].x == "upgrade"
    assert found.plain["Connection"].x == "close"
    assert lines(found.plain["Connection"]) == [7, 5, 3]


def test_uwsgi_pass_can_not_carry_websockets() -> None:
    assert location("uwsgi_pass a;").handshake.upgrades.x is False


@pytest.mark.parametrize(
    ("path", "only"), [("/ws/", True), ("/api/socket", True), ("~ ^/ws/", True), ("/", False), ("/news/", False)]
)
def test_a_location_for_websockets_alone(path: str, only: bool) -> None:
    found = site(f"location {path} {{ proxy_pass http://a; {UPGRADE} }}").locations[0]
    assert found.only_websockets.x is only


# connections that are kept

READY = 'proxy_http_version 1.1; proxy_set_header Connection "";'


@pytest.mark.parametrize(
    ("upstream", "text", "version", "idle"),
    [
        ("keepalive 16;", READY, "1.22.1", Seconds(60)),
        (
            "keepalive 16; keepalive_timeout 15s;",
            READY,
            "1.22.1",
            Seconds(15),
        ),
        ("keepalive 16;", 'proxy_set_header Connection "";', "1.22.1", None),
        ("keepalive 16;", "proxy_http_version 1.1;", "1.22.1", None),
        ("keepalive 16;", "proxy_http_version 1.1; proxy_set_header Connection $connection_upgrade;", "1.22.1", None),
        ("keepalive 16;", 'proxy_http_version 1.1; proxy_set_header Connection "upgrade";', "1.22.1", Seconds(60)),
        ("", READY, "1.22.1", None),
        ("", "", "1.30.0", Seconds(60)),
        ("keepalive 0;", "", "1.30.0", None),
        ("", "proxy_set_header Connection close;", "1.30.0", None),
        ("", "", None, {"nginx before 1.29.7": None, "nginx 1.29.7 or newer": Seconds(60)}),
    ],
)
def test_for_how_long_connections_are_kept(upstream: str, text: str, version: str | None, idle: object) -> None:
    pool = f"upstream u {{ server 127.0.0.1:8000; {upstream} }}\n"
    found = http(f"{MAP}{pool}server {{ location / {{ proxy_pass http://u; {text} }} }}", version)
    assert shown(found.sites[0].locations[0].idle_keepalive) == idle


def test_connections_to_a_literal_address_are_not_kept() -> None:
    assert location("proxy_pass http://127.0.0.1:8000;", "1.30.0").idle_keepalive.x is None


# answers


def test_own_added_headers_discard_the_outer_ones() -> None:
    text = "add_header X-Frame-Options DENY always;\nlocation / { add_header Cache-Control public; }\nlocation /x { }"
    own, inherits = site(text).locations
    assert own.response_headers["X-Frame-Options"].x is None
    assert inherits.response_headers["x-frame-options"].x == "DENY"
    assert inherits.response_headers.all("X-Frame-Options")[0].always


def test_merged_added_headers_keep_the_outer_ones() -> None:
    text = "add_header A 1;\nadd_header_inherit merge;\nlocation / { add_header B 2; location /x { add_header C 3; } }"
    inner = site(text).locations[0].locations[0]
    assert [added.name for added in inner.response_headers] == ["A", "B", "C"]
    off = site("add_header A 1;\nlocation / { add_header_inherit off; }").locations[0]
    assert list(off.response_headers) == []
