"""daphne's settings are those that its own command hands to its Server."""

from __future__ import annotations

import itertools

import drawing
import pytest
from agreement import Case, Program, agreement, settled, unlike

from serveaudit.programs import daphne

pytestmark = pytest.mark.oracle
DAPHNE = Program(
    daphne.start,
    renamed={"socket_strings": "endpoints"},
    apart=unlike("application socket_strings host port unix_socket log_fmt access_log"),
)
WHERE = ["-b 0.0.0.0", "-p 9000", "-u /run/daphne.sock", "--fd 0", "-e tcp:8443:interface=10.0.0.1"]
ENDPOINTS = [
    "tcp:8000",
    "tcp:port=8000:interface=0.0.0.0",
    "tcp6:8000",
    r"tcp:8000:interface=\:\:1",
    "unix:/run/daphne.sock",
    "unix:address=/run/daphne.sock:mode=660",
    "unix:/run/daphne.sock:lockfile=0",
    "fd:fileno=3",
    "127.0.0.1:8000",
    "8000",
    "http:8000",
    "tcp:http",
]
LINES = [
    "daphne os:getcwd",
    "daphne --bind 0.0.0.0 --port 9000 --verbosity 0 os:getcwd",
    "daphne -b 0.0.0.0 -p 8000 os:getcwd",
    "daphne -b :: os:getcwd",
    "daphne -b localhost -p 80 os:getcwd",
    "daphne -u /run/daphne.sock --fd 0 --access-log - --proxy-headers os:getcwd",
    "daphne --proxy-headers --proxy-headers-host X-Real-IP os:getcwd",
    "daphne --proxy-headers-host X-Real-IP os:getcwd",
    "daphne --websocket_timeout 3600 --ping-interval 10 --ping-timeout 20 --http-timeout 60 os:getcwd",
    "daphne --application-close-timeout 60 --no-server-name --root-path=/app os:getcwd",
    "daphne -t 90 -s web -v2 os:getcwd",
    "daphne --websocket-timeout 10 os:getcwd",
    "daphne --workers 4 os:getcwd",
    "daphne --bin 0.0.0.0 os:getcwd",
    "daphne --verbosity 7 os:getcwd",
    "daphne -p 0 os:getcwd",
    "daphne -b '' os:getcwd",
]


def test_random_command_lines() -> None:
    cases = [case for case, _ in drawing.cases("daphne", "os:getcwd")]
    settled(agreement(DAPHNE, cases), unknown_share=0)


def test_everything_that_is_given_is_opened() -> None:
    chosen = [each for count in range(4) for each in itertools.combinations(WHERE, count)]
    settled(agreement(DAPHNE, [Case(f"daphne {' '.join(each)} os:getcwd".split()) for each in chosen]), unknown_share=0)


def test_endpoints() -> None:
    settled(agreement(DAPHNE, [Case(["daphne", "-e", each, "os:getcwd"]) for each in ENDPOINTS]), unknown_share=0)


def test_command_lines_as_people_write_them() -> None:
    settled(agreement(DAPHNE, [Case([word.strip("'") for word in line.split()]) for line in LINES]), unknown_share=0)
