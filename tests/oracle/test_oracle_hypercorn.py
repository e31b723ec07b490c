"""hypercorn's settings are those of the Config that its own command, or a Python file, makes."""

from __future__ import annotations

import drawing
import launchers
import pytest
from agreement import Case, Program, agreement, scripted, settled, unlike
from hypothesis import strategies as st

from serveaudit.programs import hypercorn

pytestmark = pytest.mark.oracle
APART = unlike("logger_class verify_mode cert_reqs config application_path")
HYPERCORN = Program(hypercorn.start, apart=APART, checks_late=True)
SCRIPT = Program(scripted, apart=APART, checks_late=True)
SETTINGS = launchers.Settings(
    numbers={
        "workers": 3,
        "backlog": 512,
        "keep_alive_timeout": 75,
        "graceful_timeout": 30,
        "max_requests": 1000,
        "h11_max_incomplete_size": 32768,
        "websocket_ping_interval": 20,
    },
    texts={
        "bind": ("0.0.0.0:8000", "[::]:8080"),
        "root_path": ("/api", "/api/"),
        "worker_class": ("uvloop", "asyncio"),
        "accesslog": ("-", "access.log"),
        "loglevel": ("WARNING", "debug"),
        "certfile": ("cert.pem", "other.pem"),
        "keyfile": ("key.pem", "other.pem"),
        "insecure_bind": ("0.0.0.0:80", "unix:/run/plain.sock"),
    },
    switches=("use_reloader", "debug", "include_server_header"),
)
TOML = """bind = ["0.0.0.0:5000", "unix:/run/app.sock"]
workers = 4
keep_alive = 5
keep_alive_timeout = 75
accesslog = "-"
root_path = "/api/"
worker_class = "asyncio"

[production]
workers = 8
"""
PYTHON = """import os
from multiprocessing import cpu_count

host = os.getenv("HOST", "0.0.0.0")
port = int(os.getenv("PORT", "8000"))
bind = f"{host}:{port}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
keep_alive_timeout = 65
if os.getenv("ENVIRONMENT") == "production":
    accesslog = None
    graceful_timeout = 120
else:
    accesslog = "-"
    use_reloader = os.getenv("RELOAD", "0") == "1"
"""
OBJECT = 'from hypercorn.config import Config\n\nconfig = Config()\nconfig.bind = ["0.0.0.0:8080"]\nconfig.workers = 2\n'
CLASS = (
    'class Production:\n    bind = "0.0.0.0:8080"\n    workers = 2\n    keep_alive_timeout = 9\n\n\nproduction = Production()\n'
)
FILES = {"hypercorn.toml": TOML, "conf.py": PYTHON, "obj.py": OBJECT, "cls.py": CLASS, "toml.py": "workers = 3\nbind = 'x:1'\n"}
LINES = [
    "hypercorn app:app",
    "hypercorn app:app --bind 0.0.0.0:5000 --workers 4 --worker-class asyncio",
    "hypercorn app:app -b 0.0.0.0 -b [::]:8000 -b unix:/run/h.sock -b fd://3",
    "hypercorn --config hypercorn.toml app:app",
    "hypercorn -c hypercorn.toml -w 2 --bind 127.0.0.1:9000 app:app",
    "hypercorn -c file:conf.py app:app",
    "hypercorn -c python:conf app:app",
    "hypercorn -c toml.py app:app",
    "hypercorn -c python:obj app:app",
    "hypercorn -c python:obj.config app:app",
    "hypercorn -c python:cls.Production app:app",
    "hypercorn -c python:cls.production app:app",
    "hypercorn -c file:obj.py app:app",
    "hypercorn --config=file:conf.py --keep-alive 5 --statsd-prefix web app:app",
    "hypercorn app:app --max-requests 1000 --max-requests-jitter 50",
    "hypercorn app:app --certfile c.pem --keyfile k.pem --insecure-bind 0.0.0.0:80 --bind 0.0.0.0:443",
    "hypercorn app:app --certfile c.pem --insecure-bind 0.0.0.0:80 --bind 0.0.0.0:443",
    "hypercorn app:app --access-log - --error-log e.log --log-level debug --root-path /x/",
    "hypercorn app:app --reload --debug -k uvloop --websocket-ping-interval 20",
    "hypercorn app:app --worker_class asyncio",
    "hypercorn app:app --worker asyncio",
]
VARIABLES: list[dict[str, str]] = [
    {},
    {"HOST": "127.0.0.1", "PORT": "9000", "WEB_CONCURRENCY": "3", "ENVIRONMENT": "production"},
    {"RELOAD": "1", "HYPERCORN_WORKERS": "8"},
]


def test_random_command_lines_and_files() -> None:
    cases = []
    for case, chance in drawing.cases("hypercorn"):
        if chance.random() < 0.5:
            case.files["h.py"] = drawing.config("hypercorn", chance)
            case.argv += ["-c", chance.choice(["file:h.py", "python:h"])]
        cases.append(case)
    settled(agreement(HYPERCORN, cases), unknown_share=0)


def test_command_lines_and_files_as_people_write_them() -> None:
    cases = [Case(line.split(), FILES, env) for line in LINES for env in VARIABLES]
    settled(agreement(HYPERCORN, cases), unknown_share=0.03)


@st.composite
def files(draw: launchers.Draw) -> Case:
    """A file that makes a Config and serves with it."""
    script = launchers.Script(env={"HYPERCORN_WORKERS": "9"})
    keywords = SETTINGS.draw(draw, script)
    match draw(st.sampled_from(["attributes", "keywords", "mapping", "setattr"])):
        case "attributes":
            body = ["config = Config()", *(f"config.{name} = {value}" for name, value in keywords.items())]
        case "keywords":
            body = [f"config = Config.from_mapping({', '.join(f'{name}={value}' for name, value in keywords.items())})"]
        case "mapping":
            entries = ", ".join(f'"{name}": {value}' for name, value in keywords.items())
            body = [f"config = Config.from_mapping({{{entries}}})", "config.include_date_header = False"]
        case _:
            body = ["config = Config()", "def configure(config):"]
            body += [f"    config.{name} = {value}" for name, value in keywords.items()] + ["configure(config)"]
    serves = ["asyncio.run(serve(app, config))", "loop = asyncio.new_event_loop()\nloop.run_until_complete(serve(app, config))"]
    imports = (
        "import asyncio\nfrom hypercorn.asyncio import serve\nfrom hypercorn.config import Config\n\nasync def app(*a): ..."
    )
    return script.case(imports, [*body, draw(st.sampled_from(serves))], draw(st.sampled_from(launchers.MAINS)))


def test_files_in_the_forms_in_which_people_write_them() -> None:
    settled(agreement(SCRIPT, launchers.examples(files(), 40)), unknown_share=0.03)


@pytest.mark.parametrize(
    "made", ["from_toml('hypercorn.toml')", "from_pyfile('conf.py')", "from_object('conf')", "from_object(conf)"]
)
def test_files_that_read_a_configuration_file(made: str) -> None:
    text = f"""import asyncio
import conf
from hypercorn.asyncio import serve
from hypercorn.config import Config

config = Config.{made}
config.backlog = 7
asyncio.run(serve('app:app', config))
"""
    settled(agreement(SCRIPT, [Case(["python", "main.py"], FILES | {"main.py": text}, env) for env in VARIABLES]), 0.03)
