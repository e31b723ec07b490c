"""What is computed against what the real servers compute, for command lines, files and variables drawn at random:
`pytest -m oracle`. SERVEAUDIT_SERVERS names the interpreter that has the servers."""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from command_lines import command
from serveaudit.programs import daphne, granian, gunicorn, hypercorn, uvicorn, waitress
from serveaudit.serving import Row, Server, Setting
from serveaudit.tables import facts
from serveaudit.values import Items, Table, Unknown

EFFECTIVE = Path(__file__).parent.parent.parent / "tools" / "effective.py"
CASES = 80
STARTS = {
    "gunicorn": gunicorn.start,
    "uvicorn": uvicorn.start,
    "hypercorn": hypercorn.start,
    "daphne": daphne.start,
    "granian": granian.start,
    "waitress-serve": waitress.start,
}
SKIPPED = {"version", "help", "check_config", "print_config", "config", "paste", "log_config", "env_file", "env_files", "chdir"}
SKIPPED |= {"reload_extra_files", "user", "group", "logger_class", "sockets", "ssl_version", "cert_reqs", "statsd_host"}
SKIPPED |= {"ssl_ca", "ssl_certificate", "ssl_keyfile", "ssl_crl", "log_fmt", "url_scheme", "reload_ignore_dirs"}
SKIPPED |= {
    "app_dir",
    "reload_dirs",
    "listen",
    "raw_env",
    "ipv4",
    "working_dir",
    "reload_paths",
    "reload_ignore_paths",
    "static_path_mount",
    "process_name",
    "verify_mode",
}
"""They only print, look at the machine, or load something."""
WORDS = {
    "int": ["0", "1", "5", "80", "08", "-1", "2.5", "x", "70000"],
    "float": ["1", "2.5", "x"],
    "bool": ["true", "0", "maybe"],
    "octal": ["022", "0o7", "7", "9", "x"],
    "duration": ["90", "2m", "1h30m", "x", ""],
    "csv": ["*", "10.0.0.0/8", "10.0.0.1/8", "a,b", "127.0.0.1, ::1"],
    "list": ["127.0.0.1:80", "0.0.0.0:81"],
    "words": ["forwarded"],
}
TEXTS = ["x", "/tmp/x", "127.0.0.1", "a b", "-", "off", "info"]
PYTHON = [
    "0",
    "1",
    "5",
    "-1",
    "2.5",
    "None",
    "True",
    "False",
    "'x'",
    "'5'",
    "'true'",
    "['a:1', 'b:2']",
    "('a',)",
    "''",
    "{}",
    "'*'",
]


@dataclass
class Case:
    argv: list[str]
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)


def draw(program: str, chance: random.Random) -> Case:
    table = facts(program.removesuffix("-serve"))
    case = Case([program])
    for row in chance.sample(
        [row for row in table.rows.values() if row.flags and row.name not in SKIPPED], chance.randint(0, 4)
    ):
        case.argv += option(row, chance)
    app = "a:b" if program != "daphne" else "os:getcwd"
    case.argv.insert(len(case.argv) if program == "waitress-serve" else 1, app)
    if program == "gunicorn":
        case.files["gunicorn.conf.py"] = config([name for name in table.rows if name not in SKIPPED], chance)
        case.env = chance.choice([{}, {"PORT": "9000"}, {"WEB_CONCURRENCY": "3"}, {"FORWARDED_ALLOW_IPS": "*"}])
        case.env |= (
            {"GUNICORN_CMD_ARGS": chance.choice(["--workers 3", "-t 5 -b c:3", "--threads=2", "-w"])}
            if chance.random() < 0.3
            else {}
        )
    if program == "hypercorn" and chance.random() < 0.5:
        case.files["h.py"] = config([name for name in table.rows if name not in SKIPPED], chance)
        case.argv += ["-c", chance.choice(["file:h.py", "python:h"])]
    if program in ("uvicorn", "granian"):
        for row in chance.sample([row for row in table.rows.values() if row.env and row.name not in SKIPPED], 2):
            case.env[row.env] = word(row, chance)
    return case


def option(row: Row, chance: random.Random) -> list[str]:
    flag = chance.choice([*row.flags, *row.negations])
    if chance.random() < 0.1 and flag.startswith("--"):
        flag = flag[: chance.randint(4, len(flag))]
    if row.takes == "0" or flag in row.negations:
        return [flag]
    if not flag.startswith("--"):
        return chance.choice([[flag, word(row, chance)], [flag + (word(row, chance) or "x")]])
    return chance.choice([[flag, word(row, chance)], [f"{flag}={word(row, chance)}"], [flag]])


def word(row: Row, chance: random.Random) -> str:
    if row.name in ("host", "port"):
        return {"host": "127.0.0.1", "port": chance.choice(["80", "x"])}[row.name]
    return chance.choice([*(row.choices or WORDS.get(row.type, TEXTS)), *row.choices, "x"])


def config(names: list[str], chance: random.Random) -> str:
    names = [name for name in names if name not in ("certfile", "keyfile", "ca_certs")]
    chosen = chance.sample(names, 3) if chance.random() < 0.5 else chance.sample(["workers", "threads", "bind", "timeout"], 2)
    return "\n".join(f"{name} = {chance.choice(PYTHON)}" for name in chosen) + "\nunknown = 3\n"


def ours(case: Case) -> Server | None:
    return STARTS[case.argv[0]](command(shlex.join(case.argv), case.files, **case.env))


def refused(server: Server) -> list[Setting]:
    """Refused settings, those that stronger sources override included: each source is checked."""
    every = (each for setting in server.settings.values() for each in (setting, *setting.overrides))
    return [setting for setting in every if setting.refused]


def starts(server: Server) -> bool:
    return not refused(server) and not any(bad.refused for bad in server.bad_flags) and server.app.x is not None


def normal(x: Any) -> Any:
    """A value as the servers tell it: what is listed, in order of its texts."""
    if isinstance(x, Items):
        return sorted(str(member.x) for member in x)
    if isinstance(x, Table):
        return {key: value.x for key, value in x.entries}
    return sorted(map(str, x)) if isinstance(x, list | tuple) else x


NAMES = {"granian": {"host": "address", "log_access_enabled": "log_access", "log_access_fmt": "log_access_format"}}
NAMES |= {"daphne": {"host": "", "port": "", "unix_socket": "", "socket_strings": "endpoints", "log_fmt": "", "access_log": ""}}
DIFFERENT = {
    "daphne": {"application", "socket_strings", "verbosity"},
    "gunicorn": {
        "user",
        "group",
        "chdir",
        "control_socket",
        "default_proc_name",
        "worker_class",
        "sendfile",
        "statsd_host",
        "config",
    },
    "uvicorn": {
        "app",
        "forwarded_allow_ips",
        "log_config",
        "log_level",
        "headers",
        "reload_dirs",
        "reload_includes",
        "reload_excludes",
        "reload",
        "workers",
        "ssl_version",
    },
    "granian": {"blocking_threads", "interface", "loop"},
    "waitress": {"listen", "trusted_proxy_headers", "trusted_proxy_count", "url_prefix", "call", "help", "threads"},
    "hypercorn": {"logger_class", "root_path", "verify_mode", "cert_reqs", "config", "application_path"},
}
"""What the servers keep in another form; tested one by one elsewhere."""


@pytest.mark.oracle
@pytest.mark.parametrize("program", STARTS)
def test_settings_are_what_the_real_server_computes(program: str) -> None:
    chance = random.Random(f"{program} 2")
    cases = [draw(program, chance) for _ in range(CASES)]
    answers = asked(cases)
    wrong = [message for case, answer in zip(cases, answers, strict=True) for message in compare(case, answer)]
    assert not wrong, "\n".join(wrong)


def asked(cases: list[Case]) -> list[dict[str, Any]]:
    interpreter = os.environ.get("SERVEAUDIT_SERVERS", sys.executable)
    text = json.dumps([vars(case) for case in cases])
    done = subprocess.run([interpreter, str(EFFECTIVE)], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    if all("No module named" in answer.get("error", "") for answer in answers):
        pytest.skip(f"{interpreter}: {answers[0]['error']}")
    return answers


def compare(case: Case, answer: dict[str, Any]) -> list[str]:
    server, told = ours(case), shlex.join(case.argv) + f" {case.files} {case.env}"
    if server is None:
        return [] if "exit" in answer else [f"{told}: no server"]
    fails_later = server.program == "hypercorn" and bool(refused(server))  # it checks nothing when it reads
    if starts(server) != ("settings" in answer) and not fails_later:
        return [f"{told}: {'starts' if starts(server) else 'does not start'}, but really {str(answer)[:300]}"]
    if "exit" in answer or fails_later:
        return []
    return [f"{told}: {difference}" for difference in differences(server, answer["settings"])]


def differences(server: Server, real: dict[str, Any]) -> list[str]:
    found = []
    for name, setting in server.settings.items():
        key = NAMES.get(server.program, {}).get(name, name)
        x = setting.value.x
        if (
            key not in real
            or name in DIFFERENT.get(server.program, ())
            or isinstance(x, Unknown)
            or (setting.row and setting.row.type == "callable")
        ):
            continue
        mine, theirs = normal(x), normal(real[key])
        if mine != theirs and not (mine in (None, [], "") and theirs in (None, [], "", False)):
            found.append(f"{name} is {mine!r}, but really {theirs!r}")
    return found
