"""Command lines and files drawn at random from a program's table of settings."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from agreement import Case, unlike

from serveaudit.serving import Row
from serveaudit.tables import facts

CASES = 80
SKIPPED = unlike(
    """version help check_config print_config config paste log_config env_file env_files chdir reload_extra_files user group
    logger_class sockets ssl_version cert_reqs statsd_host ssl_ca ssl_certificate ssl_keyfile ssl_crl log_fmt url_scheme
    reload_ignore_dirs app_dir reload_dirs listen raw_env ipv4 working_dir reload_paths reload_ignore_paths
    static_path_mount process_name verify_mode"""
)
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
PYTHON = """0 1 5 -1 2.5 None True False 'x' '5' 'true' ['a:1','b:2'] ('a',) '' {} '*'""".split()


def cases(program: str, app: str = "a:b") -> Iterator[tuple[Case, random.Random]]:
    """Cases of up to four options, each with the chance by which it may be drawn further; always the same ones."""
    chance = random.Random(f"{program} 2")
    rows = [row for row in facts(program.removesuffix("-serve")).rows.values() if row.flags and row.name not in SKIPPED]
    for _ in range(CASES):
        case = Case([program, app])
        for row in chance.sample(rows, chance.randint(0, 4)):
            case.argv += option(row, chance)
        yield case, chance


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


def variables(program: str, chance: random.Random) -> dict[str, str]:
    """Two variables that the program reads its settings from."""
    rows = [row for row in facts(program).rows.values() if row.env and row.name not in SKIPPED]
    return {row.env: word(row, chance) for row in chance.sample(rows, 2)}


def config(program: str, chance: random.Random) -> str:
    """A Python file that sets two or three settings, and one that there is not."""
    names: Iterable[str] = facts(program).rows
    names = [name for name in names if name not in SKIPPED | {"certfile", "keyfile", "ca_certs"}]
    common = ["workers", "threads", "bind", "timeout"]
    chosen = chance.sample(names, 3) if chance.random() < 0.5 else chance.sample(common, 2)
    return "\n".join(f"{name} = {chance.choice(PYTHON)}" for name in chosen) + "\nunknown = 3\n"
