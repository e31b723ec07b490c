from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from command_lines import addresses, command, plain
from serveaudit.command import Command, Environment
from serveaudit.programs import gunicorn
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Address, Seconds
from serveaudit.values import Branch, How, Partial, Place, Range, Unknown, Value

CONF = "gunicorn.conf.py"


def server(text: str, files: Mapping[str, str] | None = None, **env: str) -> Server:
    found = gunicorn.start(command(text, files, **env))
    assert found is not None
    return found


def file(text: str, path: str = CONF) -> Server:
    found = gunicorn.configured(SourceFile(path, text), Environment(), None)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "gunicorn app:app",
        "/venv/bin/gunicorn app:app",
        "$VENV/bin/gunicorn app:app",
        "python -m gunicorn app:app",
        "python -mgunicorn app:app",
        "python3.12 -u -m gunicorn app:app",
        "python -W ignore /usr/bin/gunicorn app:app",
    ],
)
def test_gunicorn_is_known_by_its_name_path_and_module(text: str) -> None:
    assert server(text).app.x == "app:app"


@pytest.mark.parametrize("text", ["uvicorn app:app", "python app.py", "python -m uvicorn app:app", "gunicorn --version"])
def test_another_command_is_no_gunicorn(text: str) -> None:
    assert gunicorn.start(command(text)) is None


@pytest.mark.parametrize("text", ["gunicorn --check-config app:app", "gunicorn --print-config app:app"])
def test_a_command_that_only_checks_serves_nothing(text: str) -> None:
    assert gunicorn.start(command(text)) is None


def test_an_empty_command_starts_nothing() -> None:
    place = Place(SourceFile("x", "x").whole())
    assert gunicorn.start(Command((), place)) is None


def test_the_command_line_wins_over_the_variable_over_the_file_over_the_default() -> None:
    conf = "workers = 2\nthreads = 2\ntimeout = 20\n"
    found = server("gunicorn -w 4 app:app", {CONF: conf}, GUNICORN_CMD_ARGS="--workers 3 --threads 3")
    assert [plain(found, name) for name in ("workers", "threads", "timeout", "backlog")] == [4, 3, 20, 2048]
    origins = [found.settings[name].origin for name in ("workers", "threads", "timeout", "backlog")]
    assert origins == ["flag", "environment", "written", "default"]
    assert [each.value.x for each in found.settings["workers"].overrides] == [3, 2]


def test_the_value_of_the_variable_stands_at_its_own_place() -> None:
    threads = server("gunicorn app:app", GUNICORN_CMD_ARGS="--workers 3 --threads 3").settings["threads"]
    assert threads.place.span.text == "--threads 3"
    assert threads.place.span.path == "web.env"
    assert threads.value.places[0].how is How.ENVIRONMENT


def test_the_positional_words_of_the_variable_are_not_read() -> None:
    assert server("gunicorn", GUNICORN_CMD_ARGS="other:app").app.x is None


def test_the_default_file_is_read_from_where_gunicorn_is_started() -> None:
    assert plain(server("gunicorn app:app", {CONF: "workers = 5"}), "workers") == 5
    assert plain(server("gunicorn app:app", {"deploy/gunicorn.conf.py": "workers = 5"}), "workers") == 1


def test_chdir_does_not_move_the_search_for_the_file() -> None:
    found = server("gunicorn --chdir app app:app", {CONF: "workers = 5", "app/gunicorn.conf.py": "workers = 6"})
    assert plain(found, "workers") == 5


def test_a_default_file_counts_only_where_the_directory_is_known() -> None:
    line = replace(command("gunicorn -w 2 app:app", {CONF: "timeout = 9"}), cwd=Value(Unknown("it is not known")))
    found = gunicorn.start(line)
    assert found is not None
    assert (plain(found, "workers"), found.config) == (2, None)
    assert isinstance(found.value("timeout").x, Unknown)


def test_a_named_file_takes_the_place_of_the_default_one() -> None:
    files = {CONF: "workers = 5\ntimeout = 99", "prod.py": "workers = 6"}
    found = server("gunicorn -c prod.py app:app", files)
    assert (plain(found, "workers"), plain(found, "timeout")) == (6, 30)


@pytest.mark.parametrize("location", ["file:conf/prod.py", "conf/prod.py", "python:conf.prod", "./conf/prod.py"])
def test_a_file_is_named_in_three_ways(location: str) -> None:
    assert plain(server(f"gunicorn -c {location} app:app", {"conf/prod.py": "workers = 6"}), "workers") == 6


def test_the_command_lines_file_wins_over_that_of_the_variable() -> None:
    files = {"a.py": "workers = 5", "b.py": "workers = 6"}
    assert plain(server("gunicorn -c a.py app:app", files, GUNICORN_CMD_ARGS="-c b.py"), "workers") == 5
    assert plain(server("gunicorn app:app", files, GUNICORN_CMD_ARGS="-c b.py"), "workers") == 6


def test_a_named_file_that_is_not_there_leaves_everything_else_unknown() -> None:
    found = server("gunicorn -c conf.py -w 4 app:app")
    assert plain(found, "workers") == 4
    assert isinstance(found.value("timeout").x, Unknown)
    assert found.problems[0].span.text == "-c conf.py"


def test_a_list_of_a_stronger_source_takes_the_place_of_the_weaker_one() -> None:
    found = server("gunicorn -b a:1 -b b:2 -e B=2 app:app", {CONF: "bind = 'c:3'\nraw_env = ['A=1']"})
    assert plain(found, "bind") == ["a:1", "b:2"]
    assert plain(found, "raw_env") == ["B=2"]


def test_the_port_of_the_platform_opens_every_address() -> None:
    assert addresses(server("gunicorn app:app", PORT="9000")) == ["0.0.0.0:9000"]
    assert addresses(server("gunicorn app:app")) == ["127.0.0.1:8000"]


def test_a_written_bind_shadows_the_port_of_the_platform() -> None:
    found = server("gunicorn app:app", {CONF: "bind = '127.0.0.1:8000'"}, PORT="9000")
    assert addresses(found) == ["127.0.0.1:8000"]
    assert found.settings["bind"].overrides[0].origin == "environment"


def test_written_workers_shadow_web_concurrency() -> None:
    assert plain(server("gunicorn app:app", WEB_CONCURRENCY="3"), "workers") == 3
    found = server("gunicorn app:app", {CONF: "workers = 2"}, WEB_CONCURRENCY="3")
    assert plain(found, "workers") == 2
    assert found.settings["workers"].overrides[0].spelled == "WEB_CONCURRENCY"


@pytest.mark.parametrize("text", ["", "auto"])
def test_web_concurrency_must_be_a_number(text: str) -> None:
    assert server("gunicorn app:app", WEB_CONCURRENCY=text).settings["workers"].refused


def test_forwarded_allow_ips_may_come_from_its_variable() -> None:
    assert plain(server("gunicorn app:app", FORWARDED_ALLOW_IPS="10.0.0.0/8,::1"), "forwarded_allow_ips") == [
        "10.0.0.0/8",
        "::1",
    ]
    assert plain(server("gunicorn app:app"), "forwarded_allow_ips") == ["127.0.0.1", "::1"]


def test_a_default_that_a_variable_may_change_rests_on_its_not_being_set() -> None:
    assert server("gunicorn app:app").value("workers").assumes == ("$WEB_CONCURRENCY is not set",)
    assert server("gunicorn app:app").value("timeout").assumes == ()


def test_an_environment_that_was_not_read_may_set_what_is_computed_from_it() -> None:
    found = gunicorn.start(command("gunicorn app:app", complete=Unknown(".env was not read")))
    assert found is not None
    assert isinstance(found.value("bind").x, Unknown)
    assert plain(found, "timeout") == 30


def test_a_default_is_told_at_the_program_with_its_value() -> None:
    (place,) = server("gunicorn app:app").value("timeout").places
    assert (place.span.text, place.how, place.note) == ("gunicorn", How.DEFAULT, "gunicorn's default is 30 s")


def test_unknown_words_make_unknown_what_they_may_set() -> None:
    found = server("gunicorn $ARGS -w 4 app:app", {CONF: "timeout = 9"})
    assert plain(found, "workers") == 4
    assert isinstance(found.value("timeout").x, Unknown)


def test_a_second_positional_word_is_ignored() -> None:
    found = server("gunicorn app:app prod.conf")
    assert found.app.x == "app:app"
    assert [(bad.word, bad.refused) for bad in found.bad_flags] == [("prod.conf", False)]


def test_a_positional_word_behind_the_options_is_refused() -> None:
    found = server("gunicorn app:app -w 4 prod.conf")
    assert [(bad.word, bad.refused) for bad in found.bad_flags] == [("prod.conf", True)]


def test_the_proxy_protocol_option_swallows_the_application() -> None:
    found = server("gunicorn --proxy-protocol app:application")
    assert found.app.x is None
    assert "off, auto, v1, v2" in found.settings["proxy_protocol"].refused


def test_the_application_may_stand_in_the_file() -> None:
    assert server("gunicorn", {CONF: "wsgi_app = 'app:app'"}).app.x == "app:app"


@pytest.mark.parametrize(
    ("line", "name", "by"),
    [
        ("import reload", "reload", "import"),
        ("def reload(): pass", "reload", "def"),
        ("for workers in (4,): pass", "workers", "for"),
    ],
)
def test_a_name_sets_a_setting_however_it_is_bound(line: str, name: str, by: str) -> None:
    setting = file(line).settings[name]
    assert (setting.origin, setting.bound_by) == ("written", by)


def test_names_that_are_no_settings_are_strange() -> None:
    found = file("keep_alive = 5\nWORKERS = 3\nhost = '0.0.0.0'\nbind = host + ':80'\nimport os\n__all__ = []\nworkers = 1\n")
    assert [(each.name, each.used_elsewhere, each.row) for each in found.strange] == [
        ("keep_alive", False, None),
        ("WORKERS", False, None),
        ("host", True, None),
    ]
    assert found.strange[0].place.span.text == "keep_alive = 5"


def test_the_place_of_a_setting_is_its_assignment_and_the_literal_its_right_side() -> None:
    timeout = file("timeout = 120\n").settings["timeout"]
    assert timeout.place.span.text == "timeout = 120"
    assert timeout.value.places[0].span.text == "timeout = 120"
    assert timeout.literal is not None and timeout.literal.text == "120"


def test_a_setting_from_the_environment_rests_on_the_variable() -> None:
    timeout = file("import os\ntimeout = int(os.environ.get('TIMEOUT', 120))").value("timeout")
    assert timeout.x == Seconds(120)
    assert timeout.assumes == ("$TIMEOUT is not set",)


def test_workers_counted_from_the_processors_are_a_range() -> None:
    found = file("import multiprocessing\nworkers = multiprocessing.cpu_count() * 2 + 1")
    assert isinstance(found.processes.x, Range)


def test_a_setting_under_a_condition_is_the_default_otherwise() -> None:
    found = file("import os\nif os.environ['STAGE'] == 'dev':\n    timeout = 5\nworkers = 1")
    timeout = found.value("timeout")
    assert isinstance(timeout.x, Branch)
    assert [case.x for _, case in timeout.x.cases] == [5, 30]
    assert timeout.x.cases[0][1].places[0].span.text == "timeout = 5"


def test_a_setting_under_a_condition_that_does_not_hold_is_a_default_that_rests_on_it() -> None:
    timeout = file("import os\nif os.environ.get('SLOW'):\n    timeout = 500\nworkers = 1").settings["timeout"]
    assert (timeout.value.x, timeout.origin) == (30, "default")
    assert timeout.value.assumes == ("$SLOW is not set",)


def test_a_star_import_that_is_not_found_may_set_anything_else() -> None:
    found = file("from base_conf import *\nworkers = 4")
    assert plain(found, "workers") == 4
    assert isinstance(found.value("timeout").x, Unknown)


def test_a_file_that_is_no_python_is_a_problem_and_leaves_everything_unknown() -> None:
    found = server("gunicorn app:app", {CONF: "workers = {{ workers }}}\n"})
    assert found.problems
    assert isinstance(found.value("workers").x, Unknown)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("workers = 'four'", "workers"),
        ("workers = -1", "workers"),
        ("workers = 2.5", "workers"),
        ("workers = None", "workers"),
        ("timeout = 30.5", "timeout"),
        ("daemon = 1", "daemon"),
        ("daemon = 'yes'", "daemon"),
        ("bind = 8000", "bind"),
        ("bind = '0.0.0.0:80x'", "bind"),
        ("bind = 'http://0.0.0.0:80'", "bind"),
        ("bind = '0.0.0.0:99999'", "bind"),
        ("accesslog = True", "accesslog"),
        ("forwarded_allow_ips = ['*']", "forwarded_allow_ips"),
        ("forwarded_allow_ips = 'nginx'", "forwarded_allow_ips"),
        ("forwarded_allow_ips = '10.0.0.1/8'", "forwarded_allow_ips"),
        ("http_protocols = ['h1']", "http_protocols"),
        ("http_protocols = 'h3'", "http_protocols"),
        ("secure_scheme_headers = 'x'", "secure_scheme_headers"),
        ("umask = '022'", "umask"),
        ("control_socket = None", "control_socket"),
        ("raw_env = ['NOEQ']", "raw_env"),
        ("raw_env = {'A': '1'}", "raw_env"),
        ("def post_fork(server): pass", "post_fork"),
        ("post_fork = 3", "post_fork"),
        ("header_map = 'keep'", "header_map"),
        ("reload_engine = 'fast'", "reload_engine"),
    ],
)
def test_a_value_with_which_gunicorn_does_not_start_is_refused(line: str, name: str) -> None:
    setting = file(line).settings[name]
    assert setting.refused
    assert isinstance(setting.value.x, Unknown)


@pytest.mark.parametrize(
    ("line", "name", "taken"),
    [
        ("workers = '3'", "workers", 3),
        ("workers = 0", "workers", 0),
        ("workers = True", "workers", 1),
        ("daemon = 'false'", "daemon", False),
        ("umask = 22", "umask", 22),
        ("bind = 'a'", "bind", ["a"]),
        ("bind = ('a', 'b')", "bind", ["a", "b"]),
        ("bind = ''", "bind", []),
        ("forwarded_allow_ips = '*'", "forwarded_allow_ips", ["*"]),
        ("forwarded_allow_ips = ''", "forwarded_allow_ips", []),
        ("proxy_protocol = True", "proxy_protocol", "auto"),
        ("proxy_protocol = 'V2'", "proxy_protocol", "v2"),
        ("http2_cleartext = True", "http2_cleartext", "prior-knowledge"),
        ("accesslog = ' - '", "accesslog", "-"),
        ("loglevel = 'verbose'", "loglevel", "verbose"),
        ("user = '1000'", "user", 1000),
        ("post_fork = 'app.hooks.post_fork'", "post_fork", "app.hooks.post_fork"),
    ],
)
def test_a_value_is_taken_as_gunicorn_takes_it(line: str, name: str, taken: object) -> None:
    found = file(line)
    assert found.settings[name].refused == ""
    assert plain(found, name) == taken


def test_post_request_may_do_with_fewer_parameters() -> None:
    assert file("def post_request(worker, req): pass").settings["post_request"].refused == ""


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("0.0.0.0", Address("tcp", "0.0.0.0", 8000)),
        (":80", Address("tcp", "", 80)),
        ("[::1]:80", Address("tcp", "::1", 80)),
        ("[::1]", Address("tcp", "::1", 8000)),
        ("tcp://Host:80", Address("tcp", "host", 80)),
        ("unix:/run/a.sock", Address("unix", path="/run/a.sock")),
        ("unix:///run/a.sock", Address("unix", path="/run/a.sock")),
        ("unix:a.sock", Address("unix", path="a.sock")),
        ("fd://3", Address("fd", path="3")),
    ],
)
def test_an_address_is_read_as_gunicorn_reads_it(bind: str, address: Address) -> None:
    listeners = server(f"gunicorn -b {bind} app:app").listeners.x
    assert [listener.address.x for listener in listeners] == [address]


def test_of_a_port_that_is_not_known_the_host_is_kept() -> None:
    (listener,) = server("gunicorn -b 0.0.0.0:$PORT app:app").listeners.x
    assert listener.address.x == Address("tcp", "0.0.0.0", None)


def test_a_port_of_the_platform_that_is_not_known_opens_every_address() -> None:
    line = command("gunicorn app:app")
    port = Value(Unknown("the platform sets it", "$PORT"))
    found = gunicorn.start(Command(line.argv, line.place, env=Environment({"PORT": port})))
    assert found is not None
    (bind,) = found.value("bind").x
    assert isinstance(bind.x, Partial)
    (listener,) = found.listeners.x
    assert listener.address.x == Address("tcp", "0.0.0.0", None)


def test_one_of_the_two_files_of_tls_turns_it_on() -> None:
    for flags, on in (("", False), ("--certfile c.pem ", True), ("--keyfile k.pem ", True)):
        (listener,) = server(f"gunicorn {flags}app:app").listeners.x
        assert listener.tls.x is on


def test_the_uwsgi_protocol_is_spoken_where_it_is_set() -> None:
    (listener,) = server("gunicorn --protocol uwsgi app:app").listeners.x
    assert listener.protocol == "uwsgi"


@pytest.mark.parametrize(
    ("flags", "kind", "interface", "limit", "idle", "threads"),
    [
        ("", "sync", "wsgi", 30, None, 1),
        ("-t 0", "sync", "wsgi", None, None, 1),
        ("--threads 4", "gthread", "wsgi", None, 2, 4),
        ("-k gthread", "gthread", "wsgi", None, 2, 1),
        ("-k gevent --threads 4", "gevent", "wsgi", None, 2, 1),
        ("-k gevent_pywsgi", "gevent", "wsgi", None, 2, 1),
        ("-k egg:gunicorn#gevent", "gevent", "wsgi", None, 2, 1),
        ("-k gunicorn.workers.ggevent.GeventWorker", "gevent", "wsgi", None, 2, 1),
        ("-k gunicorn.workers.sync.SyncWorker --threads 2", "gthread", "wsgi", None, 2, 2),
        ("-k tornado", "tornado", "wsgi", None, None, 1),
        ("-k asgi --keep-alive 7", "asgi", "asgi", None, 7, 1),
        ("-k uvicorn.workers.UvicornWorker", "uvicorn", "asgi", None, 2, 1),
        ("-k uvicorn_worker.UvicornH11Worker --keep-alive 9", "uvicorn", "asgi", None, 9, 1),
    ],
)
def test_what_a_worker_class_means(
    flags: str, kind: str, interface: str, limit: float | None, idle: float | None, threads: int
) -> None:
    found = server(f"gunicorn {flags} app:app")
    assert (found.worker_class.x, found.interface.x) == (kind, interface)
    assert (found.request_limit.x, found.idle_keepalive.x, found.threads.x) == (limit, idle, threads)


def test_a_misspelt_worker_class_stays_as_it_is_written() -> None:
    found = server("gunicorn -k gevnt app:app")
    assert found.worker_class.x == "gevnt"
    assert isinstance(found.interface.x, Unknown)


def test_a_worker_class_that_depends_on_a_choice_keeps_both_cases() -> None:
    found = file("import os\nworker_class = 'gevent' if os.environ['FAST'] == '1' else 'sync'")
    assert isinstance(found.worker_class.x, Branch)
    assert isinstance(found.request_limit.x, Branch)
    assert {case.x for _, case in found.request_limit.x.cases} == {None, Seconds(30)}


WORKER = """from uvicorn.workers import UvicornWorker
class Worker(UvicornWorker):
    CONFIG_KWARGS = {"lifespan": "off", "timeout_keep_alive": 75, "forwarded_allow_ips": "*", "nope": 1}
"""


def test_config_kwargs_of_a_worker_of_the_repository_win_over_gunicorns_settings() -> None:
    found = server("gunicorn -k proj.workers.Worker --keep-alive 9 app:app", {"proj/workers.py": WORKER})
    assert found.worker_class.x == "uvicorn"
    assert found.idle_keepalive.x == Seconds(75)
    assert plain(found, "forwarded_allow_ips") == ["*"]
    assert plain(found, "lifespan") == "off"
    assert plain(found, "proxy_headers") is True
    assert [(each.name, each.bound_by) for each in found.strange] == [("nope", "key")]


def test_the_librarys_worker_class_is_told_where_it_is_imported() -> None:
    found = server("gunicorn -k proj.workers.Worker app:app", {"proj/workers.py": WORKER})
    assert found.worker_base.x == "uvicorn.workers.UvicornWorker"
    (place,) = found.worker_base.places
    assert (place.span.path, place.span.line) == ("proj/workers.py", 1)


def test_a_worker_class_of_the_configuration_file_itself_is_followed() -> None:
    found = server("gunicorn app:app", {CONF: WORKER + "worker_class = Worker\n"})
    assert (found.worker_class.x, found.worker_base.x) == ("uvicorn", "uvicorn.workers.UvicornWorker")


def test_an_imported_worker_class_is_known_by_its_full_name() -> None:
    found = server("gunicorn app:app", {CONF: "from uvicorn_worker import UvicornWorker as worker_class\n"})
    assert (found.worker_class.x, found.worker_base.x) == ("uvicorn", "uvicorn_worker.UvicornWorker")


def test_config_kwargs_that_are_not_known_leave_uvicorns_settings_unknown() -> None:
    worker = WORKER.partition("    CONFIG")[0] + "    from conf import CONFIG_KWARGS\n"
    found = server("gunicorn -k proj.workers.Worker app:app", {"proj/workers.py": worker})
    assert isinstance(found.idle_keepalive.x, Unknown)
    assert isinstance(found.value("forwarded_allow_ips").x, Unknown)
    assert plain(found, "timeout") == 30


def test_a_worker_class_from_elsewhere_is_not_known() -> None:
    found = server("gunicorn -k other.Worker app:app")
    assert isinstance(found.worker_class.x, Unknown)
    assert isinstance(found.request_limit.x, Unknown)


def test_uvicorns_worker_gets_gunicorns_graceful_timeout_from_the_master() -> None:
    assert server("gunicorn -k uvicorn_worker.UvicornWorker --graceful-timeout 9 app:app").graceful_timeout.x == 9


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gunicorn.conf.py", "workers = 2\n"),
        ("deploy/gunicorn_config.py", "bind = '0.0.0.0:80'\n"),
        ("config/prod.py", "bind = '0.0.0.0:80'\nworkers = 3\nworker_connections = 9\n"),
        ("conf.py", "bind = ':80'\ntimeout = 4\ndef post_fork(server, worker):\n    pass\n"),
    ],
)
def test_a_configuration_is_known_by_its_name_or_its_settings(path: str, text: str) -> None:
    assert gunicorn.looks_like(SourceFile(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("settings.py", "host = '0.0.0.0'\nport = 80\nworkers = 3\ntimeout = 9\nreload = True\n"),
        ("gunicorn_app.py", "from gunicorn.app.base import BaseApplication\nworkers = 3\nbind = 'x'\n"),
        ("gunicorn_worker.py", "class Worker: pass\n"),
        ("hypercorn_config.py", "bind = 'x'\nworkers = 3\nworker_class = 'asyncio'\naccesslog = '-'\nmax_requests = 3\n"),
        ("tasks.py", "def timeout(): pass\nbind = 3\nlogconfig = 4\n    max_requests = 3\n"),
        ("gunicorn.conf.py", "host = 3\n"),
    ],
)
def test_an_ordinary_python_file_is_no_configuration(path: str, text: str) -> None:
    assert not gunicorn.looks_like(SourceFile(path, text))


def test_a_file_without_settings_describes_no_server() -> None:
    assert gunicorn.configured(SourceFile("x.py", "host = 3"), Environment(), None) is None


def test_a_file_that_nothing_launches_has_its_own_facts() -> None:
    found = file("bind = 'unix:/run/a.sock'\nwsgi_app = 'a:b'\n")
    assert found.command is None
    assert (addresses(found), found.app.x) == (["unix:/run/a.sock"], "a:b")
    assert found.value("timeout").places[0].span.line == 1


def test_what_uvicorns_worker_takes_over_from_gunicorn() -> None:
    line = "gunicorn -k uvicorn_worker.UvicornWorker -t 60 --max-requests 100 --max-requests-jitter 9 app:app"
    found = server(line)
    assert [found.value(name).x for name in ("timeout_notify", "limit_max_requests")] == [Seconds(30), Range(100, 109)]
    assert server("gunicorn -k uvicorn_worker.UvicornWorker app:app").value("limit_max_requests").x is None


def test_the_h11_worker_has_a_loop_and_a_parser_of_its_own() -> None:
    found = server("gunicorn -k uvicorn_worker.UvicornH11Worker app:app")
    assert [found.value(name).x for name in ("loop", "http")] == ["asyncio", "h11"]


def test_a_keyword_that_uvicorn_does_not_take_ends_the_worker() -> None:
    text = "from uvicorn_worker import UvicornWorker\nclass W(UvicornWorker):\n    CONFIG_KWARGS = {'keepalive': 5}\n"
    (strange,) = server("gunicorn -k w.W app:app", {"w.py": text}).strange
    assert "TypeError" in strange.refused


OBJECTS = {
    "an object": "class Config:\n    pass\nconfig = Config()\n",
    "decouple's": "from decouple import config\nworkers = config('WORKERS', default=3, cast=int)\n",
    "a module": "import config\nworkers = 3\n",
    "a function": "def timeout():\n    return 30\n",
    "a class": "class reload:\n    pass\n",
}


@pytest.mark.parametrize("case", OBJECTS)
def test_an_object_that_has_the_name_of_a_setting_is_refused(case: str) -> None:
    found = server("gunicorn app:app", {CONF: OBJECTS[case], "config.py": "A = 1"})
    (refused,) = [each for each in found.settings.values() if each.refused]
    assert refused.refused.endswith(", and no plain value")
