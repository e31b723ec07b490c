"""What uWSGI runs with: environment, command line and files as one list, and what it makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from serveaudit.command import Command, Environment
from serveaudit.programs import uwsgi
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.tables import facts
from serveaudit.units import Address, Bytes, Seconds
from serveaudit.values import Branch, Items, Partial, Place, Range, Unknown, Value


class Disk:
    """Files by path; everything else surely is not there, but for what lies below /unknown."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def read(self, path: str, cwd: str = "") -> SourceFile | Unknown | None:
        if path.startswith("/unknown"):
            return Unknown(f"{path} is outside of the repository")
        path = path.removeprefix("/app/")
        return SourceFile(path, self.files[path]) if path in self.files else None

    def module(self, dotted: str, cwd: str = "") -> SourceFile | Unknown | None:
        return None


def place(text: str, at: int = 0) -> Place:
    return Place(SourceFile("launch.sh", text).span(at, len(text)))


def environment(**variables: str) -> Environment:
    return Environment({name: Value(text, (place(f"{name}={text}"),)) for name, text in variables.items()})


def command(line: str, files: dict[str, str] | None = None, cwd: str = "/app", env: Environment | None = None) -> Command:
    source = SourceFile("launch.sh", line)
    words, at = [], 0
    for word in line.split(" "):
        x: Any = Unknown(f"{word} is not known", word) if word.startswith("$") else word
        words.append(Value(x, (Place(source.span(at, at + len(word))),)))
        at += len(word) + 1
    return Command(tuple(words), Place(source.whole()), Value(cwd), env or Environment(), Disk(files or {}))


def run(line: str, files: dict[str, str] | None = None, cwd: str = "/app", env: Environment | None = None) -> Server:
    server = uwsgi.start(command(line, files, cwd, env))
    assert server is not None
    return server


def of(text: str, env: Environment | None = None, files: dict[str, str] | None = None) -> Server:
    """What `uwsgi --ini app.ini` makes of the lines of a section."""
    return run("uwsgi --ini app.ini", {"app.ini": "[uwsgi]\n" + text, **(files or {})}, env=env)


def x(server: Server, name: str) -> Any:
    return server.value(name).x


def members(server: Server, name: str) -> list[Any]:
    items = x(server, name)
    assert isinstance(items, Items)
    return [member.x for member in items]


def addresses(server: Server) -> list[tuple[str, str]]:
    return [(str(listener.address.x), listener.protocol) for listener in server.listeners.x]


def lines(value: Value[Any]) -> list[str]:
    return [str(place.span) for place in value.places]


# values


def test_the_last_one_of_a_scalar_counts_and_overrides_are_kept() -> None:
    server = of("processes = 2\nworkers = 4\n")
    setting = server.settings["processes"]
    assert (setting.value.x, setting.spelled, str(setting.place.span)) == (4, "workers", "app.ini:3")
    assert [(each.value.x, each.spelled) for each in setting.overrides] == [(2, "processes")]


def test_lists_gather() -> None:
    server = of("env = A=1\nenv = B=2\n")
    assert members(server, "env") == ["A=1", "B=2"]
    assert lines(server.value("env")) == ["app.ini:2", "app.ini:3"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("flase", True), ("", True), ("1", True), ("0", False), ("No", False), ("off", False), ("FALSE", False)],
)
def test_only_four_words_are_false(text: str, value: bool) -> None:
    assert x(of(f"master = {text}\n"), "master") is value


@pytest.mark.parametrize(("text", "value"), [("4", 4), ("four", 0), ("4x", 4), (" 12 ", 12), ("", 0), ("0x10", 0)])
def test_numbers_are_read_as_c_reads_them(text: str, value: int) -> None:
    assert x(of(f"max-requests = {text}\n"), "max-requests") == value


def test_units_are_in_the_types() -> None:
    server = of("harakiri = 30s\nbuffer-size = 64k\nreload-on-rss = 200\nlisten = 70000\n")
    assert isinstance(x(server, "harakiri"), Seconds)
    assert (x(server, "harakiri"), x(server, "buffer-size"), x(server, "reload-on-rss")) == (30, 64, 200 << 20)
    assert isinstance(x(server, "buffer-size"), Bytes)


def test_sixteen_bits_are_cut_off() -> None:
    assert x(of("buffer-size = 70000\n"), "buffer-size") == 65535


def test_what_uwsgi_does_not_start_with_is_refused() -> None:
    server = of("processes = -1\nchmod-socket = 0664\n")
    assert server.settings["processes"].refused == "it must not be negative"
    assert server.settings["chmod-socket"].refused == "three octal digits are wanted"
    assert isinstance(server.processes.x, Unknown)


@pytest.mark.parametrize(("text", "mode"), [("664", 0o664), ("1", 0o666)])
def test_socket_modes(text: str, mode: int) -> None:
    assert x(of(f"chmod-socket = {text}\n"), "chmod-socket") == mode


def test_a_mode_without_digits_is_refused_but_for_a_flag() -> None:
    assert of("chmod-socket =\n").settings["chmod-socket"].refused == "three octal digits are wanted"
    server = run("uwsgi --chmod-socket --master")
    assert (x(server, "chmod-socket"), x(server, "master")) == (0o666, True)


@pytest.mark.parametrize(("text", "kept"), [("99999999999", 1215752191), ("-1", None), ("3000000000", None)])
def test_numbers_are_kept_in_32_bits(text: str, kept: int | None) -> None:
    value = x(of(f"worker-reload-mercy = {text}\n"), "worker-reload-mercy")
    assert value == kept or (kept is None and isinstance(value, Unknown))


def test_a_comment_behind_a_value_is_a_part_of_it() -> None:
    assert of("module = app:app ; the app\n").app.x == "app:app ; the app"


def test_some_options_imply_others_unless_those_are_written() -> None:
    assert x(of("stats = :1717\n"), "master") is True
    assert of("stats = :1717\n").value("master").places[0].note == "stats implies master"
    assert x(of("stats = :1717\nmaster = false\n"), "master") is False
    assert x(of("master = false\nstats = :1717\n"), "master") is False
    assert of("threads = 4\n").settings["enable-threads"].spelled == "threads"


def test_a_loop_engine_sets_what_it_needs() -> None:
    server = of("gevent = 100\n")
    assert [x(server, name) for name in ("async", "loop", "socket-timeout")] == [100, "gevent", Seconds(30)]
    assert lines(server.value("async")) == ["app.ini:2"]
    later = of("socket-timeout = 60\ngevent = 100\nasync = 5\n")
    assert [x(later, name) for name in ("async", "socket-timeout")] == [5, Seconds(60)]
    assert later.settings["socket-timeout"].place.note == ""
    assert x(of("gevent = 100\nsocket-timeout = 10\n"), "socket-timeout") == Seconds(10)


def test_what_nobody_wrote_has_its_default_at_the_head_of_the_section() -> None:
    setting = of("master = true\n").settings["die-on-term"]
    assert (setting.value.x, setting.origin, str(setting.place.span)) == (False, "default", "app.ini:1")
    assert setting.place.note == "uWSGI's default is off"


def test_the_number_of_processes_rests_on_the_environment() -> None:
    assert of("master = true\n").processes.assumes == ("$UWSGI_PROCESSES is not set",)
    assert of("processes = 2\n").processes.assumes == ()
    unread = Environment(complete=Unknown("prod.env is not there"))
    assert isinstance(of("master = true\n", unread).processes.x, Unknown)
    assert of("master = true\n", unread).value("die-on-term").assumes == ("$UWSGI_DIE_ON_TERM is not set",)


# order


def test_a_file_behind_an_option_counts_at_its_place() -> None:
    ini = {"f.ini": "[uwsgi]\nprocesses = 2\n"}
    assert run("uwsgi --ini f.ini --processes 4", ini).processes.x == 4
    assert run("uwsgi --processes 4 --ini f.ini", ini).processes.x == 2
    assert run("uwsgi --ini=f.ini -p4", ini).processes.x == 4


def test_a_file_without_an_option_comes_last() -> None:
    server = run("uwsgi f.ini --processes 4", {"f.ini": "[uwsgi]\nprocesses = 2\n"})
    assert server.processes.x == 2
    assert [(each.value.x, each.origin) for each in server.settings["processes"].overrides] == [(4, "flag")]


def test_the_environment_comes_first() -> None:
    env = environment(UWSGI_PROCESSES="3", UWSGI_THREADS="2", UWSGI_RELOADS="1", OTHER="x")
    server = of("threads = 5\n", env)
    assert (server.processes.x, server.threads.x) == (3, 5)
    assert server.settings["processes"].origin == "environment"
    assert server.processes.depends == ("env:UWSGI_PROCESSES",)


def test_sections_by_name_and_of_the_last_file() -> None:
    ini = "[uwsgi]\nini = :base\nprocesses = 1\n[base]\nmaster = true\n[prod]\nprocesses = 8\nini = :base\n"
    server = run("uwsgi --ini f.ini:prod", {"f.ini": ini})
    assert (server.processes.x, x(server, "master")) == (8, True)
    assert lines(server.value("master")) == ["f.ini:5"]


def test_a_file_without_an_option_takes_no_section() -> None:
    server = run("uwsgi f.ini:prod", {"f.ini": "[prod]\nmaster = true\n"})
    assert [(bad.word, bad.near, bad.refused) for bad in server.bad_flags] == [("f.ini:prod", "--ini", True)]


def test_an_inherited_file_comes_last() -> None:
    server = of("inherit = base.ini\nprocesses = 1\n", files={"base.ini": "[uwsgi]\nprocesses = 7\n"})
    assert server.processes.x == 7


def test_an_included_file_counts_at_its_place() -> None:
    server = of("include = base.ini\nprocesses = 1\n", files={"base.ini": "[uwsgi]\nprocesses = 7\n"})
    assert server.processes.x == 1


def test_a_circle_of_files_ends() -> None:
    server = of("ini = app.ini\nmaster = true\n")
    assert x(server, "master") is True
    assert "again and again" in server.problems[0].message


# what is replaced


def test_names_of_other_options_are_replaced_and_their_lines_are_evidence() -> None:
    server = of("port = 9000\nsocket = 0.0.0.0:%(port)\n")
    assert addresses(server) == [("0.0.0.0:9000", "uwsgi")]
    assert lines(server.listeners.x.members[0].address)[0] == "app.ini:3"
    assert server.strange == []


def test_sums_work_from_left_to_right_and_know_no_parentheses() -> None:
    assert of("n = 3\nprocesses = %(n * 2 + 1)\n").processes.x == 7
    assert x(of("cheaper-step = 8\nprio = %(1 - cheaper-step / 2 + 9)\n"), "prio") == 6
    assert of("processes = %((%k * 2) + 1)\n").processes.x == 1


def test_the_number_of_cpus_is_a_range() -> None:
    server = of("processes = %k\nthreads = %(%k * 2)\n")
    assert server.processes.x == Range(1)
    assert server.processes.depends == ("cpus",)
    assert server.threads.x == Range(2)
    assert of("processes = %k * 2\n").processes.x == Range(1)


def test_variables_of_the_environment_are_replaced() -> None:
    server = of("http-socket = :$(PORT)\n", environment(PORT="8000"))
    assert addresses(server) == [("0.0.0.0:8000", "http")]
    address = server.listeners.x.members[0].address
    assert address.depends == ("env:PORT",)


def test_an_unset_variable_is_unknown() -> None:
    server = of("http-socket = :$(PORT)\nharakiri = $(LIMIT)\n")
    assert server.listeners.x.members[0].address.x == Address("tcp", "", None)
    assert x(server, "harakiri") == Unknown("$LIMIT is set outside of what was read", "$LIMIT")


def test_options_that_are_taken_at_once_keep_their_placeholders() -> None:
    assert x(of("n = 100\nlisten = %(n)\n"), "listen") == 0


def test_magic_characters() -> None:
    assert addresses(of("socket = %dapp.sock\n")) == [("unix:/app/app.sock", "uwsgi")]
    assert x(of("pidfile = /run/%n.%e-%%x-%q\n"), "pidfile") == "/run/app.ini-%x-"


def test_a_percent_sign_at_the_end_of_a_line_takes_the_next_line() -> None:
    assert x(of("procname = 100%\nmaster = 1\n"), "procname") == "100master = 1"
    server = of("; up to 50%\nmaster = 1\nvacuum = 1\n")
    assert (x(server, "master"), x(server, "vacuum"), lines(server.value("vacuum"))) == (False, True, ["app.ini:4"])


def test_capital_letters_tell_of_the_first_file_that_an_option_names() -> None:
    more = {"more.ini": "[uwsgi]\npidfile = %N-%n\n"}
    assert x(of("include = more.ini\n", files=more), "pidfile") == "app-more"
    assert x(run("uwsgi more.ini", more), "pidfile") == "-more"


def test_the_directory_of_a_file_that_nothing_starts_is_not_known() -> None:
    source = SourceFile("deploy/app.ini", "[uwsgi]\nsocket = %dapp.sock\nvacuum = 1\n")
    server = uwsgi.configured(source, Environment())
    assert server is not None
    assert isinstance(server.listeners.x.members[0].address.x, Unknown)
    assert isinstance(server.value("socket").x.members[0].x, Partial)
    assert str(server.place.span) == "deploy/app.ini:1"


def test_an_option_that_contains_itself_ends() -> None:
    assert isinstance(x(of("a = x%(a)\npidfile = x%(a)\n"), "pidfile"), Partial)


# conditions


def test_conditions_on_variables() -> None:
    text = "if-env = DEBUG\npy-autoreload = 1\nendif =\nif-not-env = DEBUG\nprocesses = 4\nendif =\n"
    unset, set_ = of(text), of(text, environment(DEBUG="1"))
    assert (unset.processes.x, unset.reload.x) == (4, False)
    assert "$DEBUG is not set" in unset.reload.assumes
    assert (set_.processes.x, set_.reload.x) == (1, True)
    assert set_.settings["py-auto-reload"].bound_by == "if"


def test_a_variable_that_may_be_set_leaves_both() -> None:
    text = "processes = 1\nif-env = PROD\nprocesses = 4\nendif =\nif-not-env = PROD\nprocesses = 2\nendif =\n"
    value = of(text, Environment(complete=Unknown("prod.env is not there"))).processes
    assert {choices: case.x for choices, case in value.worlds()} == {("$PROD is set",): 4, ("$PROD is not set",): 2}


def test_conditions_with_a_value_put_it_in() -> None:
    text = "if-env = PORT\nhttp-socket = :%(_)\nendif =\nif-not-env = PORT\nhttp-socket = :8000\nendif =\n"
    assert addresses(of(text, environment(PORT="9"))) == [("0.0.0.0:9", "http")]
    assert addresses(of(text)) == [("0.0.0.0:8000", "http")]


def test_conditions_on_options_and_files() -> None:
    text = "x = 1\nif-opt = x=1\nthreads = 2\nendif =\nif-file = there.txt\nmaster = 1\nendif =\n"
    server = of(text, files={"there.txt": ""})
    assert (server.threads.x, x(server, "master")) == (2, True)
    assert server.strange == []


def test_a_file_that_may_be_there_leaves_both() -> None:
    value = of("if-exists = /etc/x\nprocesses = 3\nendif =\n").processes
    assert isinstance(value.x, Branch)
    assert [label for label, _ in value.x.cases] == ["/etc/x exists", "/etc/x does not exist"]


def test_loops() -> None:
    assert members(of("for = a b\nstatic-map = /%(_)=/srv/%(_)\nendfor =\n"), "static-map") == ["/a=/srv/a", "/b=/srv/b"]
    assert addresses(of("for-times = 2\nsocket = :900%(_)\nendfor =\n")) == [
        ("0.0.0.0:9001", "uwsgi"),
        ("0.0.0.0:9002", "uwsgi"),
    ]
    globbed = x(of("for-glob = /etc/*\nattach-daemon = %(_)\nendfor =\n"), "attach-daemon")
    assert isinstance(globbed.complete, Unknown)


def test_loops_over_lines_of_a_file() -> None:
    text = "for-readline = list.txt\nenv = %(_)\nendfor =\n"
    assert members(of(text, files={"list.txt": "A=1\nB=2\n"}), "env") == ["A=1", "B=2"]
    assert x(of(text), "env") is None
    assert isinstance(x(of(text.replace("list", "/unknown/list")), "env").complete, Unknown)


def test_the_text_of_a_file() -> None:
    files = {"version.txt": "1.2\n"}
    value = of("procname = shop-@(version.txt)\n", files=files).value("procname")
    assert (value.x, lines(value)) == ("shop-1.2", ["app.ini:2", "version.txt:1"])
    assert of("procname = @(none.txt)\n").problems[0].message == "there is no file none.txt"


def test_an_option_of_ones_own_leaves_open_what_it_sets() -> None:
    server = of("declare-option = shop=threads=$1;harakiri=9\nshop = 4\nmaster = 1\n")
    assert isinstance(x(server, "threads"), Unknown)
    assert (x(server, "master"), server.strange) == (True, [])


def test_nesting_and_a_missing_end_are_problems() -> None:
    server = of("if-env = A\nif-env = B\nmaster = 1\n")
    assert [problem.span.line for problem in server.problems] == [3, 2]


# names


def test_names_that_uwsgi_does_not_know_are_strange() -> None:
    server = of("die_on_term = true\nmaster : true\npy-callos-afterfork = true\nbase = /code\nchdir = %(base)/x\n")
    assert [setting.name for setting in server.strange] == ["die_on_term", "master : true", "py-callos-afterfork"]
    assert str(server.strange[0].place.span) == "app.ini:2"
    meant = [facts("uwsgi").instead_of(setting.spelled).becomes for setting in server.strange]
    assert meant == ["die-on-term", "master", "py-call-osafterfork"]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("base = /code\nchdir = %(base)\n", True),
        ("set-placeholder = base=/code\nchdir = %(base)\n", False),
        ("declare-option = shop=threads=$1\nshop = 3\n", False),
        ("if-env = X\nmaster = 1\nendif =\n", False),
        ("max_requests = 3\n", True),
    ],
)
def test_strict_wants_every_name_to_be_an_option(text: str, refused: bool) -> None:
    assert bool(of("strict = true\n" + text).settings["strict"].refused) is refused
    assert not of(text).settings["strict"].refused


def test_options_of_plugins_are_known() -> None:
    assert of("php-docroot = /x\nmono-app = y\nlua = z\nrouter-list\n").strange == []


def test_an_unread_file_may_read_a_name() -> None:
    server = of("base = /code\nmax_requests = 4\nini = /unknown/x.ini\n")
    assert [setting.name for setting in server.strange] == ["max_requests"]


def test_unknown_flags_are_refused() -> None:
    server = run("uwsgi --http :80 --worker 4 --mast")
    assert [bad.word for bad in server.bad_flags] == ["--worker", "--mast"]


# what was not read


def test_an_unread_file_leaves_everything_before_it_open() -> None:
    server = of("threads = 2\nini = /unknown/x.ini\nprocesses = 3\n")
    assert server.processes.x == 3
    assert isinstance(server.threads.x, Unknown)
    assert isinstance(x(server, "die-on-term"), Unknown)
    assert isinstance(server.listeners.x.complete, Unknown)


def test_an_unknown_word_leaves_everything_before_it_open() -> None:
    server = run("uwsgi --master $ARGS --processes 3")
    assert server.processes.x == 3
    assert isinstance(x(server, "master"), Unknown)


def test_a_file_that_is_not_there_is_a_problem() -> None:
    server = run("uwsgi --ini nope.ini")
    assert [(problem.message, problem.span.text) for problem in server.problems] == [
        ("there is no file nope.ini", "--ini nope.ini")
    ]


def test_a_missing_section_is_a_problem() -> None:
    server = run("uwsgi --ini app.ini:prod", {"app.ini": "[uwsgi]\nmaster = true\n"})
    assert server.problems[0].message == "app.ini has no section prod"


def test_what_a_template_fills_in_is_unknown() -> None:
    server = of("chdir = /srv/{{ name }}/\nprocesses = {{ n }}\nsocket = {{ dir }}/a.sock\nthreads = 2\n")
    assert isinstance(server.processes.x, Unknown)
    assert isinstance(x(server, "chdir"), Partial)
    assert (server.threads.x, server.strange) == (2, [])


def test_what_a_template_decides_about_is_unknown() -> None:
    server = of("{% if threads %}\nthreads = 2\n{% endif %}\n{{ patch('uwsgi') }}\nmax_requests = 3\n")
    assert isinstance(server.threads.x, Unknown)
    assert [setting.name for setting in server.strange] == ["max_requests"]


# listeners


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("socket = 127.0.0.1:3031", [("127.0.0.1:3031", "uwsgi")]),
        ("socket = :8000\nprotocol = http", [("0.0.0.0:8000", "http")]),
        ("uwsgi-socket = :8000\nprotocol = http", [("0.0.0.0:8000", "uwsgi")]),
        ("http = :80\nsocket = /run/a.sock", [("0.0.0.0:80", "http"), ("unix:/run/a.sock", "uwsgi")]),
        ("fastcgi-socket = @name", [("unix:@name", "fastcgi")]),
        ("shared-socket = :80\nhttp-socket = =0", [("0.0.0.0:80", "http")]),
        ("chdir = /srv\nsocket = a.sock", [("unix:/srv/a.sock", "uwsgi")]),
        ("http-socket = [::1]:80", [("[::1]:80", "http")]),
        ("http = *:80", [("0.0.0.0:80", "http")]),
        ("socket = :80\nprotocol = htp", [("0.0.0.0:80", "uwsgi")]),
        ("http = 8000", [("unix:/app/8000", "http")]),
        ("socket = :0", [("0.0.0.0", "uwsgi")]),
        ("master = true", []),
    ],
)
def test_listeners(text: str, expected: list[tuple[str, str]]) -> None:
    assert addresses(of(text + "\n")) == expected


def test_a_star_is_every_address_for_the_router_alone() -> None:
    assert isinstance(of("http-socket = *:80\n").listeners.x.members[0].address.x, Unknown)


def test_tls_listeners() -> None:
    server = of("https = :443,a.crt,a.key\nhttps2 = addr=:444,cert=a\n")
    assert [(str(each.address.x), each.tls.x) for each in server.listeners.x] == [("0.0.0.0:443", True), ("0.0.0.0:444", True)]


def test_a_listener_under_a_condition() -> None:
    text = "if-env = DEV\nhttp = :80\nendif =\nsocket = :9000\n"
    server = of(text, Environment(complete=Unknown("prod.env is not there")))
    worlds = [[str(each.address.x) for each in world.x] for _, world in server.listeners.worlds()]
    assert worlds == [["0.0.0.0:80", "0.0.0.0:9000"], ["0.0.0.0:9000"]]


# what it means


def test_harakiri_limits_a_request() -> None:
    assert of("harakiri = 30\n").request_limit.x == Seconds(30)
    assert of("master = 1\n").request_limit.x is None
    assert of("harakiri = 0\n").request_limit.x is None


@pytest.mark.parametrize(
    ("text", "app"),
    [
        ("module = a.wsgi", "a.wsgi"),
        ("wsgi = a:b", "a:b"),
        ("module = a\ncallable = c", "a:c"),
        ("wsgi-file = x.py\ncallable = c", "x.py:c"),
        ("emperor = /etc/vassals", None),
    ],
)
def test_the_application(text: str, app: str | None) -> None:
    assert of(text + "\n").app.x == app


def test_only_the_router_keeps_connections() -> None:
    assert of("http-socket = :80\n").idle_keepalive.x is None
    assert of("http = :80\nhttp-keepalive = 1\n").idle_keepalive.x == Seconds(60)
    assert of("http = :80\nhttp-keepalive = 20\n").idle_keepalive.x == Seconds(20)


def test_what_stopping_does_to_requests() -> None:
    assert of("die-on-term = true\n").graceful_timeout.x == Seconds(0)
    assert of("hook-master-start = unix_signal:15 gracefully_kill_them_all\n").graceful_timeout.x == Seconds(60)


def test_daemons_and_reload() -> None:
    assert of("daemonize = /var/log/u.log\n").daemon.x is True
    assert of("master = 1\n").daemon.x is False
    assert of("py-autoreload = 1\n").reload.x is True


def test_daemons_that_it_starts_are_scripts_for_a_shell() -> None:
    server = of("attach-daemon = daphne -p 80 a:b\nsmart-attach-daemon = /run/c.pid celery -A x\n")
    assert [(step.script.text, str(step.place.span)) for step in server.starts if step.script] == [
        ("daphne -p 80 a:b", "app.ini:2"),
        ("celery -A x", "app.ini:3"),
    ]


def test_commands_that_serve_nothing_are_no_servers() -> None:
    assert uwsgi.start(command("uwsgi --stop /run/u.pid")) is None
    assert uwsgi.start(command("uwsgi --version")) is None


# other syntaxes


def test_yaml() -> None:
    text = "uwsgi:\n  http: :8000\n  master: true\n  chdir: %d\n  harakiri: 240 # long\nother:\n  master: false\n"
    server = run("uwsgi --yaml u.yaml", {"u.yaml": text})
    assert (x(server, "master"), x(server, "harakiri"), x(server, "chdir")) == (True, 240, "/app/")
    assert lines(server.value("harakiri")) == ["u.yaml:5"]


@pytest.mark.parametrize("text", ["env: [A=1]", "env:\n    - A=1", "procname: 'a'", "vacuum:"])
def test_what_the_builds_of_uwsgi_read_otherwise_in_yaml_is_a_choice(text: str) -> None:
    server = uwsgi.configured(SourceFile("u.yaml", f"uwsgi:\n  master: true\n  {text}\n  harakiri: 30\n"), Environment())
    assert server is not None
    assert x(server, "master") is True
    assert "uWSGI is built with libyaml" in {choices[0] for choices, _ in uwsgi_worlds(server) if choices}


def uwsgi_worlds(server: Server) -> list[Any]:
    return [world for setting in server.settings.values() for world in setting.value.worlds()]


def test_json() -> None:
    text = '{\n  "uwsgi": {\n    "master": true,\n    "die-on-term": false,\n    "socket": [":1", ":2"]\n  }\n}\n'
    server = uwsgi.configured(SourceFile("u.json", text), Environment())
    assert server is not None
    assert (x(server, "master"), x(server, "die-on-term"), members(server, "socket")) == (True, False, [":1", ":2"])
    assert lines(server.value("die-on-term")) == ["u.json:4"]


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ('{"uwsgi": {"master": true}}', True),
        ('{"uwsgi": {"socket": [":1", ":2"]}}', True),
        ('{"uwsgi": {"image": {"tag": "1"}}}', False),
        ('{"uwsgi": {"images": [{"tag": "1"}]}}', False),
    ],
)
def test_options_in_json_are_plain_values_or_lists_of_such(text: str, yes: bool) -> None:
    assert uwsgi.looks_like(SourceFile("u.json", text)) is yes


def test_xml() -> None:
    text = "<uwsgi>\n<socket>:1</socket>\n<socket>:2</socket>\n<master/>\n<chdir>%d</chdir>\n</uwsgi>\n"
    server = run("uwsgi --xml u.xml", {"u.xml": text})
    assert (x(server, "master"), x(server, "chdir"), members(server, "socket")) == (True, "/app/", [":1", ":2"])
    assert lines(server.value("master")) == ["u.xml:4"]


def test_xml_by_its_id() -> None:
    text = '<all><uwsgi id="a"><threads>2</threads></uwsgi><uwsgi id="b"><threads>3</threads></uwsgi></all>'
    assert run("uwsgi -x u.xml:b", {"u.xml": text}).threads.x == 3
    assert [each.message for each in run("uwsgi -x u.xml:c", {"u.xml": text}).problems] == ["u.xml has no section c"]


def test_broken_xml_may_say_anything() -> None:
    server = run("uwsgi --xml u.xml", {"u.xml": "<uwsgi><master/>"})
    assert server.problems[0].message.startswith("no XML: ")
    assert isinstance(x(server, "master"), Unknown)


@pytest.mark.parametrize("text", ["[program:x]\ncommand=uwsgi\n", "uwsgi_pass x;", "services:\n  uwsgi:\n    image: x\n"])
def test_other_files_are_not_uwsgis(text: str) -> None:
    assert uwsgi.configured(SourceFile("x", text), Environment()) is None


def test_an_option_of_a_newer_release_is_none_of_an_older_one() -> None:
    text = "[uwsgi]\nmodule = shop\nmax-requests-delta = 50\n"
    older = of(text, Environment(releases={"uwsgi": "2.0.21"}))
    assert [each.spelled for each in older.strange] == ["max-requests-delta"]
    assert of(text).strange == []


def test_threads_are_enabled_by_default_since_2_0_27() -> None:
    assert x(of("[uwsgi]\nmodule = shop\n", Environment(releases={"uwsgi": "2.0.26"})), "enable-threads") is False
    assert x(of("[uwsgi]\nmodule = shop\n"), "enable-threads") is True


@pytest.mark.parametrize(
    ("name", "plugin", "apart"), [("module", "python", False), ("cgi", "cgi", True), ("harakiri", "", False)]
)
def test_an_option_tells_the_plugin_that_has_it(name: str, plugin: str, apart: bool) -> None:
    row = facts("uwsgi").rows[name]
    assert (row.plugin, row.apart) == (plugin, apart)
