"""How an application begins and ends with its server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from serveaudit import projects
from serveaudit.application.routes.terms import Route
from serveaudit.applications import App
from serveaudit.deployment import Process
from serveaudit.formats.python import Call
from serveaudit.stopping import NOTIFYING, SILENT
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.words import word

_HOOKS = ("on_event", "add_event_handler", "before_serving", "while_serving")
_HOOK_KEYWORDS = ("lifespan", "on_startup")
_TOLD = re.compile(r"\breceive|\biter_(text|bytes|json)\b|\bsleep\(")
"""Of a websocket's handler: it listens to its client, or sends every now and then, and uvicorn's end breaks in on both."""
_HANDLER = re.compile(r"\bsignal(?:_handler)?\([^)]*\bSIGTERM\b|\badd_signal_handler\([^)]*\bSIGTERM\b")
_NOTIFIERS = ("sdnotify", "systemd-python", "cysystemd", "systemd-watchdog", "sd-notify", "sdnotify-asyncio")


class AppLifecycle:
    """Of an application."""

    facts: App

    @word("runs when the server starts the application")
    def startup_hooks(self) -> Value[str]:
        """What the application's module has the server run at its start; None: nothing that is seen there."""
        if self.facts.framework not in ("fastapi", "starlette", "quart", "litestar"):
            return Value(None)
        return _line_of(next((call for call in self._calls() if _is_hook(call)), None))

    @word("written to a buffer")
    def prints(self) -> Value[str]:
        """The first `print(…)` to a buffer in the application's module, where that is imported; None: there is none."""
        return _line_of(next((call for call in self._calls() if _is_buffered_print(call)), None))

    def _calls(self) -> Iterator[Call]:
        """What the module calls where a server imports it; what decorates its functions too."""
        module = self.facts.module
        yield from (call for call in module.calls if call.reachable and not call.under_main)
        yield from (decorator for function in module.functions.values() for decorator in function.decorators)

    @word("stays open", gives="list[str]")
    def held_open(self) -> Value[Items]:
        """The paths whose connections outlive the end of uvicorn, as measured: event streams, and websockets with a handler
        that waits for something else than its client. sse-starlette ends its streams itself."""
        held = tuple(route.prefix.at(route.place) for route in self.facts.routes.routes if self._outlives(route))
        return Value(Items(held), held[0].places[:1] if held else ())

    def _outlives(self, route: Route) -> bool:
        if route.kind == "http" and route.streams != "events":
            return False
        texts = [source.text[start:end] for source, start, end in projects.view_texts(self.facts, route.view)]
        if route.kind == "http":
            return not self.facts.mentions("sse_starlette")
        return any("await" in text and re.search(r"\bwhile\b|\bwait\(", text) and not _TOLD.search(text) for text in texts)


def _is_hook(call: Call) -> bool:
    if call.name.rpartition(".")[2] in _HOOKS:
        return True
    given = [call.keywords[name][0].x for name in _HOOK_KEYWORDS if name in call.keywords]
    return any(x is not None and not isinstance(x, str) for x in given)


def _is_buffered_print(call: Call) -> bool:
    return call.name == "print" and "file" not in call.keywords and "flush" not in call.keywords


def _line_of(call: Call | None) -> Value[str]:
    """A call, at its whole line."""
    if call is None:
        return Value(None)
    span = call.place.span
    return Value(span.text, (Place(span.source.line_span(span.source.position(span.end - 1).line)),))


class ServerLifecycle:
    """Of a server."""

    process: Process

    @word()
    def started_elsewhere(self) -> Value[bool]:
        """Whether a command that nothing here tells may give it further settings: never sure, where nothing starts it."""
        if self.process.server.command is not None:
            return Value(False)
        return Value(Unknown("nothing in the repository starts it", "what starts it"))

    @word("writes its log to {it}")
    def log_file(self) -> Value[str]:
        """The file that uWSGI writes its log to; None for an output, and for other servers."""
        for name in ("logto", "logto2", "daemonize", "daemonize2"):
            found = self.process.server.value(name)
            if isinstance(found.x, str) and found.x.startswith("/") and not found.x.startswith(("/dev/", "/proc/")):
                return found
        return Value(None)

    @word("handles the signal itself")
    def own_handler(self) -> Value[bool]:
        """Whether something else than the server takes SIGTERM: a handler that the script which starts it or the application's
        module sets, uWSGI's `unix_signal:15` hook."""
        hook = self.process.server.value("hook-master-start")
        hooks = [each.x for each in hook.x] if isinstance(hook.x, Items) else [hook.x]
        if any(isinstance(x, str) and "unix_signal:15" in x for x in hooks):
            return Value(True, hook.places)
        written = [setting.place.span.source for setting in self.process.server.settings.values()]
        module = [self.process.app.module.source] if self.process.app else []
        for source in dict.fromkeys(each for each in (*written, *module) if each.path.endswith(".py")):
            found = _HANDLER.search(source.text)
            if found is not None:
                return Value(True, (Place(source.span(found.start(), found.end())),))
        return Value(False)

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
