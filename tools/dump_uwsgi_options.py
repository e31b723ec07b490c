"""uWSGI's table, from the tables of options in its C source: those of the core and of every plugin, release by release.

    pip download --no-deps --no-binary :all: uwsgi==2.0.31 && tar xf uwsgi-*.tar.gz
    dump_uwsgi_options.py [--write | --check] uwsgi-2.0.15 uwsgi-2.0.16 …
    dump_uwsgi_options.py --check

The program itself tells names only (`uwsgi --dump-options`), and only those that its build has: without sources, these names
are compared with the table's of the same release, for pip's build beside the interpreter and for the distribution's.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tablefile
from folding import Rows, unfolded

OUT = tablefile.DATA / "uwsgi.json"
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
    "MASTER": ["master"],
    "LOG_MASTER": ["log-master", "master"],
    "REQ_LOG_MASTER": ["log-master", "master"],
    "THREADS": ["enable-threads"],
    "POST_BUFFERING": ["post-buffering"],
    "LAZY": ["lazy"],
}
"""What an option's flags set besides (core/config.c, add_exported_option_do)."""
BUILT_WITH = re.compile(
    r"\bUWSGI_(SSL_SESSION_CACHE|SSL|PCRE|ROUTING|XML|YAML|JSON|ZLIB|CAP|HAS_FREEBSD_LIBJAIL)\b|\b__(FreeBSD)__"
)
NAMES = {"ROUTING": "pcre", "HAS_FREEBSD_LIBJAIL": "libjail", "SSL_SESSION_CACHE": "openssl before 1.1"}
"""What a part of a table needs to be built; internal routing needs PCRE (uwsgiconfig.py)."""
PROGRAMS = (Path(sys.executable).parent / "uwsgi", Path("/usr/bin/uwsgi"))
PYTHON = "python3"
"""The plugin that a build is asked to load too, where it has its plugins in files."""
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
    plugin: str = ""
    needs: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        return TYPES.get(self.function, "list")


def asked(source: Path) -> tuple[str, Rows]:
    """The release that a source tree has, and its rows."""
    options: dict[str, Option] = {}
    for path in [source / "core/uwsgi.c", *sorted(source.glob("plugins/*/*.c*"))]:
        plugin = "" if path.parent.name == "core" else path.parent.name
        for option in tables(path.read_text(encoding="utf-8", errors="replace"), plugin):
            if option.name not in options or options[option.name].plugin not in ("", "python", "http"):
                options[option.name] = option
    letters: set[str] = set()
    for option in options.values():  # of several options with one letter getopt tells the first
        option.shortcut = "" if option.shortcut in letters else option.shortcut
        letters.add(option.shortcut)
    preset = dict(re.findall(r"^\s*(uwsgi\.[\w.]+) = (\d[\d*]*);", (source / "core/init.c").read_text(), re.MULTILINE))
    groups: dict[tuple[object, ...], list[Option]] = {}
    for option in options.values():
        groups.setdefault(group(option), []).append(option)
    inside = embedded(source)
    return version(source), {same[0].name: tablefile.slim(row(same, preset, inside)) for same in groups.values()}


def version(source: Path) -> str:
    found = re.search(r"uwsgi_version = '([\d.]+)'", (source / "uwsgiconfig.py").read_text())
    return found[1] if found else ""


def embedded(source: Path) -> set[str]:
    """The plugins that pip's build has inside: those of its profile, buildconf/default.ini, which inherits base.ini."""
    profile = (source / "buildconf/base.ini").read_text() + (source / "buildconf/default.ini").read_text()
    lists = re.findall(r"^(?:embedded_plugins|main_plugin) = (.*)$", profile, re.MULTILINE)
    return set(re.findall(r"\w+", " ".join(lists)))


def tables(text: str, plugin: str) -> Iterator[Option]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    for table in re.finditer(r"struct\s+uwsgi_option\s+\w+\[\]\s*=\s*\{(.*?)^\s*\};", text, re.DOTALL | re.MULTILINE):
        for needs, lines in parts(table[1]):
            for fields in initializers(lines):
                if len(fields) >= 6 and fields[0].startswith('"'):
                    yield option(fields, plugin, needs)


def parts(table: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The parts of a table between its #ifdefs, each with what it needs to be built."""
    around: list[set[str]] = []
    for piece in re.split(r"^(\s*#.*)$", table, flags=re.MULTILINE):
        if re.match(r"\s*#\s*if", piece):
            macros = {found[1] or found[2] for found in BUILT_WITH.finditer(piece)}
            around.append({NAMES.get(macro, macro.lower()) for macro in macros})
        elif re.match(r"\s*#\s*endif", piece):
            around.pop()
        elif not piece.lstrip().startswith("#"):
            yield tuple(sorted(set().union(*around))), piece


def initializers(text: str) -> Iterator[list[str]]:
    """The fields of each {…}."""
    fields: list[str] = []
    for token in TOKEN.finditer(text):
        if token[0] == "{":
            fields = [""]
        elif token[0] == "}":
            yield fields
        elif token[0] == ",":
            fields.append("")
        else:
            fields[-1:] = [(fields or [""])[-1] + token[0]]


def option(fields: list[str], plugin: str, needs: tuple[str, ...]) -> Option:
    shortcut = CHARACTER.fullmatch(fields[2])
    flags = set(re.findall(r"UWSGI_OPT_(\w+)", fields[6])) if len(fields) > 6 else set()
    name, takes, function = fields[0].strip('"'), TAKES[fields[1]], fields[4]
    return Option(name, takes, shortcut[1] if shortcut else "", function, fields[5], flags, plugin, needs)


def group(option: Option) -> tuple[object, ...]:
    """What the names of one setting have in common: they write to the same place, in the same way."""
    if option.data.startswith("&") and (option.type in SCALARS or option.function == "uwsgi_opt_add_string_list"):
        return option.data, option.function, option.takes, frozenset(option.flags), option.plugin, option.needs
    return (option.name,)


def row(same: list[Option], preset: dict[str, str], inside: set[str]) -> dict[str, Any]:
    """A setting's row, from all of its names; the first one is the setting's own, the others are aliases. `inside` are the
    plugins of pip's build."""
    option = same[0]
    shortcuts = {f"-{each.shortcut}": 1 for each in same if each.shortcut}
    number = option.type == "int"
    return {
        "type": option.type,
        "flags": [*(f"--{each.name}" for each in same), *shortcuts],
        "takes": option.takes,
        "aliases": [each.name for each in same[1:]],
        "implies": sorted({name for flag in option.flags for name in FLAGS.get(flag, ())}),
        "immediate": "IMMEDIATE" in option.flags or None,
        "unit": "MiB" if option.function == "uwsgi_opt_set_megabytes" else None,
        "low": 0 if option.function == "uwsgi_opt_set_int" else None,
        "high": 65535 if option.function == "uwsgi_opt_set_16bit" else None,
        "default": False if option.type == "bool" else product(preset.get(option.data[1:], "0")) if number else None,
        "plugin": option.plugin,
        "apart": (bool(option.plugin) and option.plugin not in inside) or None,
        "needs": list(option.needs),
    }


def product(text: str) -> int:
    return math.prod(int(factor) for factor in text.split("*"))


def check_installed() -> int:
    """Whether each program that is installed tells the names that the table has of its release and build."""
    programs = [program for program in PROGRAMS if program.exists()]
    if not programs:
        print("uwsgi is not installed", file=sys.stderr)
        return tablefile.NOT_INSTALLED
    return tablefile.complain(complaint for program in programs for complaint in compared(program))


def compared(program: Path) -> Iterator[str]:
    """Where a program and the table differ. A build has all options of a plugin, or that need a library, or none of them."""
    release = re.split(r"[-+]", said(program, "--version").strip())[0]
    table = json.loads(OUT.read_text(encoding="utf-8"))
    if release not in table["releases"]:
        yield f"{program} is of release {release}, which the table does not know"
        return
    told = {name for words in ((), ("--plugin", PYTHON)) for name in said(program, *words, "--dump-options").split()}
    rows = unfolded(table["rows"], release)
    names = {name: row for own, row in rows.items() for name in (own, *row.get("aliases", ()))}
    present = [names[name] for name in told & names.keys()]
    plugins = {row.get("plugin") for row in present}
    built_with = {need for row in present for need in row.get("needs", ())}
    wanted = {
        name for name, row in names.items() if row.get("plugin") in plugins and built_with.issuperset(row.get("needs", ()))
    }
    for name in sorted(told ^ wanted):
        yield f"{program} {'has' if name in told else 'has not'} {name}, unlike the table of {release}"


def said(program: Path, *words: str) -> str:
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def main(sources: list[Path]) -> int:
    return tablefile.deliver(OUT, tablefile.table("uwsgi", dict(map(asked, sources)))) if sources else check_installed()


if __name__ == "__main__":
    sys.exit(main(tablefile.directories()))
