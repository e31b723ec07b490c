"""The files under a path: as git knows them, or by walking the tree. Nothing of the repository is run for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 60
"""Seconds that git gets to list a work tree."""
SKIPPED = frozenset(
    """.git .hg .svn node_modules bower_components __pycache__ .tox .nox .venv .mypy_cache .ruff_cache .pytest_cache
    site-packages""".split()
)
"""Directories with nothing of the project's own."""
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false")


def listed(directory: Path) -> Iterator[str]:
    """The files under a directory, relative to it, with `/`: those that git tracks or does not ignore. Where there is no git,
    it refuses, or it ignores the directory itself, it is all of them. Links are told like files, and not gone through."""
    found = _by_git(directory)
    if not found:
        yield from _walked(directory)
        return
    top = top_of(directory)
    modules = top is not None and (top / ".gitmodules").exists()
    for path in filter(_is_own, found):
        if path.endswith("/"):  # a repository in the repository
            yield from (path + below for below in listed(directory / path))
        elif modules and (directory / path).is_dir() and not (directory / path).is_symlink():
            yield from (f"{path}/{below}" for below in listed(directory / path))
        else:
            yield path


def top_of(directory: Path) -> Path | None:
    """The work tree's root that a directory lies in."""
    absolute = directory.absolute()
    return next((parent for parent in (absolute, *absolute.parents) if (parent / ".git").exists()), None)


def _is_own(path: str) -> bool:
    return SKIPPED.isdisjoint(path.split("/"))


def _by_git(directory: Path) -> list[str]:
    """Paths by `git ls-files`; empty where git can't or won't tell."""
    import subprocess  # not needed without git

    if top_of(directory) is None:
        return []
    command = [*_GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    names = done.stdout.split(b"\0") if done.returncode == 0 else []
    return list(dict.fromkeys(os.fsdecode(name) for name in names if name))


def _walked(directory: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(directory):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not (here / name / "pyvenv.cfg").exists())
        inside = here.relative_to(directory).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        yield from (prefix + name for name in sorted(names))
