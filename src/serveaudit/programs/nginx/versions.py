"""What depends on nginx's version beside its table of directives.

Sources: nginx.org/en/CHANGES and the release tags of github.com/nginx/nginx.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from serveaudit.values import Branch, Value

CHOICE = "the version of nginx"
_DEPENDS = "nginx version"

CONNECTION_SENT = (("", "close"), ("1.29.7", None))
UWSGI_HOST = (("", "$http_host"), ("1.29.5", "$host$is_request_port$request_port"))
ONE_HOST = (("", False), ("1.31.4", True))
"""Whether only the last of several `proxy_set_header Host` is sent."""


def numbers(version: str) -> tuple[int, ...] | None:
    """`1.25.3`, `1.25-alpine`: its numbers; None for a name (`latest`)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else None


def at_least(version: Value[str], release: str) -> bool | None:
    """Whether the version is this release or newer; None where it can't be told (no version, or `1.29` against 1.29.7)."""
    if not release:
        return True
    mine = numbers(version.x) if isinstance(version.x, str) else None
    wanted = numbers(release) or ()
    if mine is None or (len(mine) < len(wanted) and mine == wanted[: len(mine)]):
        return None
    return mine >= wanted


def by_version(version: Value[str], changes: tuple[tuple[str, Any], ...]) -> Value[Any]:
    """The value that holds for the version. `changes` are (first release, value), the oldest first with an empty release.
    Where the version does not decide, one of several."""
    if len(changes) == 1:
        return Value(changes[0][1])
    found = _decided(version.x if isinstance(version.x, str) else "", changes)
    return Value(found.x, version.places, depends=found.depends) if version.places else found


@cache
def _decided(version: str, changes: tuple[tuple[str, Any], ...]) -> Value[Any]:
    said: Value[str] = Value(version)
    possible = [(release, value) for release, value in changes if at_least(said, release) is not False]
    sure = [index for index, (release, _) in enumerate(possible) if at_least(said, release)]
    possible = possible[sure[-1] :] if sure else possible
    if len(possible) == 1:
        return Value(possible[0][1], depends=(_DEPENDS,))
    later = [release for release, _ in possible[1:]]
    words = [f"nginx before {later[0]}", *(f"nginx {release} or newer" for release in later)]
    cases: tuple[tuple[str, Value[Any]], ...] = tuple(
        (word, Value(value)) for word, (_, value) in zip(words, possible, strict=True)
    )
    return Value(Branch(CHOICE, cases), depends=(_DEPENDS,))
