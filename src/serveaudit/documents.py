"""Documents as input: the blocks of each chapter are the files of a small deployment of their own.

Guides and READMEs are where configurations are copied from. Places are the document's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from serveaudit.contexts import Kind
from serveaudit.discover import Found, Repository, kinds
from serveaudit.formats import markdown
from serveaudit.formats.markdown import Embedded
from serveaudit.source import SourceFile

_NAMES = {
    "nginx": "nginx.conf",
    "python": "example.py",
    "py": "example.py",
    "bash": "run.sh",
    "sh": "run.sh",
    "shell": "run.sh",
    "console": "run.sh",
    "zsh": "run.sh",
    "ini": "example.ini",
    "systemd": "example.service",
    "toml": "example.toml",
    "yaml": "compose.yaml",
    "yml": "compose.yaml",
    "dockerfile": "Dockerfile",
    "docker": "Dockerfile",
    "procfile": "Procfile",
}
"""What a block of a language is called that has no name of its own."""


@dataclass(eq=False)
class Chapter(Repository):
    """The blocks of one chapter, as the only files that there are."""

    name: str = ""

    def exists(self, path: str) -> bool:
        return path in self.paths

    def kind_of(self, path: str) -> Kind:
        """What a reader copies is meant for production, unless its own name says otherwise."""
        return super().kind_of(path) if path in self.paths else "production"


def chapters(repository: Repository) -> Iterator[Chapter]:
    """The chapters with blocks of every document that the user names."""
    for path, source in repository.of_kinds("markdown"):
        for _, group in groupby(markdown.parse(source), key=lambda block: block.chapter):
            chapter = _chapter(repository, path, list(group))
            if chapter.files:
                yield chapter


def _chapter(repository: Repository, document: str, blocks: list[Embedded]) -> Chapter:
    chapter = Chapter(repository.root, name=f"{document}: {blocks[0].subject or 'the beginning'}")
    for number, block in enumerate(blocks):
        name = _named(block, number, chapter)
        source = replace(block.view, path=name) if name else None
        kind = _kind(source) if source else ""
        if source is not None and kind:
            chapter.files.append(Found(name, kind))
            chapter.paths[name] = repository.root
            chapter._read[name] = source
    return chapter


def _named(block: Embedded, number: int, chapter: Chapter) -> str:
    """The name of a block's file: its own, else by its language; a second one of the same name lies in a directory apart."""
    name = block.title.lstrip("/~.") or _NAMES.get(block.kind, "")
    return f"{number}/{name}" if name in chapter.paths else name


def _kind(source: SourceFile) -> str:
    return kinds.kind_of(source, kinds.candidates(source.path))
