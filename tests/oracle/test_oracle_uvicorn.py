"""uvicorn's settings are those that its own command, or a Python file, hands to uvicorn.Config."""

from __future__ import annotations

import drawing
import launchers
import pytest
from agreement import Case, Program, agreement, scripted, settled, unlike
from hypothesis import strategies as st

from serveaudit.programs import uvicorn

pytestmark = pytest.mark.oracle
APART = unlike("app log_config log_level headers reload_dirs reload_includes reload_excludes ssl_version")
UVICORN = Program(uvicorn.start, apart=APART)
SCRIPT = Program(scripted, apart=APART | unlike("app_dir env_file version"))
SETTINGS = launchers.Settings(
    numbers={
        "port": 8080,
        "workers": 3,
        "backlog": 512,
        "timeout_keep_alive": 30,
        "limit_concurrency": 50,
        "limit_max_requests": 1000,
        "timeout_graceful_shutdown": 10,
        "ws_max_size": 1 << 20,
    },
    texts={
        "host": ("0.0.0.0", "::"),
        "root_path": ("/api", ""),
        "loop": ("uvloop", "asyncio"),
        "http": ("h11", "auto"),
        "forwarded_allow_ips": ("*", "10.0.0.0/8"),
        "lifespan": ("on", "auto"),
        "ssl_keyfile": ("key.pem", ""),
    },
    switches=("reload", "proxy_headers", "access_log", "server_header", "date_header"),
)


def test_random_command_lines_and_variables() -> None:
    cases = []
    for case, chance in drawing.cases("uvicorn"):
        case.env = drawing.variables("uvicorn", chance)
        cases.append(case)
    settled(agreement(UVICORN, cases), unknown_share=0)


@st.composite
def files(draw: launchers.Draw) -> Case:
    """A file that calls uvicorn.run, or makes a Config and serves it."""
    script = launchers.Script()
    keywords = SETTINGS.draw(draw, script)
    script.env |= draw(
        st.sampled_from([{}, {"WEB_CONCURRENCY": "4", "UVICORN_PORT": "9"}, {"FORWARDED_ALLOW_IPS": "10.0.0.1"}])
    )
    served = draw(st.sampled_from(["run", "config", "asyncio"]))
    body = launchers.unpacked(draw, "uvicorn.run" if served == "run" else "config = uvicorn.Config", '"app:app"', keywords)
    body += {"run": [], "config": ["uvicorn.Server(config).run()"]}.get(served, ["asyncio.run(uvicorn.Server(config).serve())"])
    return script.case("import asyncio\nimport uvicorn", body, draw(st.sampled_from(launchers.MAINS)))


def test_files_in_the_forms_in_which_people_write_them() -> None:
    settled(agreement(SCRIPT, launchers.examples(files(), 60)), unknown_share=0.03)
