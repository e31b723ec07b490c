"""Flask's development server."""

from __future__ import annotations

import pytest

from command_lines import addresses, command
from serveaudit.formats import python
from serveaudit.programs import flask
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import Range, Unknown


def server(text: str, files: dict[str, str] | None = None, **env: str) -> Server:
    found = flask.start(command(text, files, **env))
    assert found is not None
    return found


def scripted(run: str, above: str = "", **env: str) -> Server:
    text = f"from flask import Flask\napp = Flask(__name__)\n{above}\nif __name__ == '__main__':\n    app.run({run})\n"
    (found,) = flask.scripted(python.read(SourceFile("app.py", text)), command("python app.py", **env))
    return found


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("flask run", "127.0.0.1:5000"),
        ("flask --app web run --host=0.0.0.0 -p 80", "0.0.0.0:80"),
        ("python -m flask run -h 0.0.0.0", "0.0.0.0:5000"),
    ],
)
def test_where_it_listens(line: str, where: str) -> None:
    assert addresses(server(line)) == [where]


def test_variables_below_flags() -> None:
    assert addresses(server("flask run -p 80", FLASK_RUN_HOST="0.0.0.0", FLASK_RUN_PORT="90")) == ["0.0.0.0:80"]


@pytest.mark.parametrize(
    ("line", "env", "debug"),
    [
        ("flask run", {}, False),
        ("flask run --debug", {}, True),
        ("flask --debug run", {}, True),
        ("flask run", {"FLASK_DEBUG": "1"}, True),
        ("flask run", {"FLASK_DEBUG": "False"}, False),
        ("flask run --no-debug", {"FLASK_DEBUG": "1"}, False),
    ],
)
def test_debug_brings_reloader_and_debugger(line: str, env: dict[str, str], debug: bool) -> None:
    found = server(line, **env)
    assert (found.value("debug").x, found.reload.x, found.value("debugger").x) == (debug, debug, debug)


def test_reload_can_be_told_apart_from_debug() -> None:
    found = server("flask run --debug --no-reload")
    assert (found.reload.x, found.value("debugger").x) == (False, True)


def test_the_application_is_named_or_found() -> None:
    assert server("flask --app web:app run").app.x == "web:app"
    assert server("flask run", FLASK_APP="web").app.x == "web"
    assert server("flask run", {"app.py": ""}).app.x == "app"
    assert server("flask run", {".flaskenv": "FLASK_APP=site\n"}).app.x == "site"


def test_what_is_in_dotenv_rests_on_the_library() -> None:
    found = server("flask run", {".env": "FLASK_DEBUG=1\n"})
    assert (found.value("debug").x, found.value("debug").assumes) == (True, ("python-dotenv is installed",))


def test_a_thread_for_each_request() -> None:
    found = server("flask run")
    assert (found.processes.x, found.threads.x, found.graceful_timeout.x) == (1, Range(2), Seconds(0))
    assert server("flask run --without-threads").threads.x == 1


def test_flags_of_other_servers_are_refused() -> None:
    bad = server("flask run --workers 4").bad_flags[0]
    assert (bad.word, bad.why.partition(";")[0]) == ("--workers", "the development server runs one process")


@pytest.mark.parametrize("line", ["flask db upgrade", "flask", "flask --version", "flask run --help", "gunicorn a:b"])
def test_other_commands_are_no_servers(line: str) -> None:
    assert flask.start(command(line)) is None


def test_tls() -> None:
    assert server("flask run --cert=adhoc").listeners.x.members[0].tls.x is True
    assert scripted("ssl_context='adhoc'").listeners.x.members[0].tls.x is True


def test_run_in_a_script() -> None:
    found = scripted("'0.0.0.0', 80, debug=True")
    assert (found.program, addresses(found), found.reload.x) == ("flask", ["0.0.0.0:80"], True)
    assert str(found.value("debug").places[0].span) == "app.py:5"


@pytest.mark.parametrize(
    ("run", "above", "env", "debug"),
    [
        ("", "", {}, False),
        ("", "app.debug = True", {}, True),
        ("debug=False", "app.debug = True", {}, False),
        ("", "", {"FLASK_DEBUG": "1"}, True),
    ],
)
def test_debug_in_a_script(run: str, above: str, env: dict[str, str], debug: bool) -> None:
    assert scripted(run, above, **env).value("debug").x is debug


def test_the_configuration_may_set_debug() -> None:
    found = scripted("host='0.0.0.0'", "app.config.from_object('settings')")
    assert isinstance(found.value("debug").x, Unknown)
    assert addresses(found) == ["0.0.0.0:5000"]


def test_a_wrong_keyword_is_refused() -> None:
    (strange,) = scripted("workers=4").strange
    assert (strange.name, strange.refused) == ("workers", "flask.Flask.run ends with a TypeError")


def test_werkzeug_alone() -> None:
    text = "from werkzeug.serving import run_simple\nfrom web import app\nrun_simple('0.0.0.0', 80, app, use_debugger=True)\n"
    (found,) = flask.scripted(python.read(SourceFile("serve.py", text)))
    assert (found.program, addresses(found), found.value("debugger").x) == ("werkzeug", ["0.0.0.0:80"], True)
