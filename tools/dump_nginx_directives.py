"""Writes src/serveaudit/data/nginx.json: nginx's directives and variables, from its source and its documentation.

    python tools/dump_nginx_directives.py NGINX NGINX_ORG

NGINX is a clone of github.com/nginx/nginx with its release tags: contexts and argument counts come from the command tables of
the newest release, the versions in which a directive is there from all of them. NGINX_ORG is a clone of
github.com/nginx/nginx.org: defaults, and the directives of modules that are built apart or sold (`built: apart`).
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "src/serveaudit/data/nginx.json"
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
COMMAND = re.compile(r'\{\s*ngx_string\("([^"]+)"\),\s*((?:NGX_[A-Z0-9_]+\s*\|?\s*)+),\s*(\w+)')
HANDLER = re.compile(r"^(\w+)\(ngx_conf_t \*cf, ngx_command_t \*cmd,\s*void \*conf\)\n\{.*?^\}", re.MULTILINE | re.DOTALL)
SLOTS = {f"ngx_conf_set_{kind}_slot" for kind in ("flag", "str", "num", "size", "off", "msec", "sec", "bufs", "enum")}
REPEATABLE = frozenset(
    "limit_conn limit_req limit_except mirror pass proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_redirect "
    "return sticky".split()
)
"""Their handlers refuse a second one only for one and the same zone, path, …"""
VARIABLES = re.compile(r"ngx_(?:http|stream)_variable_t\s+\w+\[\] = \{(.*?)\n\};", re.DOTALL)
VARIABLE = re.compile(r'\{\s*ngx_string\("([^"]+)"\),(.*?)\}', re.DOTALL)

Forms = list[dict[str, str]]


def git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True).stdout


def releases(repository: Path) -> list[tuple[int, ...]]:
    names = git(repository, "tag", "--list", "release-*").decode().split()
    versions = [tuple(int(part) for part in name.removeprefix("release-").split(".")) for name in names]
    return sorted(version for version in versions if version >= OLDEST)


def sources(repository: Path, version: tuple[int, ...]) -> str:
    """The C text of a release."""
    archive = io.BytesIO(git(repository, "archive", f"release-{dotted(version)}", "src"))
    with tarfile.open(fileobj=archive) as files:
        members = [member for member in files if member.name.endswith(".c") and "/win32/" not in member.name]
        return "\n".join(files.extractfile(member).read().decode("utf-8", "replace") for member in members)  # type: ignore[union-attr]


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def commands(text: str) -> dict[str, Forms]:
    found: dict[str, Forms] = {}
    for name, flags, _ in COMMAND.findall(text):
        parts = set(re.findall(r"NGX_[A-Z0-9_]+", flags))
        contexts = [CONTEXTS[part] for part in CONTEXTS if part in parts]
        if "NGX_ANY_CONF" in parts:
            contexts = ["any"]
        if contexts:
            form = {"in": " ".join(contexts), "takes": takes(parts)}
            if "NGX_CONF_BLOCK" in parts:
                form["block"] = "yes"
            if form not in found.setdefault(name, []):
                found[name].append(form)
    return found


def single(text: str) -> set[str]:
    """The directives that nginx refuses a second time in one block: their handler says "is duplicate"."""
    refusing = SLOTS | {found[1] for found in HANDLER.finditer(text) if '"is duplicate"' in found[0]}
    handlers = [(name, handler) for name, _, handler in COMMAND.findall(text)]
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


def lifetimes(tables: list[tuple[tuple[int, ...], set[str]]]) -> dict[str, dict[str, str]]:
    """Since which release each directive is there, and the first release without it; nothing for those always there."""
    result: dict[str, dict[str, str]] = {}
    for name in set().union(*(names for _, names in tables)):
        there = [version for version, names in tables if name in names]
        later = [version for version, _ in tables if version > there[-1]]
        life = result.setdefault(name, {})
        if there[0] != tables[0][0]:
            life["since"] = dotted(there[0])
        if later:
            life["until"] = dotted(later[0])
    return result


def main(nginx: Path, manual: Path) -> None:
    versions = releases(nginx)
    texts = {version: commands(sources(nginx, version)) for version in versions}
    lives = lifetimes([(version, set(table)) for version, table in texts.items()])
    docs, documented_names = documented(manual)
    newest = sources(nginx, versions[-1])
    names, prefixes = variables(newest)
    once = single(newest)
    directives: dict[str, dict[str, Any]] = {}
    for name in sorted({*lives, *docs}):
        doc = docs.get(name, {})
        forms = next((texts[version][name] for version in reversed(versions) if name in texts[version]), None)
        entry: dict[str, Any] = {
            "forms": forms or [{"in": doc["in"], "takes": "", **({"block": "yes"} if doc["block"] else {})}]
        }
        entry |= {"default": doc["default"]} if doc.get("default") else {}
        entry |= lives.get(name, {})
        if name in once:
            entry["once"] = True
        if doc.get("removed") and "until" not in entry and "js_" not in name:
            entry["until"] = doc["removed"]
        elif forms is None:
            entry["built"] = "apart"
        directives[name] = entry
    plain = {name for name in documented_names if re.fullmatch(r"[a-z0-9_]+[a-z0-9]", name)}
    prefixes |= {name for name in documented_names if re.fullmatch(r"[a-z0-9_]+_", name)}
    data = {
        "source": f"nginx {dotted(versions[0])} to {dotted(versions[-1])} (src/*.c by release tag), nginx.org/en/docs",
        "newest": dotted(versions[-1]),
        "directives": directives,
        "variables": sorted(names | plain),
        "prefixes": sorted(prefixes),
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(entry, sort_keys=True)}" for name, entry in directives.items()]
    rest = {key: value for key, value in data.items() if key != "directives"}
    OUT.write_text(json.dumps(rest)[:-1] + ',\n "directives": {\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
