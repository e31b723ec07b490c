"""What is made for development and found in production: its servers, its settings, its error pages."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from serveaudit import starts
from serveaudit.contexts import kind_of
from serveaudit.deployment import Process
from serveaudit.formats.python import Made
from serveaudit.serving import Server
from serveaudit.values import Branch, Value
from serveaudit.words import word

_SERVERS = {"django": "runserver", "flask": "Flask's development server", "werkzeug": "Werkzeug's development server"}
_PRODUCTION = re.compile(r"(^|[_.-])(prod|production|live|release)([_.-]|$)")


class ServerDeveloping:
    """Of a server."""

    process: Process
    facts: Server

    @word()
    def source_mounted(self) -> Value[bool]:
        """Whether the repository itself is mounted over the application in its container, as one does to develop it."""
        cwd = self.facts.command.cwd.x if self.facts.command else ""
        for mount in self.process.running.machine.mounts:
            target = mount.target.rstrip("/")
            over = isinstance(cwd, str) and (
                f"{cwd}/".startswith(f"{target}/") or f"{target}/".startswith(f"{cwd.rstrip('/')}/")
            )
            if mount.kind == "bind" and mount.source is not None and over and self._holds_code(mount.source):
                return Value(True, (mount.place,))
        return Value(False)

    def _holds_code(self, folder: str) -> bool:
        repository, prefix = self.process.running.files.repository, "" if folder in ("", ".") else f"{folder}/"
        return any(path.startswith(prefix) and path.endswith(".py") for path in repository.paths)

    @word()
    def made_for_development(self) -> Value[bool]:
        """Whether it is a development server, for which reloading is meant."""
        return Value(self.facts.program in _SERVERS)

    @word("made for development only")
    def development_server(self) -> Value[str]:
        """The development server that is started, by its command; None for a server that is made for production."""
        if self.facts.program not in _SERVERS:
            return Value(None)
        found: Value[Any] = Value(_SERVERS[self.facts.program], (self.facts.place,))
        running = self.process.running
        if running.unit is None or running.unit.manager != "shell" or not starts.may_be_in_container(running):
            return found
        cases: tuple[tuple[str, Value[Any]], ...] = (("the script is for production", found), ("it is not", Value(None)))
        return Value(Branch("whom the script is for", cases))

    @word("its debugger runs what it is sent")
    def debugger(self) -> Value[bool]:
        """Whether Werkzeug's debugger is on."""
        return self.facts.value("debugger") if self.facts.program in ("flask", "werkzeug") else Value(False)

    @word("error pages tell everything")
    def debug(self) -> Value[bool]:
        """Whether the application shows its insides on errors: Django's DEBUG, debug=True of FastAPI and Starlette."""
        app = self.process.app
        if app is None or self.facts.program in ("flask", "werkzeug"):
            return Value(False)
        if app.settings is not None:
            name = app.settings_name
            return self._perhaps_set(app.settings.value("DEBUG").also(Value(None, (), name.assumes, name.depends)))
        made = app.found.object.x
        if isinstance(made, Made) and made.call is not None and app.framework in ("fastapi", "starlette"):
            return made.call.argument(-1, "debug") or Value(False)
        return Value(False)

    def _perhaps_set(self, found: Value[Any]) -> Value[Any]:
        """What hangs on variables that nothing here sets, of a start whose environment no description tells."""
        hangs = found.assumes and any(name.startswith("env:") for name in found.depends)
        if found.x is not True or not hangs or starts.described(self.process.running):
            return found
        cases: tuple[tuple[str, Value[Any]], ...] = (
            ("its environment is left as it is", found),
            ("its environment says otherwise", Value(False)),
        )
        return Value(Branch("the environment that it is started in", cases))

    @word("nobody says otherwise")
    def default_settings(self) -> Value[str]:
        """The settings module that the application falls back to because nothing sets DJANGO_SETTINGS_MODULE, where another
        one is there for production, or its own name says development; None where that is not so."""
        app = self.process.app
        if app is None or app.settings is None or not app.settings_name.assumes:
            return Value(None)
        path = app.settings.module.source.path
        return (
            app.settings_name if kind_of(posixpath.basename(path)) == "development" or self._production(path) else Value(None)
        )

    def _production(self, path: str) -> bool:
        folder = posixpath.dirname(path)
        beside = (other for other in self.process.running.files.repository.paths if posixpath.dirname(other) == folder)
        return any(
            other != path and other.endswith(".py") and _PRODUCTION.search(posixpath.basename(other)) for other in beside
        )
