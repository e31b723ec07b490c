"""The application behind a server: the object that it is given, and what the project around it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from serveaudit.mapping import MappedFiles
from serveaudit.serving import Server
from serveaudit.values import Items, Place, Value


@dataclass(slots=True, eq=False)
class App:
    """An application object.

    spec        `module:attribute`
    servers     the processes that serve the same project (put in when the deployment is put together)
    """

    spec: str
    place: Place | None
    interface: Value[str]
    framework: str = ""
    websocket_paths: Value[Items] = field(default_factory=lambda: Value(Items(())))
    project_websocket_paths: Value[Items] = field(default_factory=lambda: Value(Items(())))
    allowed_hosts: Value[Any] | None = None
    polls_first: bool = False
    servers: list[Any] = field(default_factory=list)


def application_of(server: Server, files: MappedFiles) -> App | None:
    """The application that a server calls; None where its code is not in the repository."""
    return None
