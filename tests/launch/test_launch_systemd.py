"""systemd's services and sockets."""

from __future__ import annotations

import pytest
from repositories import Repository, plain, variables, words

from serveaudit.launch.systemd import read_units
from serveaudit.launching import Unit
from serveaudit.source import SourceFile
from serveaudit.units import Address
from serveaudit.values import Unknown

SERVICE = (
    "[Unit]\nAfter=network.target\n[Service]\nUser=app\nWorkingDirectory=/srv/app\nExecStart=/srv/app/bin/gunicorn app:app\n"
)


def units(files: dict[str, str], others: dict[str, str] | None = None) -> list[Unit]:
    return read_units([SourceFile(path, text) for path, text in files.items()], Repository(others or {}).read)


def unit(service: str, name: str = "app.service", others: dict[str, str] | None = None) -> Unit:
    (found,) = units({name: "[Service]\n" + service}, others)
    return found


def test_a_service_is_a_step_in_its_directory() -> None:
    (found,) = units({"deploy/app.service": SERVICE})
    assert (found.name, words(found), plain(found.user)) == ("app.service", ["/srv/app/bin/gunicorn", "app:app"], "app")
    assert plain(found.steps[0].cwd) == "/srv/app"
    assert str(found.place.span) == "deploy/app.service:6"
    assert plain(found.keys["After"]) == "network.target"


def test_what_is_not_said_has_systemd_s_defaults_and_says_so() -> None:
    found = unit("ExecStart=/bin/a\n")
    assert [plain(v) for v in (found.stop_timeout, found.stop_signal, found.restart, found.user)] == [90, "TERM", "no", None]
    assert plain(found.steps[0].cwd) == "/"
    assert {value.places[0].how for value in (found.stop_timeout, found.stop_signal, found.restart)} == {"default"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-/bin/a b", ["/bin/a", "b"]),
        ("@/bin/a named b", ["/bin/a", "b"]),
        ("!!/bin/a 'b c' \"d e\"", ["/bin/a", "b c", "d e"]),
        ("/bin/a --uds %t/x.sock %n %% %H", ["/bin/a", "--uds", "/run/x.sock", "app.service", "%", "?"]),
        ("/bin/a ${W}x $W $$W", ["/bin/a", "4x", "4", "$W"]),
        ("/bin/a $OPTS '$OPTS' ${OPTS}", ["/bin/a", "-b", ":80", "$OPTS", "-b :80"]),
        (":/bin/a ${W}", ["/bin/a", "${W}"]),
        ("/bin/a $NONE ${NONE}", ["/bin/a", ""]),
        ("/bin/a \\\n  -b \\\n# why\n  :80", ["/bin/a", "-b", ":80"]),
        ("{{ venv }}/bin/gunicorn -w {{ workers }}", ["<{{ venv }}>/bin/gunicorn", "-w", "?"]),
    ],
)
def test_a_command_line_is_read_as_systemd_reads_it(line: str, expected: list[str]) -> None:
    assert words(unit(f'Environment=W=4 "OPTS=-b :80"\nExecStart={line}\n')) == expected


def test_a_variable_that_stands_alone_keeps_where_it_came_from() -> None:
    word = unit("EnvironmentFile=/etc/app\nExecStart=/bin/a $OPTS\n", others={"/etc/app": "OPTS=-b :80\n"}).steps[0].argv[2]
    assert [str(place.span) for place in word.places] == ["app.service:3", "/etc/app:1"]


def test_an_instance_is_known_only_where_the_template_is_started() -> None:
    assert words(unit("ExecStart=/bin/a %i %p\n", "app@.service")) == ["/bin/a", "?", "app"]
    assert words(unit("ExecStart=/bin/a %i %p\n", "app@1.service")) == ["/bin/a", "1", "app"]


def test_files_of_variables_win_and_what_is_not_there_may_set_anything() -> None:
    text = "Environment=A=1 B=2\nEnvironmentFile=/etc/a\nEnvironmentFile=-/etc/gone\nExecStart=/bin/a\n"
    env = unit(text, others={"/etc/a": "B='3'\nC=$A\n"}).steps[0].env
    assert variables(env.variables) == {"A": "1", "B": "3", "C": "$A"}
    assert isinstance(env.complete, Unknown)
    assert "/etc/gone" in env.complete.why


def test_quoted_assignments_keep_their_blanks() -> None:
    env = unit('Environment=GUNICORN_CMD_ARGS="--workers=3 --timeout=0" "B=c d"\nExecStart=/bin/a\n').steps[0].env
    assert variables(env.variables) == {"GUNICORN_CMD_ARGS": "--workers=3 --timeout=0", "B": "c d"}


def test_a_drop_in_adds_replaces_and_takes_back() -> None:
    files = {"x/app.service": SERVICE, "x/app.service.d/10.conf": "[Service]\nExecStart=\nExecStart=/bin/b\nUser=other\n"}
    (found,) = units({**files, "y/app.service.d/10.conf": "[Service]\nUser=nobody\n"})
    assert (words(found), plain(found.user), len(found.steps)) == (["/bin/b"], "other", 1)


@pytest.mark.parametrize(
    ("written", "seconds"), [("30", 30), ("1min 30s", 90), ("infinity", float("inf")), ("0", float("inf")), ("soon", "?")]
)
def test_the_stop_timeout_is_in_seconds(written: str, seconds: float | str) -> None:
    assert plain(unit(f"TimeoutStopSec={written}\nExecStart=/bin/a\n").stop_timeout) == seconds
    assert plain(unit(f"TimeoutSec={written}\nExecStart=/bin/a\n").stop_timeout) == seconds


def test_a_signal_that_does_not_exist_is_ignored_but_kept() -> None:
    found = unit("KillSignal=SIQUIT\nExecStart=/bin/a\n")
    assert (plain(found.stop_signal), plain(found.keys["KillSignal"])) == ("TERM", "SIQUIT")
    assert plain(unit("KillSignal=SIGQUIT\nExecStart=/bin/a\n").stop_signal) == "QUIT"


def test_everything_else_is_kept_with_yes_and_no_as_booleans() -> None:
    keys = unit(
        "Type=notify\nPrivateTmp=true\nExecReload=/bin/kill -HUP $MAINPID\nExecStartPost=/a\nExecStartPost=/b\nExecStart=/c\n"
    ).keys
    assert {name: plain(value) for name, value in keys.items()} == {
        "Type": "notify",
        "PrivateTmp": True,
        "ExecReload": "/bin/kill -HUP $MAINPID",
        "ExecStartPost": ["/a", "/b"],
    }


def test_what_runs_before_and_as_whom() -> None:
    found = unit("ExecStartPre=-/bin/migrate\nExecStart=/bin/a\nDynamicUser=yes\n")
    assert ([plain(word) for word in found.before[0].argv], plain(found.user)) == (["/bin/migrate"], "app")
    (personal,) = units({"etc/systemd/user/app.service": "[Service]\nExecStart=/bin/a\n"})
    assert plain(personal.user) == "?"


def test_a_socket_has_addresses_and_what_it_starts() -> None:
    text = "[Socket]\nSocketUser=www-data\nListenStream=%t/a.sock\nListenStream=8000\nListenStream=127.0.0.1:80\n"
    text += "ListenStream=[::1]:81\n"
    (found,) = units({"web.socket": text})
    assert plain(found.keys["ListenStream"]) == [
        Address("unix", path="/run/a.sock"),
        Address("tcp", port=8000),
        Address("tcp", "127.0.0.1", 80),
        Address("tcp", "::1", 81),
    ]
    assert (found.steps, plain(found.keys["Service"]), plain(found.user)) == ((), "web.service", "www-data")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[Service]\n",
        "ExecStart=/a\n",
        "[Service]\nExecStart=\n",
        "[Service\nx",
        "[Service]\nExecStart=@\n",
        "[Service]\nExecStart='\n",
    ],
)
def test_broken_units_are_read_as_far_as_they_go(text: str) -> None:
    (found,) = units({"a.service": text})
    assert all(not step.argv or plain(step.argv[0]) != "/a" for step in found.steps)


def test_a_key_in_another_section_counts_for_nothing() -> None:
    found = unit("[Unit]\nRestart=always\n[Service]\nExecStart=/bin/gunicorn app:app\nWantedBy=multi-user.target\n")
    assert found.restart.x == "no"
    assert "Restart" not in found.keys
    assert (found.keys["Unit.Restart"].x, found.keys["Service.WantedBy"].x) == ("always", "multi-user.target")
