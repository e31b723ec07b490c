"""supervisord's programs."""

from __future__ import annotations

import pytest
from repositories import plain, variables, words

from serveaudit.command import Environment
from serveaudit.launch.supervisor import includes, read_programs
from serveaudit.launching import Unit
from serveaudit.source import SourceFile
from serveaudit.values import Value


def programs(*texts: str, **env: str) -> list[Unit]:
    sources = [SourceFile(f"{number}.conf", text) for number, text in enumerate(texts)]
    return read_programs(sources, Environment({name: Value(value) for name, value in env.items()}), Value("/start"))


def program(text: str, **env: str) -> Unit:
    (found,) = programs("[program:web]\n" + text, **env)
    return found


def test_a_program_is_a_step_in_its_directory() -> None:
    found = program("command=/venv/bin/gunicorn -b unix:/run/a.sock 'a b'\ndirectory=/srv\nuser=app\n")
    assert (found.name, words(found), plain(found.user)) == (
        "web",
        ["/venv/bin/gunicorn", "-b", "unix:/run/a.sock", "a b"],
        "app",
    )
    assert (plain(found.steps[0].cwd), str(found.place.span)) == ("/srv", "0.conf:2")
    assert plain(program("command=a\n").steps[0].cwd) == "/start"


def test_what_is_not_said_has_supervisor_s_defaults_and_says_so() -> None:
    found = program("command=a\n")
    assert [plain(v) for v in (found.stop_signal, found.stop_timeout, found.restart, found.user)] == [
        "TERM",
        10,
        "unexpected",
        None,
    ]
    assert found.stop_timeout.places[0].how == "default"


def test_what_is_said_is_taken_with_booleans_for_the_rest() -> None:
    found = program(
        "command=a\nstopsignal=QUIT\nstopwaitsecs=30\nautorestart=true\nstopasgroup=true\nnumprocs=2\nstopsignail=INT\n"
    )
    assert [plain(v) for v in (found.stop_signal, found.stop_timeout, found.restart)] == ["QUIT", 30, "true"]
    assert {key: plain(value) for key, value in found.keys.items()} == {
        "stopsignal": "QUIT",
        "stopwaitsecs": "30",
        "autorestart": True,
        "stopasgroup": True,
        "numprocs": "2",
        "stopsignail": "INT",
    }


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("a -w %(ENV_W)s", ["a", "-w", "4"]),
        ("a %(ENV_NONE)s", ["a", "?"]),
        ("a /run/%(program_name)s-%(process_num)02d.sock", ["a", "/run/web-00.sock"]),
        ("a %%h", ["a", "%h"]),
        ("a\n  -b :80 ; comment\n  -w 2", ["a", "-b", ":80", "-w", "2"]),
        ("{{ venv }}/a", ["<{{ venv }}>/a"]),
    ],
)
def test_a_command_is_read_as_supervisor_reads_it(command: str, expected: list[str]) -> None:
    assert words(program(f"command={command}\n", W="4")) == expected


def test_the_environment_is_supervisord_s_own_with_the_program_s_over_it() -> None:
    (found,) = programs(
        "[supervisord]\nenvironment=B=2\nnodaemon=true\nuser=root\n"
        "[program:x]\ncommand=a\nenvironment=C=\"x,y\",D='%(ENV_A)s', E=5\n",
        A="1",
    )
    assert variables(found.steps[0].env.variables) == {"A": "1", "B": "2", "C": "x,y", "D": "1", "E": "5"}
    assert (plain(found.keys["supervisord.nodaemon"]), plain(found.user)) == (True, "root")


def test_included_files_belong_to_one_supervisord() -> None:
    fcgi = "[program:a]\ncommand=a\n[fcgi-program:b]\ncommand=daphne --fd 0\nsocket=tcp://localhost:8000\n"
    main = "[supervisord]\ndirectory=/app\n[include]\nfiles = conf.d/*.conf /etc/x.ini\n"
    found = programs(main, fcgi + "[eventlistener:c]\ncommand=c\n")
    assert [(unit.name, plain(unit.steps[0].cwd)) for unit in found] == [("a", "/app"), ("b", "/app")]
    assert plain(found[1].keys["socket"]) == "tcp://localhost:8000"
    assert [plain(word) for word in includes(SourceFile("s.conf", main))] == ["conf.d/*.conf", "/etc/x.ini"]


@pytest.mark.parametrize(
    "text", ["", "command\n", "command=\n", "command='\n", "environment=,=,A\ncommand=\n", "stopwaitsecs=soon\n"]
)
def test_broken_programs_are_read_as_far_as_they_go(text: str) -> None:
    assert program(text).name == "web"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("command=uvicorn --port 90%(process_num)02d a:b\nnumprocs=2", ["9000", "9001"]),
        ("command=uvicorn --port 800%(process_num)d a:b\nnumprocs=3\nnumprocs_start=1", ["8001", "8002", "8003"]),
        ("command=uvicorn --port 8000 a:b\nnumprocs=4", ["8000"]),
        ("command=uvicorn --port 80%(process_num)02d a:b", ["8000"]),
    ],
)
def test_processes_with_commands_of_their_own_are_units_of_their_own(text: str, expected: list[str]) -> None:
    assert [words(unit)[2] for unit in programs(f"[program:web]\n{text}\n")] == expected
