"""nginx's table: its directives and variables, from its source and its documentation, release by release.

    dump_nginx_directives.py [--write | --check] NGINX NGINX_ORG
    dump_nginx_directives.py --check

NGINX is a clone of github.com/nginx/nginx with its release tags: contexts and argument counts come from the command tables of
each release, older defaults from what its modules merge. NGINX_ORG is a clone of github.com/nginx/nginx.org: today's defaults,
and the directives of modules that are built apart or sold (`built: apart`). Without clones, the command tables in the binary
that is installed are compared with the table of its release.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nginx_binary
import tablefile
from folding import Rows, fold, unfolded

OUT = tablefile.DATA / "nginx.json"
NOTES = tablefile.HERE / "notes" / "nginx.toml"
OLDEST = (1, 14, 0)

CONTEXTS = {
    "NGX_MAIN_CONF": "main",
    "NGX_EVENT_CONF": "events",
    "NGX_MAIL_MAIN_CONF": "mail",
    "NGX_MAIL_SRV_CONF": "mail/server",
    "NGX_STREAM_MAIN_CONF": "stream",
    "NGX_STREAM_SRV_CONF": "stream/server",
    "NGX_STREAM_UPS_CONF": "stream/upstream",
    "NGX_HTTP_MAIN_CONF": "http",
    "NGX_HTTP_SRV_CONF": "server",
    "NGX_HTTP_LOC_CONF": "location",
    "NGX_HTTP_UPS_CONF": "upstream",
    "NGX_HTTP_SIF_CONF": "server/if",
    "NGX_HTTP_LIF_CONF": "location/if",
    "NGX_HTTP_LMT_CONF": "limit_except",
    "NGX_MGMT_MAIN_CONF": "mgmt",
}
DOCUMENTED = {"if in server": "server/if", "if in location": "location/if", "any": "any"}
ENDLESS = {"NGX_CONF_ANY": "0+", "NGX_CONF_1MORE": "1+", "NGX_CONF_2MORE": "2+", "NGX_CONF_FLAG": "flag"}
COMMAND = re.compile(
    r'\{\s*ngx_string\("([^"]+)"\),\s*((?:NGX_[A-Z0-9_]+\s*\|?\s*)+),\s*(\w+)(?:,\s*\w+,\s*offsetof\(\w+,\s*([\w.]+)\))?'
)
MERGE = re.compile(r"ngx_conf_(?:merge|init)_\w*?value\(\s*conf->([\w.]+),\s*(?:prev->[\w.]+,\s*)?([^;]*?)\);")
SPELLED = {"NGX_HTTP_VERSION_10": "1.0", "NGX_HTTP_VERSION_11": "1.1"}
BACKPORTED = ("max_headers",)
"""What distributions took over into older releases, as security updates."""
PROTOCOL = re.compile(r"NGX_SSL_(TLSv1(?:_\d)?)\b")
HANDLER = re.compile(r"^(\w+)\(ngx_conf_t \*cf, ngx_command_t \*cmd,\s*void \*conf\)\n\{.*?^\}", re.MULTILINE | re.DOTALL)
SLOTS = {f"ngx_conf_set_{kind}_slot" for kind in ("flag", "str", "num", "size", "off", "msec", "sec", "bufs", "enum")}
REPEATABLE = frozenset(
    "limit_conn limit_req limit_except mirror pass proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_redirect "
    "return sticky".split()
)
"""Their handlers refuse a second one only for one and the same zone, path, …"""
VARIABLES = re.compile(r"ngx_(?:http|stream)_variable_t\s+\w+\[\] = \{(.*?)\n\};", re.DOTALL)
VARIABLE = re.compile(r'\{\s*ngx_string\("([^"]+)"\),(.*?)\}', re.DOTALL)


def git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True).stdout


def releases(repository: Path) -> list[tuple[int, ...]]:
    names = git(repository, "tag", "--list", "release-*").decode().split()
    versions = [tuple(int(part) for part in name.removeprefix("release-").split(".")) for name in names]
    return sorted(version for version in versions if version >= OLDEST)


def sources(repository: Path, version: tuple[int, ...]) -> dict[str, str]:
    """The C texts of a release by the names of their modules: `http_proxy`."""
    archive = io.BytesIO(git(repository, "archive", f"release-{dotted(version)}", "src"))
    with tarfile.open(fileobj=archive) as files:
        members = [member for member in files if member.name.endswith(".c") and "/win32/" not in member.name]
        return {
            Path(member.name).stem.removeprefix("ngx_").removesuffix("_module"): files.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in members
        }


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def commands(texts: dict[str, str]) -> Rows:
    """The directives of a release: forms, the modules that have it, and the default that one of them merges, in C."""
    found: Rows = {}
    for module, text in texts.items():
        merged = {field: " ".join(default.split()) for field, default in MERGE.findall(text)}
        for name, flags, _, field in COMMAND.findall(text):
            if form := form_of(set(re.findall(r"NGX_[A-Z0-9_]+", flags))):
                row = found.setdefault(name, {"forms": [], "module": [], "merged": "NULL"})
                row["forms"] += [form] if form not in row["forms"] else []
                row["module"] += [module] if module not in row["module"] else []
                row["merged"] = row["merged"] if row["merged"] != "NULL" else merged.get(field, "NULL")
    once = single("\n".join(texts.values()))
    return {name: row | ({"once": True} if name in once else {}) for name, row in found.items()}


def form_of(parts: set[str]) -> dict[str, str] | None:
    contexts = ["any"] if "NGX_ANY_CONF" in parts else [CONTEXTS[part] for part in CONTEXTS if part in parts]
    if not contexts:
        return None
    return {"in": " ".join(contexts), "takes": takes(parts)} | ({"block": "yes"} if "NGX_CONF_BLOCK" in parts else {})


def single(text: str) -> set[str]:
    """The directives that nginx refuses a second time in one block: their handler says "is duplicate"."""
    refusing = SLOTS | {found[1] for found in HANDLER.finditer(text) if '"is duplicate"' in found[0]}
    handlers = [(name, handler) for name, _, handler, _ in COMMAND.findall(text)]
    return {name for name, _ in handlers} - {name for name, handler in handlers if handler not in refusing} - REPEATABLE


def takes(parts: set[str]) -> str:
    """How many arguments: `flag` (on or off), `1+`, or the counts: `1 2`."""
    for part in parts:
        if part in ENDLESS:
            return ENDLESS[part]
    counts = {int(digit) for part in parts if part.startswith("NGX_CONF_TAKE") for digit in part.removeprefix("NGX_CONF_TAKE")}
    if "NGX_CONF_NOARGS" in parts:
        counts.add(0)
    return " ".join(map(str, sorted(counts)))


def variables(text: str) -> tuple[set[str], set[str]]:
    """The names of the variables, and the prefixes such as `arg_`."""
    names: set[str] = set()
    prefixes: set[str] = set()
    for table in VARIABLES.findall(text):
        for name, rest in VARIABLE.findall(table):
            (prefixes if "VAR_PREFIX" in rest or name.endswith("_") else names).add(name)
    return names, prefixes


def documented(repository: Path) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """What the manual says of each directive of http and core modules, and the variables it names."""
    found: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    paths = git(repository, "ls-tree", "-r", "--name-only", "HEAD", "xml/en/docs").decode().split()
    for path in sorted(
        (path for path in paths if re.search(r"/ngx_\w+_module\.xml$", path)), key=lambda path: "/http/" not in path
    ):
        text = git(repository, "show", f"HEAD:{path}").decode()
        module = ElementTree.fromstring(re.sub(r"<!DOCTYPE.*?>", "", text).replace("&nbsp;", " ").replace("&mdash;", "-"))
        names |= {"".join(var.itertext()).lstrip("$") for tag in module.iter("tag-name") for var in tag.iter("var")}
        for directive in module.iter("directive"):
            found.setdefault(directive.attrib["name"], described(directive, path))
    return found, names


def described(directive: ElementTree.Element, path: str) -> dict[str, Any]:
    defaults = [" ".join("".join(default.itertext()).split()) for default in directive.findall("default")]
    prefix = "stream/" if "/stream/" in path else "mail/" if "/mail/" in path else ""
    contexts = [context.text or "" for context in directive.findall("context")]
    where = [
        DOCUMENTED.get(context, prefix + context if context in ("server", "upstream") else context) for context in contexts
    ]
    return {
        "default": [default for default in defaults if default],
        "in": " ".join(where),
        "block": any(syntax.get("block") == "yes" for syntax in directive.findall("syntax")),
        "removed": (re.findall(r"was removed\s+in version\s+([0-9.]+[0-9])", "".join(directive.itertext())) or [""])[0],
    }


def with_defaults(history: list[tuple[str, Rows]], docs: dict[str, dict[str, Any]]) -> list[tuple[str, Rows]]:
    """The rows with the manual's default; before the release that changed what a module merges, with what it merged then."""
    newest: dict[str, str] = {}
    told = []
    for version, rows in reversed(history):
        told.append((version, {name: with_default(row, docs.get(name, {}), newest, name) for name, row in rows.items()}))
    return told[::-1]


def with_default(row: dict[str, Any], doc: dict[str, Any], newest: dict[str, str], name: str) -> dict[str, Any]:
    merged = row["merged"]
    today = newest.setdefault(name, merged)
    changed = spelled(merged) if "NULL" not in (merged, today) and merged != today else ""
    default = [changed] if changed else doc.get("default", [])
    return tablefile.slim(row | {"merged": "", "default": default or None})


def spelled(merged: str) -> str:
    """A default in C as it is written in a configuration; empty for what is not understood."""
    protocols = PROTOCOL.findall(merged)
    return " ".join(protocols).replace("_", ".") or SPELLED.get(merged, merged if merged.isdigit() else "")


def documented_only(name: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A directive that no source has: of a module that is built apart or sold, or gone before the oldest release."""
    form = {"in": doc["in"], "takes": ""} | ({"block": "yes"} if doc["block"] else {})
    gone = doc["removed"] if "js_" not in name else ""
    return tablefile.slim({"forms": [form], "default": doc["default"] or None, "until": gone, "built": "" if gone else "apart"})


def table(nginx: Path, manual: Path) -> str:
    """The file's text."""
    versions = releases(nginx)
    history = [(dotted(version), commands(sources(nginx, version))) for version in versions]
    docs, documented_names = documented(manual)
    notes = tomllib.loads(NOTES.read_text())["rows"]
    snapshots = [(version, tablefile.with_notes(rows, notes, version)) for version, rows in with_defaults(history, docs)]
    directives = fold(snapshots)
    directives |= {name: documented_only(name, doc) for name, doc in docs.items() if name not in directives}
    names, prefixes = variables("\n".join(sources(nginx, versions[-1]).values()))
    plain = {name for name in documented_names if re.fullmatch(r"[a-z0-9_]+[a-z0-9]", name)}
    prefixes |= {name for name in documented_names if re.fullmatch(r"[a-z0-9_]+_", name)}
    data = {
        "source": "src/*.c of github.com/nginx/nginx by release tag, nginx.org/en/docs",
        "newest": dotted(versions[-1]),
        "releases": list(map(dotted, versions)),
        "variables": sorted(names | plain),
        "prefixes": sorted(prefixes),
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(directives[name], sort_keys=True)}" for name in sorted(directives)]
    return json.dumps(data)[:-1] + ',\n "directives": {\n' + ",\n".join(lines) + "\n}}\n"


def compared(program: str) -> Iterator[str]:
    """Where the binary and the table differ. A build has all directives of a module or none."""
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    release = (re.findall(r"nginx/([\d.]+)", said) or [""])[0]
    known = json.loads(OUT.read_text())
    if release not in known["releases"]:
        yield f"{program} is of release {release}, which the table does not know"
        return
    rows = {name: row for name, row in unfolded(known["directives"], release).items() if "module" in row}
    built: dict[str, set[int]] = {}
    for name, flags in nginx_binary.commands(Path(program).resolve()):
        built.setdefault(name, set()).add(flags)
    modules = {module for name in built if len(rows.get(name, {}).get("module", ())) == 1 for module in rows[name]["module"]}
    for name in sorted(built.keys() - rows - set(BACKPORTED)):
        yield f"{program} has {name}, unlike the table of {release}"
    for name, row in sorted(rows.items()):
        if name not in built and modules.intersection(row["module"]):
            yield f"{program} has not {name}, unlike the table of {release}"
        for flags in built.get(name, set()) - {nginx_binary.flags(form) for form in row["forms"]}:
            yield f"{program} has {name} as {flags:#x}, unlike the table of {release}"


def check_installed() -> int:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/local/nginx/sbin")
    if program is None:
        print("nginx is not installed", file=sys.stderr)
        return tablefile.NOT_INSTALLED
    return tablefile.complain(compared(program))


def main(clones: list[Path]) -> int:
    return tablefile.deliver(OUT, table(*clones)) if clones else check_installed()


if __name__ == "__main__":
    sys.exit(main(tablefile.directories()))
