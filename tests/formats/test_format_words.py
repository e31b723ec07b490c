"""Variables and words of lines that no shell reads."""

import time
from typing import Any

import pytest

from serveaudit.formats.words import COMPOSE, DOCKERFILE, KUBERNETES, SPECIFIERS, SUPERVISOR, SYSTEMD, Filled, Syntax, fill
from serveaudit.source import SourceFile
from serveaudit.values import Partial, Unknown, Value

SET = {"PORT": "9000", "EMPTY": "", "TWO": "a b", "QUOTED": '"q"'}


def lookup(name: str) -> Value[Any]:
    if name == "SECRET":
        return Value(Unknown("not told", about="$SECRET"))
    return Value(SET[name]) if name in SET else Value(None, assumes=(f"${name} is not set",))


def filled(text: str, syntax: Syntax = COMPOSE) -> Filled:
    return fill(SourceFile("a", text), syntax, lookup)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.0.0.0:${PORT}", "0.0.0.0:9000"),
        ("$PORT-${PORT}", "9000-9000"),
        ("${NONE:-8000}", "8000"),
        ("${EMPTY:-8000}", "8000"),
        ("${EMPTY-8000}", ""),
        ("${NONE:-${OTHER:-1}2}", "12"),
        ("${PORT:+set}${NONE:+unset}", "set"),
        ("$$PORT $${PORT}", "$PORT ${PORT}"),
        ("100% $ {}", "100% $ {}"),
        ("${PORT", "${PORT"),
    ],
)
def test_compose_fills_in_what_is_set_and_what_has_a_default(text: str, value: str) -> None:
    assert filled(text).value().x == value


def test_a_default_rests_on_the_variable_not_being_set() -> None:
    assert filled("${NONE:-8000}").value().assumes == ("$NONE is not set",)


@pytest.mark.parametrize("text", ["$NONE", "${NONE}", "${NONE:?must be set}", "${SECRET:-8000}"])
def test_a_variable_that_nothing_sets_is_unknown(text: str) -> None:
    value = filled(f"0.0.0.0:{text}").value()
    assert isinstance(value.x, Partial)
    assert value.x.parts[0] == "0.0.0.0:"


def test_words_lose_their_quotes_and_keep_their_places() -> None:
    words = filled('gunicorn -b 0.0.0.0:${NONE:-8000} \'a b\'c "d \\" e" f\\ g $TWO').words()
    assert [word.x for word in words] == ["gunicorn", "-b", "0.0.0.0:8000", "a bc", 'd " e', "f g", "a", "b"]
    assert words[2].places[0].span.outermost.text == "0.0.0.0:${NONE:-8000}"
    assert words[2].assumes == ("$NONE is not set",)
    assert words[0].assumes == ()
    assert words[7].places[0].span.outermost.text == "$TWO"


def test_a_word_with_an_unknown_part_is_partial() -> None:
    first, second = filled("-b :$NONE").words()
    assert first.known
    assert str(second.x) == ":<$NONE>"


def test_a_dockerfile_never_splits_or_unquotes_what_a_variable_holds() -> None:
    found = fill(SourceFile("a", "$TWO/${QUOTED} '$PORT' \\$PORT ${NONE}x"), DOCKERFILE, lookup)
    assert [word.x for word in found.words()] == ['a b/"q"', "$PORT", "$PORT", "x"]


def test_the_other_syntaxes() -> None:
    told = fill(SourceFile("a", "%(PORT)s %%h %(PORT)02d"), SUPERVISOR, lambda name: Value(f"<{name}>"))
    assert told.value().x == "<PORT)s> %h <PORT)02d>"
    assert filled("${PORT} $PORT $$x", SYSTEMD).value().x == "9000 $PORT $x"
    assert filled("$(PORT) $$(PORT) $PORT", KUBERNETES).value().x == "9000 $(PORT) $PORT"
    assert fill(SourceFile("a", "%n %%i"), SPECIFIERS, lambda name: Value(f"<{name}>")).value().x == "<n> %i"


@pytest.mark.parametrize("text", ["", " ", "'", '"', "\\", "'a", '"a\\', "''", "${", "${}", "$"])
def test_broken_quotes_end_with_the_text(text: str) -> None:
    assert all(isinstance(word.x, str) for word in filled(text).words())


def test_an_empty_word_in_quotes_is_a_word() -> None:
    assert [word.x for word in filled("a '' b").words()] == ["a", "", "b"]


@pytest.mark.parametrize("text", ["${a" * 10000, "${a:-" * 10000 + "}" * 10000, "$PORT" * 20000, "x" * 1000000, "'a' " * 30000])
def test_huge_texts_take_no_time(text: str) -> None:
    started = time.process_time()
    filled(text).words()
    assert time.process_time() - started < 3
