"""What each server will run with, as text and as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema
import pytest

from folders import write
from serveaudit.cli import main
from serveaudit.command import Command
from serveaudit.report import settings, settings_data, text
from serveaudit.report.frame import Page
from serveaudit.result import Launched, Stage
from serveaudit.serving import BadFlag, Row, Server, Setting
from serveaudit.source import SourceFile
from serveaudit.units import Seconds, address
from serveaudit.values import Branch, How, Items, Partial, Place, Range, Table, Unknown, Value

DOCKERFILE = SourceFile("Dockerfile", 'FROM python:3.12-slim\nCMD ["./run.sh"]\n')
RUN = SourceFile("run.sh", "set -e\nexec gunicorn --password hush --workers 3 app:app\n")
CONFIG = SourceFile("gunicorn.conf.py", "timeout = int(os.environ.get('TIMEOUT', 120))\nbind = [...]\ntime_out = 1\n")


def line(source: SourceFile, number: int, how: How = How.WRITTEN) -> Place:
    return Place(source.line_span(number), how)


def setting(name: str, x: object, origin: str, place: Place, **changed: object) -> Setting:
    value = x if isinstance(x, Value) else Value(x, (place,))
    return Setting(name, value, origin, place, **changed)  # type: ignore[arg-type]


def launched(variables: Mapping[str, Value[Any]] | None = None, strange: bool = False, **given: Setting) -> Launched:
    words = "gunicorn --password hush --workers 3 app:app"
    server = Server(
        "gunicorn",
        line(RUN, 2),
        Command(tuple(map(Value, words.split())), line(RUN, 2)),
        version=Value("27.0"),
        settings=given,
        strange=[setting("time_out", 1, "written", line(CONFIG, 3))] if strange else [],
        bad_flags=[BadFlag("--password", line(RUN, 2))] if strange else [],
    )
    stages = (Stage("./run.sh", line(DOCKERFILE, 2)), Stage(words, line(RUN, 2)))
    return Launched(server, "compose.yml", stages, (), (line(CONFIG, 1),), variables or {})


DEFAULT = setting("keepalive", Seconds(2), "default", line(RUN, 2, How.DEFAULT))
WORKERS = setting("workers", 3, "flag", line(RUN, 2), overrides=(setting("workers", 9, "written", line(CONFIG, 1)),))
TIMEOUT = setting("timeout", Value(120, assumes=("$TIMEOUT is not set",), depends=("env:TIMEOUT",)), "written", line(CONFIG, 1))
BIND = setting(
    "bind",
    Items((Value(address("0.0.0.0:8000")), Value(Partial(("0.0.0.0:", Unknown("no", "$PORT")))))),
    "written",
    line(CONFIG, 2),
)


def sheet(*servers: Launched, width: int = 140, everything: bool = False) -> str:
    return text.plain(settings.render(servers, Page(width), everything))


def data(each: Launched) -> dict[str, Any]:
    found = json.loads(settings_data.render([each]))["servers"][0]
    assert isinstance(found, dict)
    return found


def test_settings_tell_what_differs_from_the_defaults_and_where_it_comes_from() -> None:
    assert sheet(launched(strange=True, workers=WORKERS, timeout=TIMEOUT, keepalive=DEFAULT, bind=BIND)) == dedent("""\
        gunicorn 27.0  run.sh:2
          started by  ./run.sh                                     Dockerfile:2
          runs        gunicorn --password *** --workers 3 app:app  run.sh:2
          reads       gunicorn.conf.py                             gunicorn.conf.py:1

          bind        0.0.0.0:8000, 0.0.0.0:<$PORT>                gunicorn.conf.py:2
          timeout     120                                          gunicorn.conf.py:1
                      unless $TIMEOUT is set
          workers     3                                            run.sh:2
                      instead of 9                                 gunicorn.conf.py:1
          time_out    1                                            gunicorn.conf.py:3
                      gunicorn has no such setting
          --password  refused                                      run.sh:2
          1 more at the program's defaults (--all lists them)
    """)


def test_all_settings_are_told_when_asked_for() -> None:
    assert "\n  keepalive   2 s " in sheet(launched(keepalive=DEFAULT), everything=True)
    assert "default" not in sheet(launched())


def test_no_server_is_said() -> None:
    assert sheet() == "No server was found.\n"


def test_equal_servers_of_two_contexts_are_told_once() -> None:
    assert sheet(launched(workers=WORKERS), launched(workers=WORKERS)).count("gunicorn 27.0") == 1


def test_a_server_that_nothing_starts_is_said_to_be_so() -> None:
    alone = Launched(Server("gunicorn", line(CONFIG, 1)))
    assert data(alone)["launch"] is None
    assert sheet(alone) == "gunicorn  gunicorn.conf.py:1\n  started by  nothing that was read\n"


def test_what_hangs_on_the_environment_has_a_line_for_each_case_and_each_place() -> None:
    choice = Branch("DEBUG", (("$DEBUG is set", Value(1)), ("$DEBUG is not set", Value(Unknown("read at run time")))))
    workers = setting("workers", Value(choice, depends=("env:DEBUG",)), "written", line(CONFIG, 1))
    variables = {"DEBUG": Value("1", (line(DOCKERFILE, 1), line(RUN, 1)))}
    assert sheet(launched(variables, workers=workers)) == dedent("""\
        gunicorn 27.0  run.sh:2
          started by  ./run.sh                                        Dockerfile:2
          runs        gunicorn --password *** --workers 3 app:app     run.sh:2
          reads       gunicorn.conf.py                                gunicorn.conf.py:1
          $DEBUG      1                                               Dockerfile:1
                                                                      run.sh:1

          workers     1 if $DEBUG is set                              gunicorn.conf.py:1
                      unknown: read at run time if $DEBUG is not set
                      from $DEBUG                                     Dockerfile:1
    """)


def test_long_values_are_wrapped_and_cut_and_keep_their_place() -> None:
    long = setting("access_log_format", "%(h)s and more " * 40, "written", line(CONFIG, 1))
    lines = sheet(launched(access_log_format=long), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    first = next(number for number, each in enumerate(lines) if "access_log_format" in each)
    assert lines[first].endswith("gunicorn.conf.py:1")
    assert lines[first + 3].endswith("…")
    assert len(lines) == first + 4


def test_places_stand_below_where_a_path_is_too_long_to_stand_beside() -> None:
    deep = SourceFile("services/shop/deploy/production/gunicorn/gunicorn.conf.py", "bind = 1\n")
    shown = sheet(launched(bind=setting("bind", "unix:/run/shop/app.sock", "written", line(deep, 1))), width=70)
    assert "  bind        unix:/run/shop/app.sock\n              services/shop/deploy/production/" in shown


def test_modes_and_masks_are_written_as_chmod_does() -> None:
    umask = setting("umask", 0o027, "written", line(CONFIG, 1), row=Row("umask", "octal"))
    assert "  umask       0027 " in sheet(launched(umask=umask))
    assert data(launched(umask=umask))["settings"]["umask"]["value"] == 0o027


def test_dictionaries_are_told_by_their_entries() -> None:
    inner = Value(Table((("level", Value("INFO")), ("handlers", Value(Items((Value("console"),)))))))
    config = setting("logconfig_dict", Table((("version", Value(1)), ("root", inner))), "written", line(CONFIG, 1))
    assert "{version: 1, root: {level: INFO, handlers: [console]}}" in sheet(launched(logconfig_dict=config))
    found = data(launched(logconfig_dict=config))["settings"]["logconfig_dict"]["value"]
    assert found == {"version": 1, "root": {"level": "INFO", "handlers": ["console"]}}


def test_secrets_are_left_out_of_settings() -> None:
    env = setting("env", Items(("SECRET=hush", "A=b")), "written", line(CONFIG, 1))
    password = setting("keyfile_password", "hush hush", "written", line(CONFIG, 1))
    options = setting("options", Table((("api_token", Value("hush")),)), "written", line(CONFIG, 1))
    each = launched({"DB_PASSWORD": Value("hush", (line(RUN, 1),))}, env=env, password=password, options=options)
    assert "hush" not in sheet(each)
    assert "hush" not in json.dumps(data(each))
    assert data(each)["settings"]["env"]["value"] == ["SECRET=***", "A=b"]


ORIGIN = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["written", "flag", "environment", "default"]},
        "path": {"type": "string"},
        "line": {"type": "integer"},
    },
    "required": ["kind", "path", "line"],
    "additionalProperties": False,
}
SETTING = {
    "type": "object",
    "properties": {
        "known": {"type": "boolean"},
        "origin": ORIGIN,
        "depends_on": {"type": "array"},
        "conditions": {"type": "array"},
        "overrides": {"type": "array"},
    },
    "required": ["value", "known", "depends_on", "conditions", "origin", "overrides"],
    "if": {"properties": {"known": {"const": False}}},
    "then": {"required": ["why"], "properties": {"value": {"type": "null"}}},
}


def test_settings_as_json_have_the_documented_shape() -> None:
    found = data(launched(workers=WORKERS, timeout=TIMEOUT, keepalive=DEFAULT, bind=BIND))["settings"]
    for given in found.values():
        jsonschema.validate(given, SETTING)
    assert found["timeout"] == {
        "value": 120,
        "known": True,
        "depends_on": ["env:TIMEOUT"],
        "conditions": ["unless $TIMEOUT is set"],
        "origin": {"kind": "written", "path": "gunicorn.conf.py", "line": 1},
        "overrides": [],
    }
    assert found["workers"]["overrides"] == [
        {"value": 9, "known": True, "origin": {"kind": "written", "path": "gunicorn.conf.py", "line": 1}}
    ]
    assert found["keepalive"]["value"] == 2


def test_the_title_tells_where_the_release_is_said_or_left_open() -> None:
    pin = SourceFile("requirements.txt", "flask\ngunicorn>=21\n")
    pinned = Server("gunicorn", line(RUN, 2), version=Value("27.0", (line(pin, 2),)), asked="gunicorn==27.0")
    assert sheet(Launched(pinned)).splitlines()[0] == "gunicorn 27.0 (requirements.txt:2)  run.sh:2"
    assert data(Launched(pinned))["version_origin"] == {"path": "requirements.txt", "line": 2}
    left = Server("gunicorn", line(RUN, 2), version=Value(Unknown("open"), (line(pin, 2),)), asked="gunicorn>=21")
    assert sheet(Launched(left)).splitlines()[0] == "gunicorn (gunicorn>=21, requirements.txt:2)  run.sh:2"
    assert (data(Launched(left))["program_version"], data(Launched(left))["version_asked"]) == (None, "gunicorn>=21")


def test_a_server_as_json_tells_its_release_its_start_and_what_it_does_not_know() -> None:
    found = data(launched(strange=True))
    assert (found["program"], found["program_version"], found["context"]) == ("gunicorn", "27.0", "compose.yml")
    assert found["launch"] == {
        "path": "run.sh",
        "line": 2,
        "command": "gunicorn --password *** --workers 3 app:app",
        "through": [
            {"text": "./run.sh", "path": "Dockerfile", "line": 2},
            {"text": "gunicorn --password *** --workers 3 app:app", "path": "run.sh", "line": 2},
        ],
        "conditions": [],
    }
    assert found["reads"] == [{"path": "gunicorn.conf.py", "line": 1}]
    assert found["ignored"] == [
        {"name": "time_out", "refused": False, "path": "gunicorn.conf.py", "line": 3},
        {"name": "--password", "refused": True, "path": "run.sh", "line": 2},
    ]


def test_what_is_not_known_says_why() -> None:
    branch = Branch("DEBUG", (("$DEBUG is set", Value(1)), ("$DEBUG is not set", Value(None))))
    whys = {"a": Unknown("read at run time"), "b": Range(3), "c": branch, "d": Partial(("x", Unknown("no default", "$X")))}
    found = data(launched(**{name: setting(name, x, "written", line(CONFIG, 1)) for name, x in whys.items()}))["settings"]
    assert [found[name]["why"] for name in "abcd"] == [
        "read at run time",
        "at least 3",
        "1 if $DEBUG is set or not set if $DEBUG is not set",
        "no default",
    ]
    assert [found[name]["value"] for name in "abcd"] == [None] * 4


def test_endless_durations_are_valid_json() -> None:
    endless = setting("a", Seconds("inf"), "written", line(CONFIG, 1))
    assert data(launched(a=endless))["settings"]["a"]["value"] == "inf s"


PROJECT = {
    "Dockerfile": """\
        FROM python:3.12-slim
        WORKDIR /app
        COPY . .
        ENV TIMEOUT=90 SHOP_TOKEN=hush
        CMD ["deploy/start.sh"]
    """,
    "deploy/start.sh": """\
        #!/bin/sh
        exec gunicorn -c deploy/gunicorn.conf.py --threads 4 shop.wsgi:application
    """,
    "deploy/gunicorn.conf.py": """\
        import os
        bind = "0.0.0.0:8000"
        threads = 2
        timeout = int(os.environ.get("TIMEOUT", 30))
        graceful_timeout = int(os.environ.get("GRACE", 20))
        max_requests = int(os.environ.get("MAX_REQUESTS", 500))
        raw_env = ["SHOP_TOKEN=" + os.environ["SHOP_TOKEN"]]
    """,
    "compose.prod.yml": """\
        services:
          web:
            build: .
            environment:
              GRACE: ${GRACE:-25}
    """,
    ".env": "GRACE=33\n",
}


@pytest.fixture
def project(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, {path: dedent(content) for path, content in PROJECT.items()})
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("project")
def test_a_start_through_image_script_and_file_names_every_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "."]) == 0
    told, _, rest = capsys.readouterr().out.partition(" more at the program's defaults")
    assert told.rpartition("\n")[0] + "\n" == dedent("""\
        gunicorn  deploy/start.sh:2
          started by        service web                        compose.prod.yml:2
          runs              deploy/start.sh                    Dockerfile:5
          runs              gunicorn -c                        deploy/start.sh:2
                            deploy/gunicorn.conf.py --threads
                            4 shop.wsgi:application
          reads             gunicorn.conf.py                   deploy/gunicorn.conf.py:1
          $GRACE            33                                 compose.prod.yml:5
                                                               .env:1
          $SHOP_TOKEN       ***                                Dockerfile:4
          $TIMEOUT          90                                 Dockerfile:4

          bind              0.0.0.0:8000                       deploy/gunicorn.conf.py:2
          config            deploy/gunicorn.conf.py            deploy/start.sh:2
          graceful_timeout  33 s                               deploy/gunicorn.conf.py:5
                            from $GRACE                        compose.prod.yml:5
          max_requests      500                                deploy/gunicorn.conf.py:6
                            unless $MAX_REQUESTS is set
          raw_env           SHOP_TOKEN=***                     deploy/gunicorn.conf.py:7
                            from $SHOP_TOKEN                   Dockerfile:4
          threads           4                                  deploy/start.sh:2
                            instead of 2                       deploy/gunicorn.conf.py:3
          timeout           90 s                               deploy/gunicorn.conf.py:4
                            from $TIMEOUT                      Dockerfile:4
    """)
    assert rest == " (--all lists them)\n"


def test_variables_behind_members_of_lists_and_replaced_values_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = 'ENV UWSGI_THREADS=2 PORT=8000 OTHER=1\nCMD ["uwsgi", "--ini", "uwsgi.ini"]\n'
    ini = "[uwsgi]\nhttp-socket = :$(PORT)\nthreads = 4\n"
    write(here, {"Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\n" + start, "uwsgi.ini": ini})
    assert main(["settings", "--format", "json", "."]) == 0
    server = json.loads(capsys.readouterr().out)["servers"][0]
    assert list(server["environment"]) == ["PORT", "UWSGI_THREADS"]


@pytest.mark.usefixtures("project")
def test_the_same_start_as_json_names_every_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--format", "json", "."]) == 0
    (server,) = json.loads(capsys.readouterr().out)["servers"]
    assert [(stage["path"], stage["line"]) for stage in server["launch"]["through"]] == [
        ("compose.prod.yml", 2),
        ("Dockerfile", 5),
        ("deploy/start.sh", 2),
    ]
    assert server["reads"] == [{"path": "deploy/gunicorn.conf.py", "line": 1}]
    assert server["environment"] == {
        "GRACE": {
            "value": "33",
            "known": True,
            "places": [{"path": "compose.prod.yml", "line": 5}, {"path": ".env", "line": 1}],
        },
        "SHOP_TOKEN": {"value": "***", "known": True, "places": [{"path": "Dockerfile", "line": 4}]},
        "TIMEOUT": {"value": "90", "known": True, "places": [{"path": "Dockerfile", "line": 4}]},
    }
    timeout = server["settings"]["timeout"]
    assert (timeout["value"], timeout["depends_on"]) == (90, ["env:TIMEOUT"])
    assert timeout["origin"] == {"kind": "written", "path": "deploy/gunicorn.conf.py", "line": 4}
    assert server["settings"]["max_requests"]["conditions"] == ["unless $MAX_REQUESTS is set"]
