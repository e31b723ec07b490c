"""INI dialects: what is a comment, what continues a line, and where everything stands."""

import pytest

from serveaudit.formats import ini
from serveaudit.source import SourceFile


def read(text: str, dialect: ini.Dialect) -> ini.Ini:
    return ini.parse(SourceFile("a.ini", text), dialect)


def pairs(text: str, dialect: ini.Dialect, section: str) -> list[tuple[str, str]]:
    return [(entry.name, entry.value.text) for entry in read(text, dialect).entries(section)]


def test_uwsgi_keeps_inline_comments_and_quotes_in_the_value() -> None:
    text = "[uwsgi]\n; one\n# two\nmodule = a:b ; the app\nsocket=\"/x\"\ncron = 0 0 -1 -1 -1 sh -c 'a; b'\n"
    assert pairs(text, "uwsgi", "uwsgi") == [
        ("module", "a:b ; the app"),
        ("socket", '"/x"'),
        ("cron", "0 0 -1 -1 -1 sh -c 'a; b'"),
    ]


def test_uwsgi_has_bare_keys_and_no_colon() -> None:
    assert pairs("[uwsgi]\nstrict\nmaster : true\nendif =\n", "uwsgi", "uwsgi") == [
        ("strict", ""),
        ("master : true", ""),
        ("endif", ""),
    ]


def test_uwsgi_keeps_repeated_keys_and_sections_in_order() -> None:
    text = "[a]\nenv=A=1\nenv=B=2\n[b]\nx=1\n[a]\nenv=C=3\n"
    assert pairs(text, "uwsgi", "a") == [("env", "A=1"), ("env", "B=2"), ("env", "C=3")]
    assert [section.name for section in read(text, "uwsgi").sections] == ["a", "b", "a"]


def test_uwsgi_drops_the_last_character_of_a_head_whatever_it_is() -> None:
    found = read("[uwsgi\nmaster=1\n", "uwsgi")
    assert found.sections[0].name == "uwsg"
    assert [str(problem.span) for problem in found.problems] == ["a.ini:1"]


def test_uwsgi_indentation_continues_nothing() -> None:
    assert pairs("[uwsgi]\n  module = a\n    processes = 2\n", "uwsgi", "uwsgi") == [("module", "a"), ("processes", "2")]


def test_supervisor_inline_comments_need_a_blank_before_them() -> None:
    text = '[program:x]\ncommand=a;b ; note\nenvironment=A="#1" # note\n'
    assert pairs(text, "supervisor", "program:x") == [("command", "a;b"), ("environment", 'A="#1"')]


def test_supervisor_values_go_on_while_indented() -> None:
    text = "[program:x]\nCommand=gunicorn app\n   --bind 0.0.0.0\n; comment\n\n   -w 2\n\nuser=www\n"
    assert pairs(text, "supervisor", "program:x") == [("command", "gunicorn app\n--bind 0.0.0.0\n\n-w 2"), ("user", "www")]


def test_places_in_a_continued_value_are_those_of_the_file() -> None:
    text = "[program:x]\ncommand=gunicorn app\n   --bind 0.0.0.0\n"
    value = read(text, "supervisor").entries("program:x")[0].value
    at = value.text.index("--bind")
    span = value.source.span(at, at + 6)
    assert (span.line, span.outermost.text, span.outermost.source.position(span.outermost.start).column) == (3, "--bind", 4)


def test_systemd_continues_after_a_backslash_and_skips_comments_inside() -> None:
    text = "[Service]\nExecStart=/bin/a \\\n# comment\n  --b \\\n  --c\nEnvironment=A=1\nEnvironment=B=2\n"
    assert pairs(text, "systemd", "Service") == [
        ("ExecStart", "/bin/a --b --c"),
        ("Environment", "A=1"),
        ("Environment", "B=2"),
    ]


def test_systemd_places_after_a_continuation() -> None:
    text = "[Service]\nExecStart=/bin/a \\\n  --b x\n"
    entry = read(text, "systemd").entries("Service")[0]
    at = entry.value.text.index("--b")
    assert entry.value.source.span(at, at + 3).outermost.text == "--b"
    assert entry.line.text == "ExecStart=/bin/a \\\n  --b x"


def test_systemd_two_backslashes_continue_nothing() -> None:
    assert pairs("[A]\nX=a\\\\\nY=b\n", "systemd", "A") == [("X", "a\\\\"), ("Y", "b")]


def test_plain_takes_colons_and_keeps_inline_comments() -> None:
    assert pairs("[a]\nKey : value ; rest\nlong =\n  one\n  two\n", "plain", "a") == [
        ("key", "value ; rest"),
        ("long", "\none\ntwo"),
    ]


@pytest.mark.parametrize("dialect", ["supervisor", "systemd", "plain"])
def test_a_line_that_is_nothing_is_a_problem_and_the_rest_is_read(dialect: ini.Dialect) -> None:
    found = read("[a]\nnothing\nx=1\n", dialect)
    assert [problem.span.text for problem in found.problems] == ["nothing"]
    assert [entry.name for entry in found.entries("a")] == ["x"]


@pytest.mark.parametrize("dialect", ["supervisor", "systemd", "plain"])
def test_an_entry_before_every_section_is_a_problem(dialect: ini.Dialect) -> None:
    assert [problem.span.line for problem in read("x=1\n[a]\n", dialect).problems] == [1]


@pytest.mark.parametrize("dialect", ["uwsgi", "supervisor", "systemd", "plain"])
@pytest.mark.parametrize("text", ["", "\n\n", "[", "=", "[]", "\\", "a\\\n", "[a]\n=b\n \\\n", "[a]\nx=\\", "\x0c\n\x85=1"])
def test_odd_texts_are_read_without_an_exception(dialect: ini.Dialect, text: str) -> None:
    for section in read(text, dialect).sections:
        for entry in section.entries:
            assert entry.line.start <= entry.key.start <= entry.line.end


def test_configparser_agrees_on_what_supervisor_reads() -> None:
    from configparser import RawConfigParser

    text = (
        "[unix_http_server]\nfile=/run/s.sock   ; socket\n\n[program:web]\ncommand=a b\n  c ; d\n  # e\n  f\n"
        "environment=A=\"1\",B='x:y'\nstdout : /dev/stdout\n[group:g]\nprograms=web,\n   other\n\n"
    )
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(text)
    for name in parser.sections():
        assert pairs(text, "supervisor", name) == parser.items(name)
