"""How an application begins and ends with its server."""

from __future__ import annotations

import re

from serveaudit.applications import App
from serveaudit.deployment import Process
from serveaudit.stopping import NOTIFYING, SILENT
from serveaudit.values import Place, Unknown, Value
from serveaudit.words import word

_HOOK = re.compile(
    r"\blifespan\s*=\s*(?!None|[\"'])\w|\.on_event\(|\.add_event_handler\(|\bon_startup\s*=\s*[\[\w]|before_serving\b"
)
_PRINT = re.compile(r"(?m)^[ \t]*print\(")
_NOTIFIERS = ("sdnotify", "systemd-python", "cysystemd", "systemd-watchdog", "sd-notify", "sdnotify-asyncio")


class AppLifecycle:
    """Of an application."""

    facts: App

    @word("runs when the server starts the application")
    def startup_hooks(self) -> Value[str]:
        """What the application's module has the server run at its start; None: nothing that is seen there."""
        if self.facts.framework not in ("fastapi", "starlette", "quart", "litestar"):
            return Value(None)
        return self._first(_HOOK)

    @word("written to a buffer")
    def prints(self) -> Value[str]:
        """The first `print(…)` of the application's module; None: there is none."""
        return self._first(_PRINT)

    def _first(self, pattern: re.Pattern[str]) -> Value[str]:
        source = self.facts.module.source
        found = pattern.search(source.text)
        if found is None:
            return Value(None)
        line = source.line_span(source.position(found.end() - 1).line)
        return Value(found[0].strip(), (Place(line),))


class ServerLifecycle:
    """Of a server."""

    process: Process

    @word()
    def started_elsewhere(self) -> Value[bool]:
        """Whether a command that nothing here tells may give it further settings: never sure, where nothing starts it."""
        if self.process.server.command is not None:
            return Value(False)
        return Value(Unknown("nothing in the repository starts it", "what starts it"))

    @word()
    def tells_ready(self) -> Value[bool]:
        """Whether it tells systemd that it is ready (READY=1); unknown where the application may do so instead."""
        server, app = self.process.server, self.process.app
        if server.program in NOTIFYING:
            return Value(True)
        if server.program not in SILENT:
            return Value(Unknown(f"whether {server.program} tells systemd that it is ready has not been measured"))
        found = next((name for name in _NOTIFIERS if app and name in app.packages.by_name), None)
        return Value(Unknown(f"the application may do so itself: it has {found}") if found else False)
