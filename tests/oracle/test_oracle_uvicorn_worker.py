"""The settings of uvicorn's worker are those of the uvicorn.Config that it makes itself inside of gunicorn."""

from __future__ import annotations

import pytest
from agreement import Case, Program, agreement, settled, unlike

from serveaudit.programs import gunicorn

pytestmark = pytest.mark.oracle
WORKER = Program(
    gunicorn.start,
    apart=unlike(
        "user group chdir control_socket default_proc_name config worker_class log_config log_level headers logger_class"
    ),
)
OWN = {
    "loop": 'CONFIG_KWARGS = {"loop": "uvloop", "http": "httptools"}',
    "lifespan off": 'CONFIG_KWARGS = {"lifespan": "off", "proxy_headers": False, "root_path": "/api"}',
    "base and more": 'CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "timeout_keep_alive": 75, "forwarded_allow_ips": "*"}',
    "from the environment": """CONFIG_KWARGS = {
        "loop": os.getenv("LOOP", "asyncio"),
        "timeout_keep_alive": int(os.environ.get("KEEP_ALIVE", "5")),
        "server_header": os.getenv("DEBUG", "0") == "1",
        "limit_concurrency": 100,
    }""",
    "updated": "CONFIG_KWARGS = dict(UvicornWorker.CONFIG_KWARGS)\n    CONFIG_KWARGS.update(ws_ping_interval=30, backlog=64)",
    "nothing": "pass",
}
FLAGS = [
    "",
    "--keep-alive 75 --max-requests 1000 --max-requests-jitter 50",
    "-t 120 --graceful-timeout 20 -b unix:/run/app.sock --forwarded-allow-ips *",
    "--backlog 64 -w 4 --threads 4 --max-requests 500",
    "--max-requests 0 --max-requests-jitter 5 --timeout 0",
]


@pytest.mark.parametrize(
    "base", ["uvicorn_worker.UvicornWorker", "uvicorn.workers.UvicornWorker", "uvicorn.workers.UvicornH11Worker"]
)
def test_the_library_s_own_workers(base: str) -> None:
    cases = [Case(["gunicorn", "-k", base, *flags.split(), "app:app"]) for flags in FLAGS]
    settled(agreement(WORKER, cases), unknown_share=0)


@pytest.mark.parametrize("own", OWN)
def test_workers_of_one_s_own(own: str) -> None:
    text = f"import os\nfrom uvicorn_worker import UvicornWorker\n\n\nclass Worker(UvicornWorker):\n    {OWN[own]}\n"
    variables: list[dict[str, str]] = [
        {},
        {"LOOP": "uvloop", "KEEP_ALIVE": "9", "DEBUG": "1", "FORWARDED_ALLOW_IPS": "10.0.0.1"},
    ]
    cases = [
        Case(["gunicorn", "-k", "workers.Worker", *flags.split(), "app:app"], {"workers.py": text}, env)
        for flags in FLAGS[:3]
        for env in variables
    ]
    settled(agreement(WORKER, cases), unknown_share=0)


def test_a_keyword_that_uvicorn_does_not_take() -> None:
    text = "from uvicorn_worker import UvicornWorker\n\n\nclass Worker(UvicornWorker):\n    CONFIG_KWARGS = {'keepalive': 5}\n"
    assert not agreement(WORKER, [Case(["gunicorn", "-k", "workers.Worker", "app:app"], {"workers.py": text})]).disagreed


def test_a_worker_in_the_configuration_file() -> None:
    text = """import os
from uvicorn.workers import UvicornWorker

bind = f"0.0.0.0:{os.getenv('PORT', '8000')}"
workers = int(os.getenv("WEB_CONCURRENCY", 2))
keepalive = 120
worker_class = "uvicorn.workers.UvicornWorker"
"""
    cases = [
        Case(["gunicorn", "app:app"], {"gunicorn.conf.py": text}, env) for env in ({}, {"PORT": "80", "WEB_CONCURRENCY": "3"})
    ]
    settled(agreement(WORKER, cases), unknown_share=0)
