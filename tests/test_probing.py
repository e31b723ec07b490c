"""What health checks and probes ask."""

from __future__ import annotations

import pytest

from serveaudit.launching import Unit
from serveaudit.probing import Check, checks, tool_of
from serveaudit.source import SourceFile
from serveaudit.values import Items, Place, Unknown, Value

PLACE = Place(SourceFile("compose.yaml", "test").whole())


def unit(**keys: object) -> Unit:
    """A unit with keys; `a__b` stands for `a.b`."""
    return Unit("compose", "web", PLACE, keys={name.replace("__", "."): Value(x, (PLACE,)) for name, x in keys.items()})


def probed(*words: str) -> list[Check]:
    return list(checks(unit(healthcheck__test=Items(tuple(Value(word, (PLACE,)) for word in words)))))


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("curl -f http://localhost:8000/health || exit 1", ("http", 8000, "localhost", "/health")),
        ("wget -qO- http://127.0.0.1/ || exit 1", ("http", 80, "127.0.0.1", "/")),
        ("curl -fk https://localhost/", ("http", 443, "localhost", "/")),
        ("curl -f localhost:8000/up || exit 1", ("http", 8000, "localhost", "/up")),
        ("curl -f -H 'Host: shop.example.com' http://localhost:8000/", ("http", 8000, "shop.example.com", "/")),
        ("nc -z localhost 8000", ("tcp", 8000, "localhost", "/")),
        ("python -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:8000/up')\"", ("http", 8000, "127.0.0.1", "/up")),
    ],
)
def test_a_command_asks_a_port(command: str, asked: tuple[str, int, str, str]) -> None:
    found = probed("CMD-SHELL", command)
    assert [(each.kind, each.port.x, each.host, each.path) for each in found] == [asked]


def test_a_port_from_a_variable_is_not_known() -> None:
    assert isinstance(probed("CMD-SHELL", "curl -f http://localhost:${PORT}/")[0].port.x, Unknown)


@pytest.mark.parametrize("command", ["pg_isready -U shop", "curl -f https://status.example.com/", "test -f /tmp/alive"])
def test_a_command_that_asks_no_port_of_the_container_is_no_check(command: str) -> None:
    assert probed("CMD-SHELL", command) == []


def test_a_probe_sends_the_pods_address_unless_it_is_told_a_host() -> None:
    plain = unit(livenessProbe__httpGet__port=8000, livenessProbe__httpGet__path="/up")
    named = unit(
        readinessProbe__httpGet__port="8000",
        readinessProbe__httpGet__httpHeaders__0__name="Host",
        readinessProbe__httpGet__httpHeaders__0__value="shop.example.com",
    )
    assert [(each.what, each.port.x, each.host, each.path) for each in checks(plain)] == [("livenessProbe", 8000, None, "/up")]
    assert [(each.port.x, each.host) for each in checks(named)] == [(8000, "shop.example.com")]


def test_the_program_of_a_check() -> None:
    assert tool_of(unit(healthcheck__test="curl -f http://localhost/")).x == "curl"
    assert tool_of(unit(healthcheck__test="python check.py")).x is None


def test_a_probe_may_run_a_command_of_the_image() -> None:
    words = Items(tuple(Value(word, (PLACE,)) for word in ("curl", "-fsSL", "http://localhost:8000/up")))
    found = unit(livenessProbe__exec__command=words)
    assert [(each.what, each.port.x, each.tool, each.follows) for each in checks(found)] == [
        ("livenessProbe", 8000, "curl", True)
    ]
    assert tool_of(found).x == "curl"


@pytest.mark.parametrize(
    ("command", "follows"),
    [
        ("curl -f http://localhost/", False),
        ("curl -f --location http://localhost/", True),
        ("wget -q --spider http://localhost/", True),
        ("wget -q --max-redirect=0 http://localhost/", False),
        ("wget -q --header 'X-Forwarded-Proto: https' http://localhost/", False),
    ],
)
def test_a_command_goes_where_it_is_sent_to_or_not(command: str, follows: bool) -> None:
    assert [each.follows for each in probed("CMD-SHELL", command)] == [follows]
