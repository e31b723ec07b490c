"""Folders of files from text, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from serveaudit.assembling import assemble
from serveaudit.config import Config, Stated
from serveaudit.deployment import Deployment
from serveaudit.discover import discover
from serveaudit.gathering import Gathered, Gathering


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes files by their paths, with the directories in which they lie."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def gathered(folder: Path, files: Mapping[str, str]) -> list[Gathered]:
    """What stands together among these files, and what it starts."""
    write(folder, files)
    return Gathering(discover([folder], Config(), folder)).gather()


def deployed(folder: Path, files: Mapping[str, str], stated: Stated | None = None) -> Deployment:
    """What is put together of these files."""
    write(folder, files)
    return assemble(discover([folder], Config(), folder), stated or Stated())
