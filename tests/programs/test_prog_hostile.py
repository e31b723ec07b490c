"""Bad input never ends in a traceback."""

from __future__ import annotations

import random

import pytest

from command_lines import command
from serveaudit.command import Environment
from serveaudit.formats import python
from serveaudit.programs import daphne, granian, gunicorn, hypercorn, uvicorn, waitress
from serveaudit.source import SourceFile
from serveaudit.tables import facts

PROGRAMS = [gunicorn, uvicorn, hypercorn, daphne, granian, waitress]
WORDS = [
    "-",
    "--",
    "=",
    "''",
    "$X",
    "$@",
    '"$X"',
    "--$X",
    "-$X",
    "a:b",
    "--x=$X",
    "-w",
    "-wx",
    "5",
    "unix:",
    "é",
    "[",
    ":",
    "*",
]
VALUES = [
    "None",
    "{}",
    "[None]",
    "[1, 'a']",
    "[[]]",
    "lambda: 0",
    "10 ** 10 ** 10",
    "'x' * 10 ** 9",
    "(1,)",
    "b'x'",
    "...",
    "1j",
    "object()",
]
VALUES += [
    "[x for x in range(10 ** 12)]",
    "float('nan')",
    "float('inf')",
    "f'{1}'",
    "open('/etc/passwd').read()",
    "''",
    "'\\0'",
    "-(2 ** 70)",
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.EXECUTABLES[0])
def test_no_command_line_ends_in_a_traceback(program: object) -> None:
    name = program.EXECUTABLES[0]
    flags = [*facts(name.removesuffix("-serve")).flags]
    chance = random.Random(name)
    for _ in range(150):
        words = [chance.choice([*flags, *WORDS] if chance.random() < 0.6 else WORDS) for _ in range(chance.randint(0, 8))]
        words = [f"{word}={chance.choice(WORDS)}" if chance.random() < 0.2 else word for word in words]
        program.start(
            command(" ".join([name, *words]), PORT="x", GUNICORN_CMD_ARGS=chance.choice(["'", "-w", "$X", "--x=1 -"]))
        )


@pytest.mark.parametrize(
    "name", ["bind", "workers", "timeout", "daemon", "raw_env", "forwarded_allow_ips", "worker_class", "post_fork"]
)
@pytest.mark.parametrize("value", VALUES)
def test_no_value_of_a_configuration_ends_in_a_traceback(name: str, value: str) -> None:
    source = SourceFile("gunicorn.conf.py", f"{name} = {value}\nsecure_scheme_headers = {value}\n")
    gunicorn.configured(source, Environment(), None)
    hypercorn.configured(source, Environment(), None)


@pytest.mark.parametrize("value", VALUES)
def test_no_argument_of_a_call_ends_in_a_traceback(value: str) -> None:
    text = "import uvicorn, waitress, granian\nfrom hypercorn.asyncio import serve\nfrom hypercorn import Config\n"
    for name in ("host", "port", "workers", "listen", "uds", "fd", "interface", "bind", "reload"):
        text += f"uvicorn.run({value}, {name}={value})\nwaitress.serve({value}, {name}={value})\n"
        text += f"granian.Granian({value}, {name}={value})\nserve({value}, Config.from_mapping({{{name!r}: {value}}}))\n"
    module = python.read(SourceFile("main.py", text))
    for program in (uvicorn, waitress, granian, hypercorn):
        assert program.scripted(module)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "(" * 3000,
        "x = " + "[" * 3000,
        "workers = " + "-" * 5000 + "1",
        "while True:\n    workers = 1\n",
        "def",
        "é = 1",
        "[a\n",
    ],
)
def test_no_text_of_a_configuration_ends_in_a_traceback(text: str) -> None:
    for path in ("gunicorn.conf.py", "hypercorn.toml", "hypercorn_config.py"):
        source = SourceFile(path, text)
        for program in (gunicorn, hypercorn):
            program.looks_like(source)
            program.configured(source, Environment(), None)
        for line in (f"gunicorn -c {path} a:b", f"hypercorn -c {path} a:b", f"hypercorn -c file:{path} a:b"):
            program = gunicorn if line.startswith("gunicorn") else hypercorn
            assert program.start(command(line, {path: text}))
