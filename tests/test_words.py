from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from serveaudit.units import Seconds
from serveaudit.values import Items, Value
from serveaudit.words import Pair, Subject, Vocabulary, function, relation, type_name, word, words_of


@dataclass(eq=False)
class Server(Subject):
    limit: float = 30
    asked: list[str] = field(default_factory=list)

    @word("may stay on one request for {it}")
    def request_limit(self) -> Value[Seconds]:
        """After how long a request is ended."""
        self.asked.append("request_limit")
        return Value(Seconds(self.limit))

    @word("believes this header")
    def believes(self, header: str, route: Route) -> Value[bool]:
        self.asked.append(header)
        return Value(header == "Host" and route is not None)


class Gunicorn(Server):
    @word("{it} worker processes")
    def processes(self) -> Value[int]:
        return Value(1)


class Route(Subject):
    @word()
    def servers(self) -> Value[list[Server]]:
        return Value(Items(()))

    @word(gives="headers")
    def handshake(self) -> object:
        return Headers()


class Headers(Subject):
    def __getitem__(self, name: str) -> Value[str]:
        return Value(name)


@dataclass(eq=False)
class Deployment(Subject):
    pairs: list[tuple[Route, Server]]


@relation("route to server")
def answered_by(deployment: Deployment) -> Iterator[Pair]:
    return (Pair(pair) for pair in deployment.pairs)


@relation("server")
def servers(deployment: Deployment) -> Iterator[Server]:
    return (server for _, server in deployment.pairs)


@function
def nearest(want: str, among: list[str]) -> Value[str]:
    return Value(want if want in among else None)


NAMES = {"FORWARDED": ("Host", "X-Forwarded-For")}
VOCABULARY = Vocabulary.of(sys.modules[__name__])


def test_the_table_of_words_is_derived_from_the_classes() -> None:
    table = {
        kind: {name: (word.gives, word.parameters) for name, word in words.items()} for kind, words in VOCABULARY.kinds.items()
    }
    assert table == {
        "server": {"request_limit": ("seconds", ()), "believes": ("bool", ("str", "route"))},
        "gunicorn": {"request_limit": ("seconds", ()), "believes": ("bool", ("str", "route")), "processes": ("int", ())},
        "route": {"servers": ("list[server]", ()), "handshake": ("headers", ())},
        "headers": {},
        "deployment": {},
    }
    assert VOCABULARY.item("headers") == "str" and VOCABULARY.item("route") is None
    assert VOCABULARY.names == NAMES and VOCABULARY.functions["nearest"].parameters == ("str", "list[str]")


def test_a_word_is_computed_once_for_each_subject_and_each_combination_of_arguments() -> None:
    server, route = Server(), Route()
    assert [server.request_limit.x, server.request_limit.x] == [30, 30]
    assert [server.believes("Host", route).x, server.believes("Host", route).x, server.believes("Via", route).x] == [
        True,
        True,
        False,
    ]
    assert server.asked == ["request_limit", "Host", "Via"]


def test_a_word_keeps_its_phrase_and_its_documentation() -> None:
    assert Server.request_limit.phrase == "may stay on one request for {it}"
    assert Server.request_limit.__doc__ == "After how long a request is ended."


def test_a_special_form_is_asked_by_the_relation_of_what_it_is() -> None:
    one, other = Server(), Gunicorn()
    deployment = Deployment([(Route(), one), (Route(), other)])
    question = VOCABULARY.question("route to gunicorn")
    assert question is not None and question.names == (("route",), ("gunicorn", "server"))
    assert [pair.subjects[1] for pair in question.pairs(deployment)] == [other]
    assert [pair.subjects for pair in VOCABULARY.question("server").pairs(deployment)] == [(one,), (other,)]


def test_what_is_not_declared_is_no_question() -> None:
    assert VOCABULARY.question("server to route") is None
    assert VOCABULARY.question("route in server") is None


def test_a_word_hidden_by_a_plain_attribute_is_an_error() -> None:
    class Wrong(Server):
        request_limit = 5  # type: ignore[assignment]

    with pytest.raises(TypeError, match=r"Wrong\.request_limit hides a word"):
        words_of(Wrong)


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        ("Value[list[Route]]", "list[route]"),
        ("Value[Seconds]", "seconds"),
        ("Value[Any]", "object"),
        ("Value[str | None]", "str"),
        ("UwsgiServer | None", "uwsgi_server"),
        ("Value[Table]", "dict[object,object]"),
        ("Value[dict[str, str]]", "dict[str,str]"),
        ("words.Value[tuple[str, ...]]", "list[str]"),
        (Value[bool], "bool"),
        (str, "str"),
    ],
)
def test_an_annotation_is_read_as_the_type_of_a_word(annotation: object, name: str) -> None:
    assert type_name(annotation) == name
