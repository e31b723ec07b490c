"""Whether a file belongs to production, or to development, tests, examples and documents, by its name and place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Kind = Literal["production", "development"]

_DEVELOPMENT = frozenset(
    """dev develop development devel local localhost test tests testing e2e ci example examples sample samples demo docs doc
    documentation override fixture fixtures mock mocks benchmark benchmarks debug playground sandbox devcontainer
    reload""".split()
)
_PRODUCTION = frozenset("prod production live release staging stage deploy deployment".split())


def kind_of(path: str) -> Kind:
    """What one file is for. A word that says production in the file's own name wins over a folder's."""
    *folders, name = path.lower().split("/")
    words = set(re.split(r"[._\-]+", name))
    if words & _PRODUCTION:
        return "production"
    if words & _DEVELOPMENT:
        return "development"
    return "development" if any(set(re.split(r"[._\-]+", folder)) & _DEVELOPMENT for folder in folders) else "production"


def has_production_sibling(path: str, others: Iterable[str]) -> bool:
    """Whether a compose file stands next to one that is named for production: `compose.yml` beside `compose.prod.yml`."""
    folder, _, name = path.rpartition("/")
    if set(re.split(r"[._\-]+", name.lower())) & _PRODUCTION:
        return False
    for other in others:
        beside, _, other_name = other.rpartition("/")
        words = set(re.split(r"[._\-]+", other_name.lower()))
        if beside == folder and other != path and "compose" in words and words & {"prod", "production"}:
            return True
    return False
