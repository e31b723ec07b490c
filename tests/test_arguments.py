from __future__ import annotations

import pytest

from command_lines import command
from serveaudit import arguments
from serveaudit.arguments import ARGPARSE, CLICK, GETOPT, Arguments, Style
from serveaudit.serving import Setting
from serveaudit.tables import facts
from serveaudit.values import Items, Partial, Unknown

STYLES = {"gunicorn": (ARGPARSE, None), "hypercorn": (ARGPARSE, 1), "uvicorn": (CLICK, 1), "waitress-serve": (GETOPT, 1)}
TABLES = {"waitress-serve": "waitress"}


def read(text: str) -> Arguments:
    line = command(text)
    program = line.word(0)
    style, positional = STYLES[program]
    return arguments.read(line.argv[1:], facts(TABLES.get(program, program)), style, line.place, positional)


def settings(text: str) -> dict[str, Setting]:
    return dict(read(text).layer(text.split()[0]).settings)


def plain(text: str) -> dict[str, object]:
    values = {name: setting.value.x for name, setting in settings(text).items()}
    return {name: [member.x for member in x] if isinstance(x, Items) else x for name, x in values.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gunicorn -w 4 app:app", {"workers": 4}),
        ("gunicorn -w4 app:app", {"workers": 4}),
        ("gunicorn --workers=4 app:app", {"workers": 4}),
        ("gunicorn -w 2 --workers 4 app:app", {"workers": 4}),
        ("gunicorn -Dw4 app:app", {"daemon": True, "workers": 4}),
        ("gunicorn --timeo 9 app:app", {"timeout": 9}),
        ("gunicorn -b 0.0.0.0:80 -b unix:/a.sock app:app", {"bind": ["0.0.0.0:80", "unix:/a.sock"]}),
        ("gunicorn --umask 007 app:app", {"umask": 7}),
        ("gunicorn --proxy-protocol app:application", {"proxy_protocol": Unknown}),
        ("gunicorn --proxy-protocol -w 2 app:application", {"proxy_protocol": "auto", "workers": 2}),
        ("gunicorn --no-sendfile app:application", {"sendfile": False}),
        ("uvicorn app:app --no-access-log --port 80", {"access_log": False, "port": 80}),
        ("uvicorn --ws-per-message-deflate false app:app", {"ws_per_message_deflate": False}),
        ("waitress-serve --thr=8 --no-ipv6 app:app", {"threads": 8, "ipv6": False}),
    ],
)
def test_options_are_read_as_the_program_reads_them(text: str, expected: dict[str, object]) -> None:
    found = plain(text)
    for name, value in expected.items():
        assert isinstance(found[name], Unknown) if value is Unknown else found[name] == value
    assert found.keys() == expected.keys()


@pytest.mark.parametrize(
    ("text", "word", "near"),
    [
        ("gunicorn --keepalive 5 app:app", "--keepalive", "--keep-alive"),
        ("gunicorn --limit-request-field-size 1 app:app", "--limit-request-field-size", "--limit-request-field_size"),
        ("gunicorn --worker 4 app:app", "--worker", "--workers"),
        ("gunicorn app:app -w", "-w", ""),
        ("gunicorn -w -t 5 app:app", "-w", ""),
        ("gunicorn app:app -w 2 conf.py", "conf.py", ""),
        ("gunicorn --reload=yes app:app", "--reload", ""),
        ("uvicorn app:app --daemon", "--daemon", ""),
        ("uvicorn app:app --worker 4", "--worker", "--workers"),
        ("uvicorn app:app --bind 0.0.0.0", "--bind", "--host"),
        ("uvicorn app:app -w4", "-w", "--workers"),
        ("uvicorn app:app other:app", "other:app", ""),
        ("waitress-serve app:app --port=80", "--port=80", ""),
    ],
)
def test_what_the_program_refuses_is_told_with_its_place(text: str, word: str, near: str) -> None:
    (bad,) = read(text).bad
    assert (bad.word, bad.near, bad.refused) == (word, near, True)
    assert word in bad.place.span.text
    assert "it exits with status" in bad.why


def test_an_ambiguous_abbreviation_names_what_it_could_mean() -> None:
    (bad,) = read("gunicorn --worker 4 app:app").bad
    assert "--workers" in bad.why and "--worker-class" in bad.why


def test_the_word_behind_an_unknown_option_is_not_taken_for_the_application() -> None:
    assert [word.x for word in read("gunicorn --keepalive 5 app:app").words] == ["app:app"]


def test_a_click_option_takes_a_word_that_starts_with_a_dash() -> None:
    assert plain("uvicorn app:app --root-path --reload") == {"root_path": "--reload"}


def test_the_place_of_an_option_is_the_flag_with_its_word() -> None:
    timeout = settings("gunicorn app:app --timeout 120")["timeout"]
    assert timeout.place.span.text == "--timeout 120"
    assert timeout.literal is not None and timeout.literal.text == "120"
    joined = settings("gunicorn app:app --timeout=120")["timeout"]
    assert joined.literal is not None and joined.literal.text == "120"


def test_an_earlier_value_of_the_same_option_is_overridden() -> None:
    workers = settings("gunicorn -w 2 -w 4 app:app")["workers"]
    assert [each.value.x for each in workers.overrides] == [2]


def test_an_unknown_word_may_set_anything_that_is_not_given_behind_it() -> None:
    layer = read("gunicorn -t 5 $ARGS -w 4 app:app").layer("gunicorn")
    assert layer.unread is not None and layer.unread.about == "$ARGS"
    assert layer.certain == {"workers"}


def test_an_unknown_word_may_add_to_a_list() -> None:
    layer = read("gunicorn -b a:1 $ARGS").layer("gunicorn")
    bind = layer.settings["bind"].value.x
    assert "bind" in layer.certain
    assert isinstance(bind.complete, Unknown) and len(bind.members) == 1


@pytest.mark.parametrize(
    "text", ["uvicorn $OPTIONS app:app", "hypercorn $OPTIONS app:app", "waitress-serve $OPTIONS --port=80 app:app"]
)
def test_words_behind_one_that_may_be_several_are_not_counted(text: str) -> None:
    assert read(text).bad == []
    assert [bad.word for bad in read(text.replace("$OPTIONS", "first:app")).bad][-1:] == ["app:app"]


@pytest.mark.parametrize("word", ['"$APP"', "$MODULE:app"])
def test_an_unknown_word_that_stays_one_word_is_the_application(word: str) -> None:
    found = read(f"gunicorn -w 4 {word}")
    assert found.unread is None
    assert len(found.words) == 1


def test_the_arguments_of_a_shell_script_are_several_words_in_quotes_too() -> None:
    assert read('gunicorn "$@"').unread is not None


def test_an_unknown_word_behind_an_option_is_its_value() -> None:
    found = read("gunicorn -w $WORKERS --bind=0.0.0.0:$PORT app:app")
    assert found.unread is None
    values = found.layer("gunicorn").settings
    assert isinstance(values["workers"].value.x, Unknown)
    (bind,) = values["bind"].value.x
    assert isinstance(bind.x, Partial) and bind.x.parts[0] == "0.0.0.0:"


def test_a_value_that_the_program_does_not_take_is_unknown_and_says_why() -> None:
    workers = settings("gunicorn -w four app:app")["workers"]
    assert isinstance(workers.value.x, Unknown)
    assert workers.refused == "a whole number is wanted"


def test_asking_for_help_serves_nothing() -> None:
    assert read("gunicorn --help").exits
    assert read("uvicorn --version").exits


@pytest.mark.parametrize("style", [ARGPARSE, CLICK, GETOPT])
@pytest.mark.parametrize("text", ["g", "g --", "g -", "g --=", "g -=", "g $", "g --$X", "g -$X", "g -w", "g --bind=", "g '' x"])
def test_no_command_line_is_too_strange_to_read(text: str, style: Style) -> None:
    line = command(text)
    arguments.read(line.argv[1:], facts("gunicorn"), style, line.place).layer("gunicorn")
