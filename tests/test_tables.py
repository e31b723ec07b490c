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
    assert host == granian.row("address") == granian.flag("--host")
    assert [row for row in granian.rows.values() if row.env == "GRANIAN_HOST"] == [host]


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
        assert len(text.splitlines()) == len(read["rows"]) + len(read["wrong"]) + 9


def test_a_table_is_as_its_release_had_it() -> None:
    gunicorn = facts("gunicorn")
    assert gunicorn.at(None) is gunicorn is gunicorn.at("27.0.1") is gunicorn.at("99")
    assert gunicorn.rows["forwarded_allow_ips"].default == "127.0.0.1,::1"
    assert gunicorn.at("22.0.0").rows["forwarded_allow_ips"].default == "127.0.0.1"
    assert (gunicorn.rows["proxy_protocol"].takes, gunicorn.at("24.0.0").rows["proxy_protocol"].takes) == ("?", "0")
    assert "eventlet" in gunicorn.at("25.3.0").rows["worker_class"].choices
    older = facts("gunicorn", {"gunicorn": "19.4.5"})
    assert all(row.env != "FORWARDED_ALLOW_IPS" for row in older.rows.values())


def test_a_release_has_the_settings_and_flags_of_its_time() -> None:
    assert facts("gunicorn").row("tolerate_dangerous_framing") is None
    assert facts("gunicorn").at("22.0.0").row("tolerate_dangerous_framing") is not None
    assert facts("gunicorn").at("22.0.0").row("forwarder_headers") is None
    assert facts("gunicorn").at("20.0.0").row("strip_header_spaces") is None
    assert facts("uvicorn").at("0.18.3").flag("--debug") is not None


@pytest.mark.parametrize(
    ("version", "release"),
    [("23", "23.0.0"), ("25.0", "25.0.3"), ("25.3.7", "25.3.0"), ("20.0.1", "20.0.0"), ("18.0", "18.0"), ("", "27.0.1")],
)
def test_the_last_release_before_a_version_stands_for_it(version: str, release: str) -> None:
    assert facts("gunicorn").at(version or None).version == release


@pytest.mark.parametrize(
    ("version", "name", "why"),
    [
        (None, "tolerate_dangerous_framing", "gunicorn has it since 22.0.0 and has it no more since 23.0.0"),
        ("21.2.0", "control_socket", "gunicorn has it since 25.1.0"),
        ("20.0.0", "strip_header_spaces", "gunicorn has it since 20.0.2"),
        (None, "django_settings", "gunicorn has it no more since 19.7.0"),
    ],
)
def test_a_setting_of_other_releases_tells_of_which(version: str | None, name: str, why: str) -> None:
    assert facts("gunicorn").at(version).instead_of(name).because == why


def test_a_flag_and_a_worker_of_other_releases_tell_of_which() -> None:
    flag = facts("uvicorn").instead_of_flag("--debug")
    assert (flag.becomes, flag.because) == ("--reload", "uvicorn has it no more since 0.19.0")
    assert facts("gunicorn").instead_of_flag("--log-config-dict").until == "20.1.0"
    worker = facts("gunicorn").choice_elsewhere("worker_class", "eventlet")
    assert worker is not None
    assert worker.until == "26.0.0"
    assert facts("gunicorn").choice_elsewhere("worker_class", "sync") is None
    assert facts("gunicorn").elsewhere("timeout") is None
