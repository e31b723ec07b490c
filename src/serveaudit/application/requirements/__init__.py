"""Which packages a project installs, and in which versions, by its requirement and lock files.

Its modules, each above the ones before: packages; texts, locks; projects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from serveaudit.application.requirements.locks import LOCKS, read_lock, read_pipfile_lock
from serveaudit.application.requirements.packages import Package, Packages, normalized, requirement
from serveaudit.application.requirements.projects import (
    for_development,
    read_conda,
    read_pipfile,
    read_pyproject,
    read_setup_cfg,
    read_setup_py,
)
from serveaudit.application.requirements.texts import ReadFile, read_text
from serveaudit.source import SourceFile
from serveaudit.values import Unknown

__all__ = ["Package", "Packages", "installed", "is_requirements", "normalized", "read_packages", "requirement"]

_TEXTS = re.compile(
    r"(?:^|/)(?:[^/]*[-_.])?(?:requirements|constraints)(?:[-_.][^/]*)?\.(?:txt|in|pip)$|(?:^|/)requirements/[^/]+\.(?:txt|in|pip)$"
)


def installed(sources: Sequence[SourceFile], read_file: ReadFile = lambda path: None) -> Packages:
    """The packages that these files ask for together: requirements, pyproject.toml, Pipfile, setup.cfg, and their locks. With a
    lock among them the list is complete. Locks come first, what is for developers last."""
    found = [(source.path, read_packages(source, read_file)) for source in sources]
    together = Packages()
    for _, packages in sorted(found, key=lambda each: (each[1].complete is not True, for_development(each[0]))):
        together.add(packages)
    if not found or any(packages.complete is True for _, packages in found):
        together.complete = True if found else Unknown("no requirements were found")
    return together


def is_requirements(path: str) -> bool:
    """Whether a file lists packages, by its name."""
    return path.rpartition("/")[2] in ("pyproject.toml", *_READERS) or bool(_TEXTS.search(path))


def read_packages(source: SourceFile, read_file: ReadFile = lambda path: None) -> Packages:
    """The packages of one file, told by its name; files that it includes (`-r base.txt`) with it."""
    name = source.path.rpartition("/")[2]
    if name == "pyproject.toml":
        return read_pyproject(source, read_file)
    reader = _READERS.get(name) or (read_conda if name.endswith((".yml", ".yaml")) else None)
    return reader(source) if reader is not None else read_text(source, read_file)


_READERS: dict[str, Callable[[SourceFile], Packages]] = {
    "Pipfile": read_pipfile,
    "Pipfile.lock": read_pipfile_lock,
    "setup.cfg": read_setup_cfg,
    "setup.py": read_setup_py,
    "environment.yml": read_conda,
    "environment.yaml": read_conda,
    **dict.fromkeys(LOCKS, read_lock),
}
