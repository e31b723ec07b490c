"""What the services of one compose project share."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from serveaudit.formats.yaml import Layers, Node
from serveaudit.launch.compose.texts import Read, Texts
from serveaudit.launching import Images
from serveaudit.source import SourceFile


@dataclass(slots=True)
class Project:
    """`top` holds the project's files, the weakest first; `directories` tells from where a file's relative paths are meant,
    which is not its own directory when it is put over another one."""

    read: Read
    images: Images
    texts: Texts
    top: Layers = field(default_factory=Layers)
    directories: dict[int, str] = field(default_factory=dict)
    sources: list[SourceFile] = field(default_factory=list)

    def place_in(self, source: SourceFile, directory: str) -> None:
        """Says from which directory a file's relative paths are meant."""
        self.sources.append(source)  # kept, so that its id stays its own
        self.directories[id(source)] = directory

    def directory(self, node: Node) -> str:
        return self.directories.get(id(node.span.source), "")

    def path(self, node: Node, relative: str) -> str:
        """The repository's path that a relative one means where it is written."""
        return posixpath.normpath(posixpath.join(self.directory(node), relative))
