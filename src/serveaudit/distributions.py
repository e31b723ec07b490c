"""Which release of a program a Linux distribution packages: data/distributions.json, as far as that was seen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "data" / "distributions.json"
_PYTHON = re.compile(r"(?:python3?|py3)-(.+)")
_PARTS = {
    **dict.fromkeys(("nginx-full", "nginx-light", "nginx-extras", "nginx-core"), "nginx"),
    **dict.fromkeys(("uwsgi-core", "uwsgi-plugin-python3", "uwsgi-python3", "uwsgi-python"), "uwsgi"),
    "gunicorn3": "gunicorn",
}


@cache
def _told() -> Mapping[str, Mapping[str, Any]]:
    read: Mapping[str, Mapping[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return read


def distribution_of(image: str) -> str:
    """The distribution that an image is made from, by its tag: `debian:12` for `python:3.12-slim-bookworm` and
    `debian:12.14-slim`, `alpine:3.20` for `python:3.12-alpine3.20`; empty where the tag does not say."""
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    named = {row.get("name"): distribution for distribution, row in _told().items()}
    for word in tag.split("-"):
        if word in named:
            return named[word]
        release = re.fullmatch(r"(alpine)?v?(\d+)(?:\.(\d+))?(?:\.\d+)*", word)
        if release and (release[1] or name in ("debian", "ubuntu", "alpine")):
            distribution = release[1] or name
            return f"{distribution}:{release[2]}" if distribution == "debian" else f"{distribution}:{release[2]}.{release[3]}"
    return ""


def program_of(package: str) -> str:
    """The program that a distribution's package brings: nginx for `nginx-light`, gunicorn for `python3-gunicorn`."""
    python = _PYTHON.fullmatch(package)
    return python[1] if python else _PARTS.get(package, package)


def packaged(distribution: str, program: str) -> str:
    """The release of a program there; empty where it was not seen."""
    return str(_told().get(distribution, {}).get("packages", {}).get(program, ""))


def upstream(version: str) -> str:
    """The program's own release in a package's: `1.22.1` of `1.22.1-9+deb12u1`, `1:1.22.1-9*`; `1.22` of `1.22.*`."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return found[1] if found else ""
