"""What a program reads from its own command line."""

from __future__ import annotations

from typing import Any

import pytest

from command_lines import command
from serveaudit.formats.python import read
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value

HEAD = """import argparse
parser = argparse.ArgumentParser()
parser.add_argument("-p", "--port", type=int, default=8000)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--reload", action="store_true")
parser.add_argument("--no-log", dest="log", action="store_false")
parser.add_argument("app", nargs="?", default="app:app")
group = parser.add_argument_group("more")
group.add_argument("--workers", type=int)
"""


def value(name: str, line: str | None, parse: str = "args = parser.parse_args()\n") -> Value[Any]:
    argv = None if line is None else command(f"main.py {line}").argv[1:]
    found = read(SourceFile("main.py", f"{HEAD}{parse}x = args.{name}\n"), argv=argv).value("x")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("port", "", 8000),
        ("port", "--port 9000", 9000),
        ("port", "--po=9000", 9000),
        ("port", "-p9000", 9000),
        ("host", "--host 0.0.0.0 -p 1", "0.0.0.0"),
        ("reload", "", False),
        ("reload", "--reload", True),
        ("log", "", True),
        ("log", "--no-log", False),
        ("app", "", "app:app"),
        ("app", "--reload other:app", "other:app"),
        ("workers", "--workers 4", 4),
        ("workers", "", None),
    ],
)
def test_an_option_is_what_the_command_line_says(name: str, line: str, expected: object) -> None:
    assert value(name, line).x == expected


def test_an_option_is_told_where_it_is_given() -> None:
    assert value("port", "--port 9000").places[-1].span.text == "--port 9000"


def test_of_a_file_that_nothing_starts_the_default_is_assumed() -> None:
    assert (value("port", None).x, value("port", None).assumes) == (8000, ("--port is not given",))


def test_words_that_are_not_known_may_set_any_option() -> None:
    assert isinstance(value("port", "$ARGS").x, Unknown)
    assert value("port", "$ARGS --port 9000").x == 9000


def test_a_word_that_is_no_number_is_refused() -> None:
    assert isinstance(value("port", "--port x").x, Unknown)


def test_other_lists_of_words_are_not_the_command_line() -> None:
    assert value("port", "--port 9000", "args = parser.parse_args([])\n").x == 8000
    assert value("port", "--port 9000 -z", "args, rest = parser.parse_known_args()\n").x == 9000


def test_defaults_that_are_set_later_are_not_followed() -> None:
    assert isinstance(value("port", "", "parser.set_defaults(port=1)\nargs = parser.parse_args()\n").x, Unknown)


@pytest.mark.parametrize(("line", "expected"), [("9000", 9000), ("", 8000)])
def test_words_are_taken_by_their_number(line: str, expected: int) -> None:
    text = "import sys\nx = int(sys.argv[1]) if len(sys.argv) > 1 else 8000\n"
    found = read(SourceFile("main.py", text), argv=command(f"main.py {line}").argv[1:]).value("x")
    assert found is not None
    assert found.x == expected
