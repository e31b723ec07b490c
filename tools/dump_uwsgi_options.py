"""uWSGI's table, from the tables of options in its C source: those of the core and of every plugin.

    pip download --no-deps --no-binary :all: uwsgi && tar xf uwsgi-*.tar.gz
    dump_uwsgi_options.py uwsgi-2.0.31 [--write | --check]

The program itself tells names only (`uwsgi --dump-options`), and only those of the plugins it was built with. Where it is
installed beside the interpreter, every name that it tells has to be in the table.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tablefile

TYPES = {
    "uwsgi_opt_true": "bool",
    "uwsgi_opt_false": "bool",
    "uwsgi_opt_set_int": "int",
    "uwsgi_opt_set_rawint": "int",
    "uwsgi_opt_set_64bit": "int",
    "uwsgi_opt_set_16bit": "int",
    "uwsgi_opt_set_megabytes": "int",
    "uwsgi_opt_max_vars": "int",
    "uwsgi_opt_setup_gevent": "int",
    "uwsgi_opt_setup_asyncio": "int",
    "uwsgi_opt_set_str": "str",
    "uwsgi_opt_set_str_spaced": "str",
    "uwsgi_opt_set_null": "bool",
    "uwsgi_opt_set_umask": "octal",
    "uwsgi_opt_chmod_socket": "octal",
    "uwsgi_opt_logfile_chmod": "octal",
    "uwsgi_opt_uid": "user",
    "uwsgi_opt_gid": "user",
    "uwsgi_opt_set_uid": "user",
    "uwsgi_opt_set_gid": "user",
    "uwsgi_opt_set_immediate_uid": "user",
    "uwsgi_opt_set_immediate_gid": "user",
    "uwsgi_opt_logic": "logic",
    "uwsgi_opt_noop": "logic",
    "uwsgi_opt_load": "include",
    "uwsgi_opt_load_ini": "include",
    "uwsgi_opt_load_yml": "include",
    "uwsgi_opt_load_json": "include",
    "uwsgi_opt_load_xml": "include",
    "uwsgi_opt_load_config": "include",
    "uwsgi_opt_set_placeholder": "placeholder",
}
"""What the function that takes an option's value makes of it. Every other function adds to something: a list."""
SCALARS = {"bool", "int", "str", "octal", "user"}
TAKES = {"no_argument": 0, "required_argument": 1, "optional_argument": "?"}
FLAGS = {
    "MASTER": "master",
    "LOG_MASTER": "master",
    "REQ_LOG_MASTER": "master",
    "THREADS": "enable-threads",
    "POST_BUFFERING": "post-buffering",
    "LAZY": "lazy",
}
"""What an option's flags set besides (core/config.c, add_exported_option_do)."""
CHARACTER = re.compile(r"'\\?(.)'")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|[{},]|[^\s{},"\']+')


@dataclass
class Option:
    """One line of a table: {name, argument, shortcut, help, function, data, flags}."""

    name: str
    takes: int | str
    shortcut: str
    function: str
    data: str
    flags: set[str]
    plugin: str

    @property
    def type(self) -> str:
        return TYPES.get(self.function, "list")


def ask() -> tuple[str, tablefile.Rows]:
    source = SOURCE
    options: dict[str, Option] = {}
    for path in [source / "core/uwsgi.c", *sorted(source.glob("plugins/*/*.c*"))]:
        plugin = "" if path.parent.name == "core" else path.parent.name
        for option in tables(path.read_text(encoding="utf-8", errors="replace"), plugin):
            if option.name not in options or options[option.name].plugin not in ("", "python", "http"):
                options[option.name] = option
    missing = sorted(installed() - set(options))
    if missing:
        raise SystemExit(f"uwsgi --dump-options tells names that were not found in its source: {', '.join(missing)}")
    preset = dict(re.findall(r"^\s*(uwsgi\.[\w.]+) = (\d[\d*]*);", (source / "core/init.c").read_text(), re.MULTILINE))
    groups: dict[tuple[object, ...], list[Option]] = {}
    for option in options.values():
        groups.setdefault(group(option), []).append(option)
    return version(source), {same[0].name: row(same, preset) for same in groups.values()}


def version(source: Path) -> str:
    found = re.search(r"uwsgi_version = '([\d.]+)'", (source / "uwsgiconfig.py").read_text())
    return found[1] if found else ""


def installed() -> set[str]:
    """The names that the program beside the interpreter tells; empty where there is none."""
    program = Path(sys.executable).parent / "uwsgi"
    if not program.exists():
        return set()
    return set(subprocess.run([program, "--dump-options"], capture_output=True, text=True, check=True).stdout.split())


def tables(text: str, plugin: str) -> Iterator[Option]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"^\s*(#|//).*$", "", text, flags=re.MULTILINE)
    for table in re.finditer(r"struct\s+uwsgi_option\s+\w+\[\]\s*=\s*\{", text):
        for fields in initializers(text, table.end()):
            if len(fields) >= 6 and fields[0].startswith('"'):
                yield option(fields, plugin)


def initializers(text: str, at: int) -> Iterator[list[str]]:
    """The fields of each {…} up to the end of the table."""
    fields: list[str] = []
    inside = False
    for token in TOKEN.finditer(text, at):
        if token[0] == "{":
            fields, inside = [""], True
        elif token[0] == "}":
            if not inside:
                return
            yield fields
            inside = False
        elif token[0] == "," and inside:
            fields.append("")
        elif inside:
            fields[-1] += token[0]


def option(fields: list[str], plugin: str) -> Option:
    shortcut = CHARACTER.fullmatch(fields[2])
    flags = set(re.findall(r"UWSGI_OPT_(\w+)", fields[6])) if len(fields) > 6 else set()
    name, takes, function = fields[0].strip('"'), TAKES[fields[1]], fields[4]
    return Option(name, takes, shortcut[1] if shortcut else "", function, fields[5], flags, plugin)


def group(option: Option) -> tuple[object, ...]:
    """What the names of one setting have in common: they write to the same place, in the same way."""
    if option.data.startswith("&") and (option.type in SCALARS or option.function == "uwsgi_opt_add_string_list"):
        return option.data, option.function, option.takes, frozenset(option.flags)
    return (option.name,)


def row(same: list[Option], preset: dict[str, str]) -> dict[str, Any]:
    """A setting's row, from all of its names; the first one is the setting's own, the others are aliases."""
    option = same[0]
    shortcuts = {f"-{each.shortcut}": 1 for each in same if each.shortcut}
    number = option.type == "int"
    return {
        "type": option.type,
        "flags": [*(f"--{each.name}" for each in same), *shortcuts],
        "takes": option.takes,
        "aliases": [each.name for each in same[1:]],
        "implies": sorted({FLAGS[flag] for flag in option.flags if flag in FLAGS}),
        "immediate": "IMMEDIATE" in option.flags or None,
        "unit": "MiB" if option.function == "uwsgi_opt_set_megabytes" else None,
        "low": 0 if option.function == "uwsgi_opt_set_int" else None,
        "high": 65535 if option.function == "uwsgi_opt_set_16bit" else None,
        "default": False if option.type == "bool" else product(preset.get(option.data[1:], "0")) if number else None,
    }


def product(text: str) -> int:
    return math.prod(int(factor) for factor in text.split("*"))


if __name__ == "__main__":
    SOURCE = Path(sys.argv[1]).resolve()
    sys.exit(tablefile.main("uwsgi", ask))
