from __future__ import annotations

import json

import pytest

from serveaudit import tables
from serveaudit.tables import facts

PROGRAMS = ["gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress", "gevent"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_table_names_its_program_and_version(program: str) -> None:
    table = facts(program)
    assert table.program == program
    assert table.version
    assert table.rows


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_wrong_name_becomes_exists(program: str) -> None:
    table = facts(program)
    for name, row in table.wrong.items():
        known = table.flag(row.becomes) if name.startswith("-") else table.row(row.becomes)
        assert known or not row.becomes or row.becomes == "--help", name
        assert row.becomes or row.because, name


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_wrong_name_is_a_setting(program: str) -> None:
    table = facts(program)
    for name, row in table.wrong.items():
        assert row.until or (table.row(name) is None and table.flag(name) is None), name


def test_a_program_without_a_table_has_no_rows() -> None:
    assert facts("nosuch").rows == {}


def test_a_setting_is_found_by_its_name_flag_alias_and_variable() -> None:
    granian = facts("granian")
    host = granian.row("host")
    assert host is not None
    assert host == granian.row("address") == granian.flag("--host") == granian.by_env("GRANIAN_HOST")


def test_a_flag_may_say_no() -> None:
    assert facts("uvicorn").denies("--no-access-log")
    assert not facts("uvicorn").denies("--access-log")


@pytest.mark.parametrize(
    ("program", "name", "meant"),
    [
        ("gunicorn", "access_logfile", "accesslog"),
        ("gunicorn", "deamon", "daemon"),
        ("gunicorn", "pid", "pidfile"),
        ("gunicorn", "name", "proc_name"),
        ("gunicorn", "keep_alive", "keepalive"),
        ("gunicorn", "WORKERS", "workers"),
        ("gunicorn", "tiemout", "timeout"),
        ("gunicorn", "cores", ""),
        ("gunicorn", "host", ""),
        ("hypercorn", "keepalive_timeout", "keep_alive_timeout"),
        ("hypercorn", "port", "bind"),
    ],
)
def test_a_name_that_is_no_setting_suggests_the_one_that_is_meant(program: str, name: str, meant: str) -> None:
    assert facts(program).instead_of(name).becomes == meant


def test_the_files_are_sorted_and_hold_one_setting_a_line() -> None:
    folder = tables.DATA
    for program in PROGRAMS:
        text = (folder / f"{program}.json").read_text(encoding="utf-8")
        read = json.loads(text)
        assert list(read["rows"]) == sorted(read["rows"])
        assert len(text.splitlines()) == len(read["rows"]) + len(read["wrong"]) + 8
