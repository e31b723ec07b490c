from __future__ import annotations

import pytest

from command_lines import addresses, command, plain
from serveaudit.formats import python
from serveaudit.programs import granian
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds


def server(text: str, **env: str) -> Server:
    found = granian.start(command(text, **env))
    assert found is not None
    return found


def test_the_command_line_wins_over_the_variable_over_the_default() -> None:
    found = server("granian --workers 4 a:b", GRANIAN_WORKERS="2", GRANIAN_HOST="0.0.0.0")
    assert (found.processes.x, addresses(found)) == (4, ["0.0.0.0:8000"])
    assert [each.value.x for each in found.settings["workers"].overrides] == [2]


def test_a_service_of_kubernetes_breaks_the_port() -> None:
    assert server("granian a:b", GRANIAN_PORT="tcp://10.0.0.1:80").settings["port"].refused


@pytest.mark.parametrize(
    ("flags", "interface"),
    [("", "rsgi"), ("--interface asgi", "asgi"), ("--interface WSGI", "wsgi"), ("--interface asginl", "asgi")],
)
def test_what_it_calls(flags: str, interface: str) -> None:
    assert server(f"granian {flags} a:b").interface.x == interface


@pytest.mark.parametrize(
    ("flags", "threads"),
    [
        ("", 1),
        ("--interface wsgi", 512),
        ("--interface wsgi --workers 4", 128),
        ("--interface wsgi --backpressure 8", 4),
        ("--interface wsgi --blocking-threads 3", 3),
    ],
)
def test_how_many_threads_call_the_application(flags: str, threads: int) -> None:
    assert server(f"granian {flags} a:b").threads.x == threads


@pytest.mark.parametrize("flags", ["--workers 0", "--workers-lifetime 30", "--backlog 10", "--interface foo", "--port abc"])
def test_a_word_out_of_range_is_refused(flags: str) -> None:
    name = flags.split()[0][2:].replace("-", "_")
    assert server(f"granian {flags} a:b").settings[name].refused


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("5m", 300), ("1h30m", 5400), ("1d", 86400)])
def test_a_duration_has_units(text: str, seconds: int) -> None:
    assert plain(server(f"granian --workers-lifetime {text} a:b"), "workers_lifetime") == Seconds(seconds)


def test_a_socket_file_takes_the_place_of_host_and_port() -> None:
    assert addresses(server("granian --uds /run/g.sock --uds-permissions 0660 a:b")) == ["unix:/run/g.sock"]
    assert plain(server("granian --uds-permissions 0660 a:b"), "uds_permissions") == 0o660


def test_tls_needs_both_files() -> None:
    (alone,) = server("granian --ssl-certificate c.pem a:b").listeners.x
    (both,) = server("granian --ssl-certificate c.pem --ssl-keyfile k.pem a:b").listeners.x
    assert (alone.tls.x, both.tls.x) == (False, True)


def test_running_requests_have_no_limit_unless_one_is_set() -> None:
    assert server("granian a:b").graceful_timeout.x is None
    assert server("granian --workers-kill-timeout 9 a:b").graceful_timeout.x == Seconds(9)


def test_a_call_sets_by_the_names_of_its_parameters_and_reads_no_variables() -> None:
    text = (
        "from granian import Granian\nfrom granian.constants import Interfaces\n"
        "Granian('a:b', address='0.0.0.0', port=9000, interface=Interfaces.ASGI, workerz=3).serve()\n"
    )
    line = command("python main.py", GRANIAN_WORKERS="3")
    (found,) = granian.scripted(python.read(SourceFile("main.py", text)), line)
    assert (addresses(found), found.app.x, found.interface.x, found.processes.x) == (["0.0.0.0:9000"], "a:b", "asgi", 1)
    assert found.settings["host"].spelled == "address"
    assert [each.name for each in found.strange] == ["workerz"]
