"""Dockerfiles as images."""

from __future__ import annotations

import pytest
from repositories import Repository, plain, variables

from serveaudit.launch.dockerfile import container, read_image
from serveaudit.launching import Build, Image, started
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value


def image(text: str, target: str = "", context: str = ".", args: dict[str, str] | None = None, files: str = "") -> Image:
    source = SourceFile("Dockerfile", text)
    values = {name: Value(value) for name, value in (args or {}).items()}
    build = Build(context, "Dockerfile", Place(source.whole()), target, values)
    found = read_image(source, build, Repository(), files.split())
    assert found is not None
    return found


def argv(found: Image) -> list[str]:
    step = started(found.entrypoint, found.command)
    return [plain(word) for word in step.argv] if step else []


def mounts(found: Image) -> set[tuple[str, str | None, str]]:
    return {(mount.kind, mount.source, mount.target) for mount in found.mounts}


def test_the_last_stage_inherits_all_that_it_is_built_on() -> None:
    found = image(
        "FROM python:3.12-slim AS base\nENV A=1\nWORKDIR /app\nUSER app:app\nEXPOSE 8000\nSTOPSIGNAL SIGINT\n"
        'CMD ["gunicorn"]\nFROM base\nENV B="x $A"\nWORKDIR src\n'
    )
    assert variables(found.env.variables) == {"A": "1", "B": "x 1"}
    assert (plain(found.workdir), plain(found.user), plain(found.stop_signal)) == ("/app/src", "app", "INT")
    assert ([plain(port) for port in found.exposed], plain(found.base), argv(found)) == (
        [8000],
        "python:3.12-slim",
        ["gunicorn"],
    )


@pytest.mark.parametrize(("target", "command"), [("dev", "a"), ("0", "a"), ("", "b"), ("PROD", "b")])
def test_a_target_chooses_its_stage(target: str, command: str) -> None:
    assert argv(image('FROM python AS dev\nCMD ["a"]\nFROM python AS prod\nCMD ["b"]\n', target)) == [command]


def test_a_target_that_is_not_there_makes_no_image() -> None:
    source = SourceFile("Dockerfile", "FROM python\n")
    assert read_image(source, Build(".", "Dockerfile", Place(source.whole()), "prod"), Repository()) is None


def test_arguments_have_defaults_and_what_is_given_wins() -> None:
    text = "ARG TAG=3.11\nFROM python:${TAG}\nARG PORT=8000\nARG SECRET\nENV PORT=$PORT SECRET=$SECRET\n"
    found = image(text)
    assert (plain(found.base), variables(found.env.variables)) == ("python:3.11", {"PORT": "8000", "SECRET": "?"})
    assert found.env.variables["PORT"].assumes == ("the build argument PORT is not given",)
    assert plain(image(text, args={"TAG": "3.13"}).base) == "python:3.13"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('ENTRYPOINT ["/e.sh"]\nCMD ["a", "b"]', ["/e.sh", "a", "b"]),
        ('ENTRYPOINT ["/e.sh"]\nCMD a b', ["/e.sh", "/bin/sh", "-c", "a b"]),
        ('CMD ["a"]\nENTRYPOINT ["/e.sh"]', ["/e.sh", "a"]),
        ('CMD ["a"]\nCMD ["b"]', ["b"]),
        ('CMD ["a"]\nCMD []', []),
        ("", []),
    ],
)
def test_entrypoint_and_command_go_together_as_in_docker(text: str, words: list[str]) -> None:
    assert argv(image(f"FROM python\n{text}\n")) == words


def test_an_entrypoint_in_shell_form_gets_no_command() -> None:
    step = started(*(lambda found: (found.entrypoint, found.command))(image('FROM python\nENTRYPOINT exec a\nCMD ["b"]\n')))
    assert step is not None
    assert step.script is not None
    assert step.script.text == "exec a"


def test_an_entrypoint_drops_the_command_of_the_image_below() -> None:
    assert argv(image('FROM python AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["y"]\n')) == ["y"]


def test_a_shell_command_is_a_view_with_places_and_knows_its_shell() -> None:
    found = image('FROM python\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nCMD gunicorn \\\n  app:app\n')
    assert found.command is not None
    assert found.command.script is not None
    assert (found.command.shell, found.command.script.text) == ("bash", "gunicorn   app:app")
    at = found.command.script.text.index("app:app")
    assert found.command.script.span(at, at + 3).line == 4


def test_copied_paths_lie_in_the_image_below_the_working_directory() -> None:
    found = image(
        "FROM python\nWORKDIR /app\nCOPY a.txt ./\nCOPY src lib/\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY . .\n"
        'COPY ["a.txt", "b.txt", "/two/"]\nADD https://x/y /z\n',
        files="a.txt b.txt src/x.py nginx.conf",
    )
    assert mounts(found) == {
        ("copy", "a.txt", "/app/a.txt"),
        ("copy", "src", "/app/lib"),
        ("copy", "nginx.conf", "/etc/nginx/nginx.conf"),
        ("copy", ".", "/app"),
        ("copy", "a.txt", "/two/a.txt"),
        ("copy", "b.txt", "/two/b.txt"),
        ("copy", None, "/z"),
    }


def test_sources_are_meant_from_the_context_and_never_lead_out_of_it() -> None:
    found = image("FROM python\nCOPY conf /c\nCOPY ../../etc/x.conf /d/\n", context="deploy/web", files="deploy/web/conf/x")
    assert mounts(found) == {("copy", "deploy/web/conf", "/c"), ("copy", "deploy/web/etc/x.conf", "/d/x.conf")}


def test_a_pattern_copies_what_it_fits() -> None:
    found = image("FROM python\nCOPY req*.txt conf.? /x/\n", files="requirements.txt req-dev.txt conf.d/a.conf deep/req.txt")
    assert mounts(found) == {
        ("copy", "requirements.txt", "/x/requirements.txt"),
        ("copy", "req-dev.txt", "/x/req-dev.txt"),
        ("copy", "conf.d", "/x"),
    }


def test_paths_are_followed_through_another_stage() -> None:
    found = image(
        "FROM python AS build\nWORKDIR /work\nCOPY ./app app\nRUN python manage.py collectstatic\n"
        "FROM python\nCOPY --from=build /work /\nCOPY --from=build /work/app/static /srv/static\n"
        "COPY --from=build /venv /venv\n"
        "COPY --from=ghcr.io/astral-sh/uv /uv /bin/\n",
        files="app/main.py",
    )
    assert mounts(found) == {
        ("copy", "app", "/app"),
        ("copy", "app/static", "/srv/static"),
        ("copy", None, "/venv"),
        ("copy", None, "/bin"),
    }
    assert [run.script.text for run in found.brought if run.script] == ["python manage.py collectstatic"]
    assert found.runs == ()


def test_a_heredoc_is_a_file_of_the_image() -> None:
    found = image("FROM nginx\nCOPY <<EOF /etc/nginx/conf.d/a.conf\nserver {}\nEOF\nRUN echo hi > /x\n")
    (mount,) = found.mounts
    assert mount.content is not None
    assert (mount.kind, mount.target, mount.content.text) == ("text", "/etc/nginx/conf.d/a.conf", "server {}\n")


def test_runs_know_their_directory_variables_and_arguments() -> None:
    (run,) = image("FROM python\nARG A=1\nENV B=2\nWORKDIR /x\nRUN make\n").runs
    assert (plain(run.cwd), variables(run.env.variables)) == ("/x", {"A": "1", "B": "2"})


def test_a_health_check_has_the_names_of_compose() -> None:
    keys = image("FROM python\nHEALTHCHECK --interval=1m --start-period=5s CMD curl -f http://localhost/\n").keys
    assert plain(keys["healthcheck.test"]) == ["CMD-SHELL", "curl -f http://localhost/"]
    assert (plain(keys["healthcheck.interval"]), plain(keys["healthcheck.start_period"])) == (60, 5)
    assert plain(image('FROM python\nHEALTHCHECK CMD ["x", "y"]\n').keys["healthcheck.test"]) == ["CMD", "x", "y"]
    assert plain(image("FROM python\nHEALTHCHECK NONE\n").keys["healthcheck.test"]) == ["NONE"]


def test_an_image_that_is_not_known_leaves_its_directory_and_variables_unknown() -> None:
    found = image("FROM acme/base:1\nENV A=$HOME_DIR/x\nCMD gunicorn\n")
    assert isinstance(found.complete, Unknown)
    assert (plain(found.workdir), variables(found.env.variables)) == ("?", {"A": "<$HOME_DIR>/x"})


def test_well_known_images_start_what_they_start() -> None:
    nginx = image("FROM docker.io/library/nginx:1.27-alpine\nCOPY a.conf /etc/nginx/conf.d/\n")
    assert (argv(nginx), plain(nginx.stop_signal), [plain(port) for port in nginx.exposed]) == (
        ["nginx", "-g", "daemon off;"],
        "QUIT",
        [80],
    )
    uvicorn = image("FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY ./app /app/app\n")
    assert uvicorn.command is not None
    assert uvicorn.command.script is not None
    at = uvicorn.command.script.text.index("exec gunicorn")
    assert uvicorn.command.script.span(at, at + 4).outermost.text == "tiangolo/uvicorn-gunicorn-fastapi:python3.11"
    flask = image("FROM tiangolo/uwsgi-nginx-flask:python3.12\n")
    assert [sign.terminates_tls for sign in flask.outside] == [False]
    assert argv(flask)[0].endswith("uwsgi")


def test_a_container_alone_publishes_nothing_and_is_killed_after_ten_seconds() -> None:
    machine = container(image('FROM python\nEXPOSE 8000\nCMD ["gunicorn"]\n'), "web")
    (unit,) = machine.units
    assert (plain(unit.stop_timeout), plain(unit.stop_signal), machine.published) == (10, "TERM", [])
    assert unit.stop_timeout.places[0].note == "docker kills what has not stopped after 10 s"


@pytest.mark.parametrize(
    "text", ["", "RUN x", "FROM", "FROM $X", "ARG", "FROM a\nCOPY\nCOPY x\nENV\nENV A\nUSER\nSHELL []\nEXPOSE x\nLABEL"]
)
def test_broken_files_are_read_as_far_as_they_go(text: str) -> None:
    source = SourceFile("Dockerfile", text)
    found = read_image(source, Build(".", "Dockerfile", Place(source.whole())), Repository())
    assert (found is None) == ("FROM " not in text)


def test_a_default_is_meant_without_its_quotes() -> None:
    found = image("FROM python:3.12\nENV PORT=${PORT:-\"5000\"} HOST=${HOST:-'0.0.0.0'}\n")
    assert variables(found.env.variables) == {"PORT": "5000", "HOST": "0.0.0.0"}


def test_a_later_health_check_takes_the_place_of_all_of_an_earlier_one() -> None:
    keys = image("FROM python AS base\nHEALTHCHECK --interval=1m CMD a\nFROM base\nHEALTHCHECK CMD b\n").keys
    assert {name for name in keys if name.startswith("healthcheck")} == {"healthcheck.test"}


def test_triggers_are_done_when_another_image_is_built_on_theirs() -> None:
    text = "FROM python AS base\nWORKDIR /a\nONBUILD WORKDIR /b\nONBUILD ENV X=1\nCMD one\n"
    assert (plain(image(text).workdir), variables(image(text).env.variables)) == ("/a", {})
    child = image(text + "FROM base\nFROM base AS other\n")
    assert (plain(child.workdir), variables(child.env.variables)) == ("/b", {"X": "1"})
    grandchild = image(text + "FROM base AS child\nWORKDIR /c\nFROM child\n")
    assert plain(grandchild.workdir) == "/c"


def test_variables_of_a_heredoc_are_those_of_the_build_unless_its_name_is_quoted() -> None:
    found = image(
        "FROM python\nENV A=1\nCOPY <<EOF /x\n'$A' \\$A\nEOF\nCOPY <<'EOF' /y\n$A\nEOF\nARG B\nCOPY <<EOF /z\n$B\nEOF\n"
    )
    texts = {mount.target: mount.content.text if mount.content else None for mount in found.mounts}
    assert texts == {"/x": "'1' $A\n", "/y": "$A\n", "/z": None}
