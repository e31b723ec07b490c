"""granian's settings are those that its own command hands to its Server, or a Python file to Granian."""

from __future__ import annotations

import drawing
import launchers
import pytest
from agreement import Case, Program, agreement, scripted, settled, unlike
from hypothesis import strategies as st

from serveaudit.programs import granian

pytestmark = pytest.mark.oracle
RENAMED = {"host": "address", "log_access_enabled": "log_access", "log_access_fmt": "log_access_format"}
RENAMED |= {"ssl_certificate": "ssl_cert", "ssl_keyfile": "ssl_key", "ssl_keyfile_password": "ssl_key_password"}
GRANIAN = Program(granian.start, renamed=RENAMED)
SCRIPT = Program(scripted, renamed=RENAMED | {"app": "target"}, apart=unlike("static_path_mount"))
SETTINGS = launchers.Settings(
    numbers={
        "port": 8080,
        "workers": 3,
        "backlog": 2048,
        "blocking_threads": 8,
        "runtime_threads": 2,
        "workers_kill_timeout": 30,
        "respawn_interval": 5,
    },
    texts={
        "address": ("0.0.0.0", "::"),
        "url_path_prefix": ("/api", ""),
        "interface": ("asgi", "wsgi"),
    },
    switches=("reload", "websockets", "log_access", "respawn_failed_workers"),
)
LINES = [
    "granian --interface asginl --host 0.0.0.0 --port 8000 --workers 2 --loop uvloop app.main:app",
    "granian --interface wsgi --workers 4 --blocking-threads 2 --no-ws project.wsgi:application",
    "granian --interface wsgi --uds /run/app/granian.sock --uds-permissions 660 weblate.wsgi:application",
    "granian --interface wsgi --no-ws --loop uvloop --workers 2 --backpressure 16 --workers-lifetime 6h app:app",
    "granian app:app --http 1 --access-log --log-level warning --workers-kill-timeout 1m30s",
    "granian --respawn-failed-workers --no-log --static-path-route /static --static-path-mount . app:app",
    "granian app:app --workers=0",
    "granian app:app --interface=ASGI --host ::",
]
VARIABLES: list[dict[str, str]] = [
    {},
    {"GRANIAN_WORKERS": "3", "GRANIAN_INTERFACE": "wsgi", "GRANIAN_PORT": "9000", "WEB_CONCURRENCY": "5", "PORT": "7"},
    {"GRANIAN_HOST": "0.0.0.0", "GRANIAN_WEBSOCKETS": "false", "GRANIAN_LOG_ACCESS_ENABLED": "true", "GRANIAN_LOOP": "auto"},
    {"GRANIAN_WORKERS_LIFETIME": "2h", "GRANIAN_BLOCKING_THREADS": "4", "GRANIAN_STATIC_PATH_ROUTE": "/a /b"},
]


def test_random_command_lines_and_variables() -> None:
    cases = []
    for case, chance in drawing.cases("granian"):
        case.env = drawing.variables("granian", chance)
        cases.append(case)
    settled(agreement(GRANIAN, cases), unknown_share=0)


def test_command_lines_as_people_write_them() -> None:
    cases = [Case(line.split(), env=env) for line in LINES for env in VARIABLES]
    settled(agreement(GRANIAN, cases), unknown_share=0)


@st.composite
def files(draw: launchers.Draw) -> Case:
    """A file that makes a Granian and serves it."""
    script = launchers.Script(env={"GRANIAN_WORKERS": "9"})
    keywords = SETTINGS.draw(draw, script)
    imports = "from granian import Granian"
    if draw(st.booleans()):
        imports += "\nfrom granian.constants import Interfaces, Loops"
        keywords["interface"] = draw(st.sampled_from(["Interfaces.ASGI", 'Interfaces("wsgi")', "Interfaces.RSGI"]))
    chained = draw(st.booleans())
    body = launchers.unpacked(draw, "Granian" if chained else "server = Granian", '"app:app"', keywords)
    body = [*body[:-1], body[-1] + ".serve()"] if chained else [*body, "server.serve()"]
    return script.case(imports, body, draw(st.sampled_from(launchers.MAINS)))


def test_files_in_the_forms_in_which_people_write_them() -> None:
    settled(agreement(SCRIPT, launchers.examples(files(), 30)), unknown_share=0.03)
