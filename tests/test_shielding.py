"""How bad it is that clients reach a server without a proxy between."""

from __future__ import annotations

from pathlib import Path

import pytest

from folders import write
from serveaudit.audit import audit
from serveaudit.config import load

PROJECT = """
services:
  web:
    image: example/shop
    command: {command}
    ports: ["{ports}"]
"""
SOCKET = "uwsgi --http-socket :8000 --module shop.wsgi --master --processes 4"
ROUTER = "uwsgi --http :8000 --module shop.wsgi --master --processes 4"
LOOP = "uvicorn api:app --host 0.0.0.0 --workers 2"


def severity(folder: Path, files: dict[str, str]) -> str:
    """How severe the finding is that no proxy stands before the server."""
    write(folder, files)
    (found,) = [each for each in audit(["."], load(folder)).findings if each.rule == "no-reverse-proxy"]
    return found.severity.name.lower()


@pytest.mark.parametrize(
    ("command", "ports", "expected"),
    [
        pytest.param(SOCKET, "80:8000", "error", id="browsers reach a server that a slow client blocks"),
        pytest.param(SOCKET, "8000:8000", "warning", id="at another port the host's own proxy may be who asks"),
        pytest.param(ROUTER, "80:8000", "warning", id="uWSGI's router reads the headers for its workers"),
        pytest.param(LOOP, "80:8000", "warning", id="an event loop waits for many clients at a time"),
    ],
)
def test_a_published_port(here: Path, command: str, ports: str, expected: str) -> None:
    assert severity(here, {"compose.yaml": PROJECT.format(command=command, ports=ports)}) == expected


def test_on_a_host_a_proxy_would_ask_by_loopback(here: Path) -> None:
    unit = f"[Service]\nUser=shop\nExecStart=/srv/shop/venv/bin/{SOCKET}\n"
    assert severity(here, {"shop.service": unit}) == "error"


def test_the_user_says_that_there_is_no_proxy(here: Path) -> None:
    stated = '[tool.serveaudit.deployment]\nproxy = "none"\n'
    project = PROJECT.format(command=SOCKET, ports="8000:8000")
    assert severity(here, {"compose.yaml": project, "pyproject.toml": stated}) == "error"
