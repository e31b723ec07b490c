"""Variables, maps and zones: where they are defined and used."""

import pytest

from nginx_texts import config, http, lines, shown
from serveaudit.programs.nginx import Evaluator, Map
from serveaudit.programs.nginx.scopes import Scope


def undefined(text: str) -> list[str]:
    return [usage.name for usage in http(text).variables.undefined]


@pytest.mark.parametrize(
    "text",
    [
        "server { location / { proxy_set_header A $host$http_x_y$arg_z$upstream_addr$ssl_client_verify; } }",
        "map $host $mine { default 1; } server { return 200 $mine; }",
        "server { set $mine 1; return 200 $MINE; }",
        "geo $mine { default 0; } split_clients $mine $split { * a; } server { return 200 $split; }",
        "server { location ~ ^/(?<mine>.+)$ { return 200 $mine$1; } }",
        r"server { server_name ~^(?P<sub>\w+)\.a$; return 200 $sub; }",
        "map $host $a { ~^(?<mine>.+)$ $mine; } server { return 200 $a; }",
        "server { auth_request_set $mine $upstream_http_x; return 200 $mine; }",
        "server { location ~ ^/x$ { } if ($uri ~ ^/$foo$) { return 404; } rewrite ^/a$ /b; }",
        "geoip2 /x.mmdb { $country country iso; } server { return 200 $country; }",
        "server { set_by_lua_block $mine { return 1 } return 200 $mine; }",
        "server { content_by_lua_block { ngx.say($nothing) } }",
        "server { some_module $strange; }",
        "server { listen 80; proxy_pass http://$BACKEND; server_name ${NAME}; }",
        "log_format a '$request_time $mine'; map $host $mine { default x; }",
    ],
)
def test_variables_that_are_defined(text: str) -> None:
    assert undefined(text) == []


def test_an_undefined_variable_is_told_where_it_stands() -> None:
    text = 'server {\nlocation / {\nproxy_set_header Connection "a $connection_upgrade";\n}\n}'
    usage = http(text).variables.undefined[0]
    assert (usage.name, usage.span.text, usage.span.line) == ("connection_upgrade", "$connection_upgrade", 5)


def test_variables_in_capitals_come_from_the_environment() -> None:
    found = http("server { listen ${PORT}; set $OWN 1; proxy_pass http://$BACKEND; return 200 $OWN; }").variables
    assert list(found.environment) == ["PORT", "BACKEND"]


def table(text: str) -> Map:
    found = http(f"{text}\nserver {{ }}")
    assert found.http is not None
    scope: Scope = found.http.scope
    return Map(scope.own("map")[0], scope.blocks("map")[0])


@pytest.mark.parametrize(
    ("entries", "key", "result"),
    [
        ("default a; x b;", "x", "b"),
        ("default a; x b;", "X", "b"),
        ("default a; x b;", "y", "a"),
        ("x b;", "y", ""),
        ("default a; '' b;", "", "b"),
        ("default a; ~^x b; ~x c;", "xx", "b"),
        ("default a; ~*^x b;", "XX", "b"),
        ("default a; '~^a b$' b;", "a b", "b"),
        (r"default a; \default b;", "default", "b"),
        ("~^x b; x c; default a;", "x", "c"),
        ("default a; ~(?R) b;", "x", "?the regular expression (?R) is not judged"),
        ("default a; include more;", "x", "?more was not read"),
        ("hostnames; default a; *.org b;", "c.org", "?the map of $host matches names"),
    ],
)
def test_maps(entries: str, key: str, result: str) -> None:
    assert shown(table(f"map $host $x {{ {entries} }}").get(key)) == result


def test_texts_are_evaluated_through_maps_and_constants() -> None:
    text = "map $http_a $b { default b; x $c; }\nserver {\nset $c 1;\nlocation / { set $d $b-$c; }\n}"
    location = http(text).sites[0].locations[0]
    found = location.evaluator({"http_a": "x"}).text("<$d>")
    assert found.x == "<1-1>"
    assert 6 in lines(found)
    assert shown(location.evaluator().text("$d")) == "?$http_a is known only while nginx runs"


def test_variables_that_name_each_other_end() -> None:
    text = "map $a $b { default $a; } map $b $a { default $b; } server { location / { } }"
    location = http(text).sites[0].locations[0]
    assert isinstance(location.evaluator(), Evaluator)
    assert shown(location.evaluator().text("$a")).startswith("?")


def test_zones_and_their_uses() -> None:
    text = (
        "limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;\nlimit_conn_zone $server_name zone=two:1m;\n"
        "proxy_cache_path /c keys_zone=three:1m;\nserver { limit_req zone=one burst=5; limit_conn two 5; proxy_cache off;\n"
        "location / { proxy_cache gone; } }"
    )
    found = http(text)
    assert [(zone.name, zone.kind, zone.key) for zone in found.zones] == [
        ("one", "limit_req", "$binary_remote_addr"),
        ("two", "limit_conn", "$server_name"),
        ("three", "cache", ""),
    ]
    assert [(use.name, use.kind) for use in found.zone_uses] == [("one", "limit_req"), ("two", "limit_conn"), ("gone", "cache")]


def test_foreign_modules_may_define_anything() -> None:
    assert config("load_module modules/x.so; http { }").foreign is True
    assert config("http { }").foreign is False
    assert not isinstance(config("server { }").foreign, bool)
