from __future__ import annotations

from typing import Any

import pytest

from serveaudit.expressions.conditions import ConditionError, Conditions
from serveaudit.expressions.frames import Frame, worlds
from serveaudit.units import Seconds
from serveaudit.values import Range, Unknown, Value
from small_world import VOCABULARY, App, Gunicorn, Headers, Host, Route, by, default, listed, said, unread

NAMES = {"route": "route", "server": "gunicorn", "deployment": "deployment"}


def result(text: str, **subjects: Any) -> Any:
    """(what the condition gives, the names of what decided) in the only world."""
    run = Conditions(VOCABULARY, NAMES).compile(text).run
    names = {"route": (subjects.get("route", Route()), ()), "server": (subjects.get("server", Gunicorn()), ())}
    ((_, (x, reads)),) = worlds(lambda world: run(Frame(names, world, lambda frame, name: (None, ()), [float("inf")])))
    return x, [path for path, value in reads if isinstance(value, Value)]


def x(text: str, **subjects: Any) -> Any:
    return result(text, **subjects)[0]


def reads(text: str, **subjects: Any) -> list[str]:
    return result(text, **subjects)[1]  # type: ignore[no-any-return]


WHY = Unknown("an include was not read")
YES, NO, MAYBE = {"only_websockets": Value(True)}, {"only_websockets": Value(False)}, {"only_websockets": unread()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("route.only_websockets or route.faces_clients", [True, True, True, True, False, WHY, True, WHY, WHY]),
        ("route.only_websockets and route.faces_clients", [True, False, WHY, False, False, False, WHY, False, WHY]),
        ("not route.only_websockets", [False, False, False, True, True, True, WHY, WHY, WHY]),
    ],
)
def test_truth_has_three_values(text: str, expected: list[Any]) -> None:
    given = [
        Route(only_websockets=a, faces_clients=b)
        for a in (Value(True), Value(False), unread())
        for b in (Value(True), Value(False), unread())
    ]
    assert [x(text, route=route) for route in given] == expected


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("route.read_timeout < server.request_limit", ["route.read_timeout", "server.request_limit"]),
        ("route.read_timeout > 5 and server.processes == 1", ["route.read_timeout", "server.processes"]),
        ("route.read_timeout > 500 or server.processes == 2", ["route.read_timeout", "server.processes"]),
        ("route.read_timeout > 500 or server.processes == 1", ["server.processes"]),
        ("route.read_timeout > 500 and server.processes == 1", ["route.read_timeout"]),
        ("5 if server.processes == 1 else route.read_timeout", ["server.processes"]),
        ("server.believes('Host', route)", ["server.believes('Host', route)"]),
    ],
)
def test_what_decided_is_what_is_read(text: str, decided: list[str]) -> None:
    assert reads(text) == decided


ONE, FOUR, ANY = Gunicorn(processes=Value(1)), Gunicorn(processes=Value(4)), Gunicorn(processes=unread())
ALL = ["server.host.servers", "s.processes", "s.processes"]


@pytest.mark.parametrize(
    ("text", "members", "expected", "decided"),
    [
        ("any(s.processes > 2 for s in server.host.servers)", listed(ONE, FOUR, ANY), True, ["s.processes"]),
        ("any(s.processes > 9 for s in server.host.servers)", listed(ONE, FOUR, ANY), WHY, ["s.processes"]),
        ("all(s.processes > 2 for s in server.host.servers)", listed(ONE, FOUR, ANY), False, ["s.processes"]),
        ("any(s.processes > 9 for s in server.host.servers)", listed(ONE, FOUR), False, ALL),
        ("any(s.processes > 9 for s in server.host.servers)", listed(complete=WHY), WHY, ["server.host.servers"]),
        ("any(s.processes > 2 for s in server.host.servers if s.processes < 4)", listed(ONE, FOUR), False, ALL),
        ("sum(s.processes for s in server.host.servers)", listed(ONE, FOUR), 5, ALL),
        ("sum(s.processes for s in server.host.servers)", listed(ONE, FOUR, complete=WHY), Range(5), ALL),
        ("len(server.host.servers)", listed(complete=WHY), Range(0), ["server.host.servers"]),
        ("not server.host.servers", listed(), True, ["server.host.servers"]),
    ],
)
def test_lists_are_asked_with_their_witnesses(text: str, members: Value[Any], expected: Any, decided: list[str]) -> None:
    found = result(text, server=Gunicorn(host=Host(servers=members)))
    assert found == (expected, decided)


NONE = {"read_timeout": Value(None), "app": None, "path": Value(None)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("route.read_timeout < 5", False),
        ("route.read_timeout >= 5", False),
        ("route.read_timeout + 5 > 0", False),
        ("route.read_timeout == None", True),
        ("route.read_timeout is None", True),
        ("route.app.framework", None),
        ("route.app.framework == 'django'", False),
        ("route.path.endswith('/')", False),
        ("route.path.lower()", None),
        ("route.path in (None, '/')", True),
    ],
)
def test_what_there_is_none_of_is_neither_less_nor_more(text: str, expected: Any) -> None:
    assert x(text, route=Route(**NONE)) is expected


def test_a_header_is_asked_for_by_name() -> None:
    route = Route(handshake=Headers(Upgrade=Value("websocket")))
    assert result('route.handshake["Upgrade"] == "websocket"', route=route) == (True, ["route.handshake['Upgrade']"])


def test_whether_somebody_wrote_it() -> None:
    assert x("written(route.read_timeout)") is False
    assert x("written(route.read_timeout)", route=Route(read_timeout=said(Seconds(60), "proxy_read_timeout 60s;"))) is True
    assert x("written(route.read_timeout)", route=Route(read_timeout=unread())) == WHY
    assert (
        x(
            "written(route.app.framework)",
            route=Route(app=Value(App(framework=default("flask", "server {", "")), (said(1, "bind =").places))),
        )
        is False
    )


def test_an_unknown_argument_leaves_a_word_unknown() -> None:
    assert x("server.believes(route.path, route)", route=Route(path=unread())) == WHY


def test_functions_of_the_vocabulary_and_its_lists_of_names_can_be_said() -> None:
    route = Route(path=Value("Host"), own_header_names=listed(Value("Hast")))
    assert x("nearest(route.path, route.own_header_names)", route=route) == "Hast"
    assert x("route.path in FORWARDED", route=route) is True


def test_alternatives_are_computed_world_by_world() -> None:
    run = Conditions(VOCABULARY, NAMES).compile("route.read_timeout < server.request_limit").run
    route = Route(read_timeout=by("$A", Value(Seconds(1)), Value(Seconds(9))))
    server = Gunicorn(request_limit=by("$A", Value(Seconds(5)), Value(Seconds(5))))
    names = {"route": (route, ()), "server": (server, ())}
    found = worlds(lambda world: run(Frame(names, world, lambda frame, name: (None, ()), [1.0]))[0])
    assert found == [({"$A": "$A is set"}, True), ({"$A": "$A is not set"}, False)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("server.request_limit + 5", "seconds"),
        ("2 * server.host.cpus + 1", "float"),
        ("[s.program for s in server.host.servers]", "list[str]"),
        ("route.app if route.path else None", "app"),
        ("route.path.lower()", "str"),
        ("min(server.processes, 4)", "int"),
    ],
)
def test_every_condition_has_a_type(text: str, kind: str) -> None:
    assert Conditions(VOCABULARY, NAMES).compile(text).type == kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("route.read_timout < 5", "unknown name 'read_timout' in: route.read_timout < 5; did you mean 'read_timeout'?"),
        ("rute.path", "unknown name 'rute' in: rute.path; did you mean 'route'?"),
        ("neerest('a', 'b')", "unknown name 'neerest' in: neerest('a', 'b'); did you mean 'nearest'?"),
        ("route.path.foo", "route.path is str and has no words, so not 'foo', in: route.path.foo"),
        ("route.path < 5", "str and int can't be ordered: route.path < 5"),
        ("route.only_websockets > False", "bool and bool can't be ordered: route.only_websockets > False"),
        ("server.host.servers > 2", "list[server] and int can't be ordered: server.host.servers > 2"),
        ("1 < server.processes < 3", "write a < b < c as a < b and b < c: 1 < server.processes < 3"),
        ("not server.processes < 3", "write the opposite comparison instead of: not server.processes < 3"),
        ("route.path == 5", "str is never equal to int: route.path == 5"),
        ("server.processes in ('1', '2')", "int is never in list[str]: server.processes in ('1', '2')"),
        ("'a' in server.processes", "server.processes is int, nothing can be in it: 'a' in server.processes"),
        ("route.path is 'a'", "`is` is for None only: route.path is 'a'"),
        ("route.path + 1", "str and int don't go together: route.path + 1"),
        ("server.processes ** 2", "Pow is not part of a condition: server.processes ** 2"),
        ("lambda: 1", "Lambda is not part of a condition: lambda: 1"),
        ("f'{route.path}'", "JoinedStr is not part of a condition: f'{route.path}'"),
        ("__import__('os')", "unknown name '__import__' in: __import__('os')"),
        ("route.path.__class__", "route.path is str and has no words, so not '__class__', in: route.path.__class__"),
        ("route.path.format(1)", "route.path is str and has no words, so not 'format', in: route.path.format(1)"),
        ("server.believes('Host')", "it takes 2 in parentheses: server.believes('Host')"),
        ("server.believes(5, route)", "it takes str, not int: server.believes(5, route)"),
        ("server.believes", "server.believes takes 2 in parentheses, in: server.believes"),
        ("server.processes()", "server.processes is read without parentheses, in: server.processes()"),
        ("route.handshake[route.path]", "only a constant can stand in brackets: route.handshake[route.path]"),
        ("server.processes[0]", "server.processes is int and has no members: server.processes[0]"),
        (
            "[route for route in server.host.servers]",
            "'route' is taken, give the member another name: [route for route in server.host.servers]",
        ),
        ("[a for a in server.processes]", "server.processes is int, no list: [a for a in server.processes]"),
        ("any(server.processes)", "server.processes is int, no list, in: any(server.processes)"),
        ("[a for a in server.host.servers for b in a]", "one `for` with one name: [a for a in server.host.servers for b in a]"),
        ("route.path in (server.program, 'a')", "only constants can be listed: (server.program, 'a')"),
        ("route.path ==", "invalid syntax: route.path =="),
        ("route.path # why", None),
    ],
)
def test_what_is_no_condition_is_refused_when_it_is_compiled(text: str, message: str | None) -> None:
    if message is None:
        assert Conditions(VOCABULARY, NAMES).compile(text).type == "str"
        return
    with pytest.raises(ConditionError) as caught:
        Conditions(VOCABULARY, NAMES).compile(text)
    assert str(caught.value) == message


def test_seconds_are_not_compared_with_bytes() -> None:
    from serveaudit.expressions.types import comparable, orderable

    assert not comparable("seconds", "bytes") and not orderable("bytes", "seconds") and orderable("seconds", "int")


@pytest.mark.parametrize("text", ["(" * 500 + "1" + ")" * 500, "not " * 3000 + "1", "1 + " * 20000 + "1"])
def test_a_condition_nested_without_end_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        Conditions(VOCABULARY, NAMES).compile(text)
