"""gunicorn's settings are those that its own WSGIApplication computes."""

from __future__ import annotations

import drawing
import launchers
import pytest
import worlds
from agreement import Case, Program, agreement, settled, unlike
from hypothesis import assume
from hypothesis import strategies as st
from shapes import shapes

from serveaudit.programs import gunicorn

pytestmark = pytest.mark.oracle
GUNICORN = Program(gunicorn.start, apart=unlike("user group chdir control_socket default_proc_name config"))
VARIABLES: list[dict[str, str]] = [{}, {"PORT": "9000"}, {"WEB_CONCURRENCY": "3"}, {"FORWARDED_ALLOW_IPS": "*"}]
WORDS = ["--workers 3", "-t 5 -b c:3", "--threads=2", "-w"]
SETTINGS = launchers.Settings(
    numbers={
        "workers": 3,
        "threads": 2,
        "timeout": 60,
        "graceful_timeout": 20,
        "keepalive": 5,
        "max_requests": 1000,
        "backlog": 512,
        "limit_request_line": 4094,
    },
    texts={
        "bind": ("0.0.0.0:8000", "unix:/run/app.sock"),
        "loglevel": ("info", "debug"),
        "worker_class": ("sync", "gthread"),
        "accesslog": ("-", "/var/log/access.log"),
        "forwarded_allow_ips": ("*", "10.0.0.1,10.0.0.2"),
        "proc_name": ("shop", ""),
        "worker_tmp_dir": ("/dev/shm", ""),
    },
    switches=("preload_app", "reload", "capture_output", "proxy_protocol", "reuse_port"),
)
FORMS = ["plain", "branch", "dictionary", "loop", "function", "base"]


def test_random_command_lines_files_and_variables() -> None:
    cases = []
    for case, chance in drawing.cases("gunicorn"):
        case.files["gunicorn.conf.py"] = drawing.config("gunicorn", chance)
        case.env = dict(chance.choice(VARIABLES))
        if chance.random() < 0.3:
            case.env["GUNICORN_CMD_ARGS"] = chance.choice(WORDS)
        cases.append(case)
    settled(agreement(GUNICORN, cases), unknown_share=0)


@st.composite
def configurations(draw: launchers.Draw) -> Case:
    """A configuration file in one of the forms in which people bring settings into it, with variables and options."""
    script = launchers.Script()
    settings = SETTINGS.draw(draw, script, most=6)
    assume(not script.options)
    script.env |= draw(st.sampled_from(VARIABLES)) | draw(st.sampled_from([{}, {"STAGE": "prod"}]))
    argv = draw(st.sampled_from([[], ["-w", "9"], ["-b", ":81", "-b", ":82"], ["--timeo", "7", "--pre"], ["-k", "gthread"]]))
    case = Case(["gunicorn", *argv, "app:app"], env=script.env, cpus=draw(st.sampled_from([1, 2, 64])))
    head = "\n".join(["import os", *(["import conf"] if script.module else []), *script.above])
    case.files = script.other_files() | bound(draw(st.sampled_from(FORMS)), head, settings)
    return case


def bound(form: str, head: str, settings: dict[str, str]) -> dict[str, str]:
    """The files in which these settings are bound in this form."""
    lines = [f"{name} = {value}" for name, value in settings.items()]
    entries = ", ".join(f'"{name}": {value}' for name, value in settings.items())
    match form:
        case "branch":
            lines = [
                'if os.environ.get("STAGE", "dev") == "prod":',
                *(f"    {line}" for line in lines),
                "else:",
                "    workers = 1",
            ]
        case "dictionary":
            lines = [f"options = {{{entries}}}", "globals().update(options)"]
        case "loop":
            lines = [f"for name, value in {{{entries}}}.items():", "    globals()[name] = value", "del name, value"]
        case "function":
            lines = [
                "def options(level=1):",
                f"    return {{{entries}}}",
                *(f'{name} = options()["{name}"]' for name in settings),
            ]
        case "base":
            text = "\n".join([head, *lines]) + "\n"
            return {"base.py": text, "gunicorn.conf.py": "from base import *\n"}
    return {"gunicorn.conf.py": "\n".join([head, *lines]) + "\n"}


def test_files_in_the_forms_in_which_people_write_them() -> None:
    settled(agreement(GUNICORN, launchers.examples(configurations(), 80)), unknown_share=0.01)


def test_shapes_of_real_configurations() -> None:
    cases = [case for _, cases in shapes("gunicorn_shapes") for case in cases]
    assert len(cases) >= 150
    settled(agreement(GUNICORN, cases), unknown_share=0.03)


def test_shapes_hold_in_each_world_where_the_variables_are_not_given() -> None:
    cases = [case for _, cases in shapes("gunicorn_shapes") for case in cases]
    settled(worlds.agreement(GUNICORN, cases), unknown_share=0.6)
