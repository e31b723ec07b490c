"""Whether a file belongs to production, or to development, tests, examples and documents, by its name and place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

Kind = Literal["production", "development"]

_DEVELOPMENT = frozenset(
    """dev develop development devel local localhost test tests testing e2e ci example examples sample samples demo docs doc
    documentation override fixture fixtures mock mocks benchmark benchmarks debug playground sandbox devcontainer
    reload""".split()
)
_PRODUCTION = frozenset("prod production live release staging stage deploy".split())
"""Not `deployment`: so manifests of Kubernetes are called, examples too."""


def kind_of(path: str) -> Kind:
    """What one file is for. A word that says production in the file's own name wins over a folder's."""
    folders = path.lower().split("/")[:-1]
    words = _words(path)
    if folders and folders[-1].endswith((".service.d", ".socket.d")):
        words.discard("override")  # the name that `systemctl edit` gives to a drop-in
    if words & _PRODUCTION:
        return "production"
    if words & _DEVELOPMENT:
        return "development"
    return "development" if any(_words(folder) & _DEVELOPMENT for folder in folders) else "production"


def is_named_for_production(path: str) -> bool:
    """Whether a word of the file's own name says production: `compose.prod.yml`."""
    return bool(_words(path) & _PRODUCTION)


def has_production_sibling(path: str, others: Iterable[str]) -> bool:
    """Whether a description stands next to one of its sort that is named for production: `compose.yml` beside
    `compose.prod.yml`, `Dockerfile` beside `Dockerfile.prod`."""
    if is_named_for_production(path):
        return False
    folder, sorts = path.rpartition("/")[0], _words(path) & _SORTS
    return any(
        other.rpartition("/")[0] == folder and sorts & _words(other) and {"prod", "production"} & _words(other)
        for other in others
    )


def kind_of_project(files: Sequence[str], others: Iterable[str], kinds: Iterable[Kind]) -> Kind:
    """What compose files that are put over each other are for, the strongest last. `kinds` are those of each by itself: one
    for development makes the whole so. So does it that another project beside them is the one for production."""
    if "development" in kinds:
        return "development"
    overlaid = any(is_named_for_production(path) for path in files)
    others = list(others)
    return "development" if not overlaid and any(has_production_sibling(path, others) for path in files) else "production"


_SORTS = frozenset(("compose", "dockerfile", "containerfile"))


def _words(path: str) -> set[str]:
    """The words of a file's or folder's own name."""
    return set(re.split(r"[._\-]+", path.lower().rpartition("/")[2]))
