from __future__ import annotations

from collections.abc import Mapping

import pytest

from command_lines import addresses, command, plain
from serveaudit.command import Command
from serveaudit.formats import python
from serveaudit.programs import uvicorn
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Address, Seconds
from serveaudit.values import Unknown


def server(text: str, files: Mapping[str, str] | None = None, **env: str) -> Server:
    found = uvicorn.start(command(text, files, **env))
    assert found is not None
    return found


def scripted(text: str, line: Command | None = None) -> Server:
    (found,) = uvicorn.scripted(python.read(SourceFile("main.py", text)), line)
    return found


def test_the_command_line_wins_over_uvicorns_variables_over_the_general_ones() -> None:
    env = {"UVICORN_WORKERS": "3", "UVICORN_PORT": "9000", "WEB_CONCURRENCY": "2"}
    assert plain(server("uvicorn app:app --workers 4", **env), "workers") == 4
    found = server("uvicorn app:app", **env)
    assert (plain(found, "workers"), plain(found, "port")) == (3, 9000)
    assert found.settings["port"].origin == "environment"
    assert plain(server("uvicorn app:app", WEB_CONCURRENCY="2"), "workers") == 2


def test_what_is_overridden_is_kept() -> None:
    workers = server("uvicorn app:app --workers 4", UVICORN_WORKERS="3", WEB_CONCURRENCY="2").settings["workers"]
    assert [(each.spelled, each.value.x) for each in workers.overrides] == [("UVICORN_WORKERS", 3), ("WEB_CONCURRENCY", 2)]


@pytest.mark.parametrize(("text", "on"), [("1", True), ("true", True), ("yes", True), ("0", False), ("false", False)])
def test_a_switch_may_come_from_its_variable(text: str, on: bool) -> None:
    assert server("uvicorn app:app", UVICORN_RELOAD=text).reload.x is on


def test_the_application_may_come_from_its_variable() -> None:
    assert server("uvicorn", UVICORN_APP="app:app").app.x == "app:app"


def test_a_service_of_kubernetes_breaks_the_port() -> None:
    assert server("uvicorn app:app", UVICORN_PORT="tcp://10.0.0.1:80").settings["port"].refused


def test_an_env_file_matters_for_the_general_variables_only() -> None:
    files = {"prod.env": "UVICORN_PORT=9000\nWEB_CONCURRENCY=5\nFORWARDED_ALLOW_IPS=*\n"}
    found = server("uvicorn app:app --env-file prod.env", files)
    assert [plain(found, name) for name in ("port", "workers", "forwarded_allow_ips")] == [8000, 5, ["*"]]
    assert plain(server("uvicorn app:app --env-file prod.env", files, WEB_CONCURRENCY="2"), "workers") == 2


def test_an_env_file_that_was_not_read_may_set_the_general_variables() -> None:
    found = server("uvicorn app:app --env-file prod.env")
    assert isinstance(found.value("workers").x, Unknown)
    assert plain(found, "port") == 8000


def test_an_environment_that_was_not_read_is_taken_to_set_none_of_uvicorns_variables() -> None:
    found = uvicorn.start(command("uvicorn app:app", complete=Unknown(".env was not read")))
    assert found is not None
    assert found.value("port").x == 8000
    assert found.value("port").assumes == ("$UVICORN_PORT is not set",)
    assert isinstance(found.value("forwarded_allow_ips").x, Unknown)


@pytest.mark.parametrize(
    ("flags", "where"),
    [
        ("", "127.0.0.1:8000"),
        ("--host 0.0.0.0 --port 80", "0.0.0.0:80"),
        ("--host ::", "[::]:8000"),
        ("--uds /run/a.sock --port 80", "unix:/run/a.sock"),
        ("--fd 3", "fd://3"),
        ("--port 70000", "127.0.0.1:4464"),
    ],
)
def test_where_it_listens(flags: str, where: str) -> None:
    assert addresses(server(f"uvicorn app:app {flags}")) == [where]


def test_of_a_port_that_is_not_known_the_host_is_kept() -> None:
    (listener,) = server("uvicorn app:app --host 0.0.0.0 --port $PORT").listeners.x
    assert listener.address.x == Address("tcp", "0.0.0.0", None)


def test_a_key_or_a_certificate_turns_tls_on() -> None:
    (listener,) = server("uvicorn app:app --ssl-keyfile k.pem").listeners.x
    assert listener.tls.x is True


@pytest.mark.parametrize(
    ("flags", "processes"), [("", 1), ("--workers 4", 4), ("--workers 0", 1), ("--workers -2", 1), ("--workers 4 --reload", 1)]
)
def test_how_many_processes_it_runs(flags: str, processes: int) -> None:
    assert server(f"uvicorn app:app {flags}").processes.x == processes


def test_its_times() -> None:
    found = server("uvicorn app:app")
    assert (found.idle_keepalive.x, found.graceful_timeout.x, found.request_limit.x) == (Seconds(5), None, None)
    assert server("uvicorn app:app --timeout-graceful-shutdown 9").graceful_timeout.x == Seconds(9)


@pytest.mark.parametrize(("flags", "interface"), [("", "asgi"), ("--interface wsgi", "wsgi"), ("--interface asgi2", "asgi")])
def test_what_it_calls(flags: str, interface: str) -> None:
    assert server(f"uvicorn app:app {flags}").interface.x == interface


@pytest.mark.parametrize(
    "flags",
    ["--log-level INFO", "--lifespan maybe", "--timeout-keep-alive 2.5", "--port abc", "--interface asgi4"],
)
def test_a_word_that_the_command_line_does_not_take_is_refused(flags: str) -> None:
    name = flags.split()[0][2:].replace("-", "_")
    assert server(f"uvicorn app:app {flags}").settings[name].refused


@pytest.mark.parametrize("flag", ["--daemon", "--bind", "--timeout", "--worker"])
def test_options_of_gunicorn_are_refused(flag: str) -> None:
    (bad,) = server(f"uvicorn app:app {flag}").bad_flags
    assert (bad.word, bad.refused) == (flag, True)
    assert "exits with status 2" in bad.why


def test_a_call_sets_by_keywords() -> None:
    found = scripted("import uvicorn\nuvicorn.run('app:app', host='0.0.0.0', port=9000, workers=4)")
    assert (addresses(found), found.processes.x, found.app.x) == (["0.0.0.0:9000"], 4, "app:app")
    assert found.settings["port"].place.span.text == "port=9000"


def test_a_call_reads_the_general_variables_but_not_uvicorns() -> None:
    line = command("python main.py", UVICORN_PORT="9000", WEB_CONCURRENCY="3")
    found = scripted("import uvicorn\nuvicorn.run('app:app')", line)
    assert (addresses(found), plain(found, "workers")) == (["127.0.0.1:8000"], 3)


def test_workers_that_are_none_leave_the_variable_in_charge() -> None:
    line = command("python main.py", WEB_CONCURRENCY="3")
    found = scripted("import uvicorn\nuvicorn.run('app:app', workers=None, forwarded_allow_ips=None)", line)
    assert (plain(found, "workers"), plain(found, "forwarded_allow_ips")) == (3, ["127.0.0.1", "::1"])


def test_a_config_that_is_served_by_hand_is_one_process() -> None:
    found = scripted("import uvicorn\nuvicorn.Server(uvicorn.Config('app:app', workers=4, reload=True)).run()")
    assert (found.processes.x, found.reload.x) == (1, False)


def test_a_call_is_followed_through_imports_and_functions() -> None:
    text = "from uvicorn import run as serve\ndef main():\n    serve('app:app', port=9000)\nmain()\n"
    assert addresses(scripted(text)) == ["127.0.0.1:9000"]


def test_a_config_takes_more_by_position() -> None:
    found = scripted("import uvicorn\nconfig = uvicorn.Config('app:app', '0.0.0.0', 9000)\nuvicorn.Server(config).run()")
    assert addresses(found) == ["0.0.0.0:9000"]


def test_a_keyword_that_uvicorn_does_not_have_is_strange_and_refused() -> None:
    (strange,) = scripted("import uvicorn\nuvicorn.run('app:app', bind='0.0.0.0')").strange
    assert (strange.name, strange.place.span.text) == ("bind", "bind='0.0.0.0'")
    assert "TypeError" in strange.refused


def test_unpacked_keywords_may_set_anything_that_is_not_given() -> None:
    found = scripted("import uvicorn\nfrom conf import options\nuvicorn.run('app:app', port=9000, **options)")
    assert plain(found, "port") == 9000
    assert isinstance(found.value("workers").x, Unknown)


def test_an_application_that_is_an_object_is_no_import_string() -> None:
    found = scripted("import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\nuvicorn.run(app, workers=2)")
    assert isinstance(found.app.x, Unknown)


def test_a_default_of_a_call_is_told_at_the_call() -> None:
    (place,) = scripted("import uvicorn\nuvicorn.run('app:app')").value("timeout_keep_alive").places
    assert (place.span.line, place.note) == (2, "uvicorn's default is 5 s")


def test_a_file_that_only_mentions_uvicorn_serves_nothing() -> None:
    assert uvicorn.scripted(python.read(SourceFile("main.py", "import uvicorn\nprint(uvicorn.__version__)"))) == []


@pytest.mark.parametrize(
    ("text", "app", "address", "reloads"),
    [
        ("fastapi run app/main.py --port 80 --workers 4", "app.main:app", "0.0.0.0:80", False),
        ("fastapi run --app api ./main.py --host 127.0.0.1", "main:api", "127.0.0.1:8000", False),
        ("python -m fastapi dev main.py", "main:app", "127.0.0.1:8000", True),
        ("fastapi dev --no-reload --entrypoint shop.main:api", "shop.main:api", "127.0.0.1:8000", False),
        ("fastapi run", "app.main:app", "0.0.0.0:8000", False),
    ],
)
def test_fastapi_s_own_command_starts_uvicorn(text: str, app: str, address: str, reloads: bool) -> None:
    found = server(text, {"app/main.py": "app = 1\n"}, UVICORN_PORT="9000")
    assert (found.app.x, addresses(found), found.reload.x) == (app, [address], reloads)
    assert not found.bad_flags
