from __future__ import annotations

from collections.abc import Mapping

import pytest

from command_lines import addresses, command, plain
from serveaudit.command import Environment
from serveaudit.formats import python
from serveaudit.programs import hypercorn
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import Unknown

LUCKY = "bind = '0.0.0.0:80'\nworkers = 4\nkeepalive_timeout = 9\n"
"""Python that happens to be TOML."""


def server(text: str, files: Mapping[str, str] | None = None, **env: str) -> Server:
    found = hypercorn.start(command(text, files, **env))
    assert found is not None
    return found


def scripted(text: str) -> Server:
    (found,) = hypercorn.scripted(python.read(SourceFile("main.py", text)))
    return found


def test_the_command_line_wins_over_the_file() -> None:
    found = server("hypercorn -w 2 -c h.toml app:app", {"h.toml": "workers = 4\nbind = ':80'\n"})
    assert (plain(found, "workers"), plain(found, "bind")) == (2, [":80"])
    assert [each.value.x for each in found.settings["workers"].overrides] == [4]


def test_there_is_no_default_file_and_no_variable() -> None:
    found = server("hypercorn app:app", {"hypercorn.toml": "workers = 4"}, HYPERCORN_WORKERS="3", WEB_CONCURRENCY="2")
    assert plain(found, "workers") == 1
    assert found.config is None


@pytest.mark.parametrize("location", ["file:conf/h.py", "python:conf.h"])
def test_a_python_file_needs_a_prefix(location: str) -> None:
    found = server(f"hypercorn -c {location} app:app", {"conf/h.py": "import os\nworkers = 2 + 2\n"})
    assert plain(found, "workers") == 4
    assert found.config_syntax == "python"


def test_a_python_file_without_a_prefix_is_read_as_toml_and_fails() -> None:
    found = server("hypercorn -c h.py app:app", {"h.py": "import os\nworkers = 4\n"})
    assert found.config is not None and found.config.path == "h.py"
    assert found.config_syntax == "toml"
    assert found.problems[0].span.line == 1
    assert isinstance(found.value("workers").x, Unknown)


def test_a_python_file_without_a_prefix_may_be_toml_by_luck() -> None:
    found = server("hypercorn -c h.py app:app", {"h.py": LUCKY})
    assert (plain(found, "workers"), found.config_syntax, found.problems) == (4, "toml", [])


@pytest.mark.parametrize("prefix", ["", "file:"])
def test_a_name_that_hypercorn_does_not_know_has_no_effect(prefix: str) -> None:
    found = server(f"hypercorn -c {prefix}h.py app:app", {"h.py": LUCKY})
    assert [(each.name, each.row, each.place.span.text) for each in found.strange] == [
        ("keepalive_timeout", None, "keepalive_timeout = 9")
    ]
    assert found.idle_keepalive.x == Seconds(5)


def test_tables_have_no_effect() -> None:
    text = "workers = 2\n[hypercorn]\nworkers = 4\n[logconfig_dict]\nversion = 1\n"
    found = server("hypercorn -c h.toml app:app", {"h.toml": text})
    assert plain(found, "workers") == 2
    (strange,) = found.strange
    assert (strange.name, strange.bound_by, strange.place.span.text) == ("hypercorn", "table", "[hypercorn]")


def test_a_config_object_in_a_file_is_not_read() -> None:
    text = "from hypercorn.config import Config\nconfig = Config()\nconfig.bind = ['0.0.0.0:80']\n"
    found = server("hypercorn -c file:h.py app:app", {"h.py": text})
    assert plain(found, "bind") == ["127.0.0.1:8000"]
    assert [each.name for each in found.strange] == ["config"]


def test_a_config_object_can_not_be_named() -> None:
    text = "from hypercorn.config import Config\nconfig = Config()\nconfig.bind = ['0.0.0.0:80']\n"
    found = server("hypercorn -c python:conf.h.config app:app", {"conf/h.py": text})
    assert "AttributeError" in found.settings["config"].refused
    assert isinstance(found.value("bind").x, Unknown)


@pytest.mark.parametrize("name", ["Production", "production"])
def test_a_class_or_an_object_of_it_is_read_where_it_is_named(name: str) -> None:
    text = "class Base:\n    workers = 2\nclass Production(Base):\n    bind = '0.0.0.0:80'\n    reload = True\n"
    files = {"conf/h.py": f"{text}production = Production()\n"}
    found = server(f"hypercorn -c python:conf.h.{name} app:app", files)
    assert (plain(found, "bind"), plain(found, "workers")) == (["0.0.0.0:80"], 2)
    assert [each.name for each in found.strange] == ["reload"]


@pytest.mark.parametrize(
    "made",
    [
        "from_toml('h.toml')",
        "from_pyfile('h.py')",
        "from_object('h')",
        "from_object(h)",
        "from_mapping({'workers': 3}, bind='x:1')",
    ],
)
def test_a_config_of_a_program_is_made_from_files_and_mappings(made: str) -> None:
    text = f"import h, hypercorn\nfrom hypercorn.asyncio import serve\nc = hypercorn.Config.{made}\nc.backlog = 7\n"
    settings = "workers = 3\nbind = 'x:1'\nbacklog = 9\n"
    line = command("python main.py", {"h.py": settings, "h.toml": settings})
    assert line.files is not None
    module = python.read(SourceFile("main.py", f"{text}serve(app, c)\n"), line.env, line.files.module)
    (found,) = hypercorn.scripted(module, line)
    assert [plain(found, name) for name in ("workers", "bind", "backlog")] == [3, ["x:1"], 7]


def test_a_slash_at_the_end_of_root_path_is_cut() -> None:
    assert plain(server("hypercorn --root-path /api/ app:app"), "root_path") == "/api"


def test_a_file_that_is_not_there_leaves_everything_else_unknown() -> None:
    found = server("hypercorn -c h.toml -w 2 app:app")
    assert plain(found, "workers") == 2
    assert isinstance(found.value("bind").x, Unknown)
    assert found.problems[0].span.text == "-c h.toml"


def test_the_command_line_names_the_application() -> None:
    assert server("hypercorn -c h.toml app:app", {"h.toml": "application_path = 'other:app'"}).app.x == "app:app"


def test_the_jitter_of_the_command_line_takes_the_value_of_max_requests() -> None:
    assert plain(server("hypercorn app:app --max-requests 10 --max-requests-jitter 2"), "max_requests_jitter") == 10
    assert isinstance(server("hypercorn app:app --max-requests-jitter 2").value("max_requests_jitter").x, Unknown)


def test_the_command_line_always_overwrites_statsd_prefix() -> None:
    prefix = server("hypercorn -c h.toml app:app", {"h.toml": "statsd_prefix = 'x'"}).settings["statsd_prefix"]
    assert prefix.value.x == ""
    assert [each.value.x for each in prefix.overrides] == ["x"]
    assert plain(server("hypercorn --statsd-prefix y app:app"), "statsd_prefix") == "y"


def test_an_umask_of_the_command_line_is_decimal() -> None:
    assert plain(server("hypercorn -m 022 app:app"), "umask") == 22


@pytest.mark.parametrize(
    ("bind", "where"),
    [
        ("0.0.0.0:80", "0.0.0.0:80"),
        ("0.0.0.0", "0.0.0.0:8000"),
        (":80", "0.0.0.0:80"),
        ("[::]:80", "[::]:80"),
        ("unix:/run/h.sock", "unix:/run/h.sock"),
        ("fd://3", "fd://3"),
    ],
)
def test_where_it_listens(bind: str, where: str) -> None:
    assert addresses(server(f"hypercorn -b {bind} app:app")) == [where]


def test_tls_needs_both_files() -> None:
    alone = server("hypercorn --certfile c.pem --insecure-bind :80 app:app")
    assert [listener.tls.x for listener in alone.listeners.x] == [False]
    both = server("hypercorn --certfile c.pem --keyfile k.pem --insecure-bind :80 app:app")
    assert [(listener.setting, listener.tls.x) for listener in both.listeners.x] == [("bind", True), ("insecure_bind", False)]


def test_its_times_and_kind() -> None:
    found = server("hypercorn app:app")
    assert (found.idle_keepalive.x, found.graceful_timeout.x, found.request_limit.x) == (Seconds(5), Seconds(3), None)
    assert (found.interface.x, found.processes.x, found.daemon.x) == ("any", 1, False)
    assert plain(server("hypercorn --keep-alive 9 app:app"), "keep_alive_timeout") == Seconds(9)


@pytest.mark.parametrize("flag", ["--daemonize", "--timeout", "--keep-alive-timeout"])
def test_options_that_it_does_not_have_are_refused(flag: str) -> None:
    (bad,) = server(f"hypercorn {flag} 5 app:app").bad_flags
    assert (bad.word, bad.refused) == (flag, True)


def test_options_may_be_abbreviated() -> None:
    assert plain(server("hypercorn --graceful 9 app:app"), "graceful_timeout") == 9


@pytest.mark.parametrize(
    "line", ["workers = '4'", "worker_class = 'gevent'", "keep_alive_timeout = '5'", "backlog = 'x'", "loglevel = 'verbose'"]
)
def test_a_value_with_which_it_fails_is_refused(line: str) -> None:
    name = line.partition(" ")[0]
    assert server("hypercorn -c h.toml app:app", {"h.toml": line}).settings[name].refused


def test_an_object_that_is_served_by_a_script_has_its_attributes() -> None:
    text = (
        "import asyncio\nfrom hypercorn.config import Config\nfrom hypercorn.asyncio import serve\nfrom app import app\n"
        "config = Config()\nconfig.bind = ['0.0.0.0:8080']\nconfig.workers = 4\nasyncio.run(serve(app, config))\n"
    )
    found = scripted(text)
    assert addresses(found) == ["0.0.0.0:8080"]
    assert found.processes.x == 1


def test_a_mapping_that_is_served_by_a_script_is_read() -> None:
    text = (
        "import asyncio\nfrom hypercorn import Config\nfrom hypercorn.asyncio import serve\n"
        "async def main(app):\n    await serve(app, Config.from_mapping({'bind': ':80', 'port': 3}))\nasyncio.run(main(None))\n"
    )
    found = scripted(text)
    assert plain(found, "bind") == [":80"]
    assert [each.name for each in found.strange] == ["port"]


@pytest.mark.parametrize(
    ("path", "text", "yes"),
    [
        ("hypercorn.toml", "bind = 'x'\n", True),
        ("deploy/hypercorn_config.py", "workers = 3\n", True),
        ("conf.py", "bind = 'x'\nkeep_alive_timeout = 3\nuse_reloader = True\n", True),
        ("gunicorn.conf.py", "bind = 'x'\nworkers = 3\nworker_class = 'sync'\nkeepalive = 3\n", False),
        ("hypercorn.toml", "host = 'x'\n", False),
        ("pyproject.toml", "name = 'hypercorn'\nworkers = 3\n", False),
        ("hypercorn.md", "bind = 'x'\n", False),
    ],
)
def test_a_configuration_is_known_by_its_name_or_its_settings(path: str, text: str, yes: bool) -> None:
    assert hypercorn.looks_like(SourceFile(path, text)) is yes


@pytest.mark.parametrize("path", ["hypercorn.toml", "hypercorn_config.py"])
def test_a_file_that_nothing_launches_has_its_own_facts(path: str) -> None:
    found = hypercorn.configured(SourceFile(path, "bind = ':80'\n"), Environment(), None)
    assert found is not None
    assert (addresses(found), found.command) == (["0.0.0.0:80"], None)


def test_a_file_without_settings_describes_no_server() -> None:
    assert hypercorn.configured(SourceFile("h.toml", "host = 3\n"), Environment(), None) is None
