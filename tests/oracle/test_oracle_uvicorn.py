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


LINES = [
    "uvicorn app.main:app --host 0.0.0.0 --port 8000",
    "uvicorn app.main:app --host 0.0.0.0 --port 80 --workers 4 --proxy-headers --forwarded-allow-ips *",
    "uvicorn config.asgi:application --reload --reload-include *.html --host 0.0.0.0",
    "uvicorn app:app --uds /run/app.sock --forwarded-allow-ips 10.0.0.0/8,127.0.0.1",
    "uvicorn --factory app:create_app --root-path /api --no-access-log --log-level warning",
    "uvicorn app:app --env-file prod.env --workers 2",
    "uvicorn app:app --env-file prod.env",
    "uvicorn app:app --ssl-keyfile key.pem --ssl-certfile cert.pem --port 443",
    "uvicorn app:app --timeout-keep-alive 75 --timeout-graceful-shutdown 20 --limit-concurrency 100 --backlog 4096",
    "uvicorn app:app --loop uvloop --http httptools --ws websockets --lifespan on --ws-ping-interval 30 --ws-max-size 1048576",
    "uvicorn app:app --header X-A:b --header Server: --no-server-header --no-date-header",
    "uvicorn app:app --interface wsgi --h11-max-incomplete-event-size 65536 --limit-max-requests=1000",
    "uvicorn app:app --fd 3 --ws-per-message-deflate false",
    "uvicorn --host :: app:app",
    "uvicorn app:app --worker 4",
    "uvicorn app:app -w 4",
    "uvicorn app:app --port 8000 extra",
]
VARIABLES: list[dict[str, str]] = [
    {},
    {"WEB_CONCURRENCY": "5", "FORWARDED_ALLOW_IPS": "10.0.0.1", "PORT": "7", "HOST": "1.2.3.4"},
    {"UVICORN_WORKERS": "3", "WEB_CONCURRENCY": "5", "UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "9000"},
    {"UVICORN_RELOAD": "true", "UVICORN_ACCESS_LOG": "0", "UVICORN_LOG_LEVEL": "debug", "UVICORN_PROXY_HEADERS": "no"},
    {
        "UVICORN_UDS": "/run/env.sock",
        "UVICORN_FORWARDED_ALLOW_IPS": "*",
        "UVICORN_TIMEOUT_KEEP_ALIVE": "9",
        "UVICORN_LOOP": "auto",
    },
    {"UVICORN_HEADERS": "A:b C:d", "UVICORN_WS_PING_TIMEOUT": "2.5", "UVICORN_ROOT_PATH": "", "UVICORN_PORT": ""},
    {"UVICORN_APP": "other:app", "UVICORN_ENV_FILE": "prod.env"},
    {"UVICORN_PORT": "tcp://10.0.0.1:80"},
]
ENV_FILE = {"prod.env": "UVICORN_PORT=9000\nWEB_CONCURRENCY=6\nexport FORWARDED_ALLOW_IPS='10.1.0.0/16' # inside\nPORT=1\n"}


def test_command_lines_as_people_write_them() -> None:
    cases = [Case(line.split(), ENV_FILE, env) for line in LINES for env in VARIABLES]
    settled(agreement(UVICORN, cases), unknown_share=0)


PYDANTIC = """import uvicorn
from app.settings import settings

if __name__ == "__main__":
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, reload=settings.debug, workers=settings.workers)
"""
SETTINGS_FILE = """import os


class Settings:
    def __init__(self):
        self.host = os.getenv("APP_HOST", "0.0.0.0")
        self.port = int(os.getenv("APP_PORT", "8000"))
        self.debug = os.getenv("DEBUG", "").lower() in ("1", "true")
        self.workers = None if self.debug else 2


settings = Settings()
"""
ARGV = """import os
import sys
import uvicorn

port = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("PORT", 8000))
config = {"app": "main:app", "host": "0.0.0.0", "port": port}
if os.environ.get("ENV") == "dev":
    config["reload"] = True
else:
    config |= {"workers": os.cpu_count() and 4, "proxy_headers": True, "forwarded_allow_ips": "*"}
uvicorn.run(**config)
"""
MODULES = [
    (["python", "-m", "app.main"], {"app/__init__.py": "", "app/main.py": PYDANTIC, "app/settings.py": SETTINGS_FILE}),
    (["python", "-um", "app"], {"app/__init__.py": "", "app/__main__.py": PYDANTIC, "app/settings.py": SETTINGS_FILE}),
    (["python", "main.py", "9000"], {"main.py": ARGV}),
    (["python", "-u", "main.py"], {"main.py": ARGV}),
]


@pytest.mark.parametrize(("argv", "files"), MODULES)
def test_programs_of_several_files(argv: list[str], files: dict[str, str]) -> None:
    variables: list[dict[str, str]] = [
        {},
        {"APP_PORT": "9000", "PORT": "7000"},
        {"DEBUG": "true", "ENV": "dev", "WEB_CONCURRENCY": "3"},
    ]
    settled(agreement(SCRIPT, [Case(argv, files, env) for env in variables]), unknown_share=0.03)


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
