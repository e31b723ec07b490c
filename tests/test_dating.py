"""Servers are read by the release that is installed beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from folders import deployed
from serveaudit.dating import has, release
from serveaudit.deployment import Process
from serveaudit.serving import Row
from serveaudit.values import Items


class Start(Protocol):
    def __call__(self, start: str, requirements: str, **files: str) -> Process: ...


CONF = "bind = '127.0.0.1:8000'\nheader_map = 'refuse'\n"


@pytest.fixture
def process(tmp_path: Path) -> Start:
    def made(start: str, requirements: str, **files: str) -> Process:
        own = {name.replace("_DOT_", "."): text for name, text in files.items()}
        files = {"run.sh": f"exec {start}\n", "requirements.txt": requirements + "\n", **own}
        return next(each for context in deployed(tmp_path, files).contexts for each in context.processes)

    return made


def members(process: Process, name: str) -> list[object]:
    items = process.server.value(name).x
    assert isinstance(items, Items)
    return [member.x for member in items]


@pytest.mark.parametrize(
    ("asked", "trusted"),
    [
        ("gunicorn==22.0.0", ["127.0.0.1"]),
        ("gunicorn<23", ["127.0.0.1"]),
        ("gunicorn>=20", ["127.0.0.1", "::1"]),
        ("django", ["127.0.0.1", "::1"]),
    ],
)
def test_a_default_is_that_of_the_release(process: Start, asked: str, trusted: list[str]) -> None:
    assert members(process("gunicorn shop.wsgi", asked), "forwarded_allow_ips") == trusted


def test_a_script_is_read_by_its_release_too(process: Start) -> None:
    found = process("python serve.py", "uvicorn==0.52.4", serve_DOT_py="import uvicorn\nuvicorn.run('shop:app')\n")
    assert members(found, "forwarded_allow_ips") == ["127.0.0.1"]


def test_a_setting_that_the_release_lacks_is_no_setting(process: Start) -> None:
    found = process("gunicorn shop.wsgi", "gunicorn==21.2.0", gunicorn_DOT_conf_DOT_py=CONF)
    assert [each.name for each in found.server.strange] == ["header_map"]
    assert "header_map" not in found.server.settings
    assert process("gunicorn shop.wsgi", "gunicorn==22.0.0").server.value("header_map").x == "refuse"


def test_an_option_without_a_word_leaves_the_application(process: Start) -> None:
    start = "gunicorn --proxy-protocol shop.wsgi"
    older = process(start, "gunicorn==23.0.0").server
    assert (older.app.x, older.value("proxy_protocol").x) == ("shop.wsgi", True)
    assert process(start, "gunicorn==24.1.0").server.app.x is None


def test_uvicorns_variables_are_read_since_its_release(process: Start) -> None:
    start = "env UVICORN_PORT=9000 uvicorn shop:app"
    assert process(start, "uvicorn==0.15.0").server.value("port").x == 8000
    assert process(start, "uvicorn==0.16.0").server.value("port").x == 9000


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("gunicorn==23.0.0", False),
        ("gunicorn==25.1.0", True),
        ("gunicorn<25", False),
        ("gunicorn>=26", True),
        ("gunicorn>=20,<26", None),
        ("django", None),
    ],
)
def test_bounds_tell_where_all_that_they_allow_agree(process: Start, asked: str, there: bool | None) -> None:
    installed = process("gunicorn shop.wsgi", asked).installed
    assert has("gunicorn", Row("control_socket", since="25.1.0"), installed) is there


def test_between_two_releases_that_were_looked_at_nobody_knows_which_made_the_change(process: Start) -> None:
    installed = process("granian shop:app", "granian==1.4.0").installed
    assert release("granian", installed) == "1.4.0"
    assert has("granian", Row("log_access_enabled", since="1.4.4"), installed) is None
