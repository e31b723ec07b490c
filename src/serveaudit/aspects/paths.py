"""What becomes of a request's path on its way: prefixes, slashes, files that shadow an application."""

from __future__ import annotations

import re
from collections.abc import Iterator

from serveaudit.applications import App
from serveaudit.deployment import Pairing, Proxy
from serveaudit.programs.nginx import Location, Target
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.values import Items, Place, Unknown, Value
from serveaudit.words import word

_SOCKET_WITH_URI = re.compile(r"(?:https?://)?unix:(?P<path>/[^:]*?\.(?:sock|socket|s))(?P<uri>/[^:]*)")
_VARIABLE_HOST = re.compile(r"^(?:\w+://)?\$\{?[a-z]\w*\}?[^/]*(?P<uri>/[^$]*)$")
_TAKES_SLASH = re.compile(r"^\^/?\(\.[+*]\)/\$$")
_EXTENSION = re.compile(r"\\\.\(?(?:\?:)?\(?([a-z0-9]+)")


class RoutePaths:
    """Of a location."""

    location: Location
    proxy: Proxy
    pairs: list[Pairing]

    @property
    def _target(self) -> Target | None:
        found = self.location.target.x
        return found if isinstance(found, Target) else None

    @property
    def _rewrites(self) -> bool:
        """Whether a `rewrite` here changes the path before it is passed on."""
        return any(scope.own("rewrite") for scope in self._own_scopes())

    def _own_scopes(self) -> Iterator[Scope]:
        yield self.location.scope
        yield from self.location.scope.blocks("if")

    @word("in place of the location's path nginx sends {it}")
    def sent_path(self) -> Value[str]:
        """The path that stands in the target, and replaces the location's own; None where the path is passed on as it came, or
        a `rewrite` makes it."""
        passes = self.location.passes
        if self._target is None or passes is None or self._target.uri is None or self._rewrites:
            return Value(None)
        return Value(self._target.uri, (Place(passes.head),))

    @word()
    def plain_prefix(self) -> Value[str]:
        """The path of a prefix location; None for a pattern, an exact or a named one, and for a server block itself."""
        path = self.location.path
        return path if self.location.modifier in ("", "^~") else Value(None)

    @word("slashes are doubled or lost: {it}")
    def glued_path(self) -> Value[str]:
        """How a path below the location arrives, where slashes come out wrong: `/api/users` as `//users`; None otherwise."""
        prefix, sent = self.plain_prefix.x, self.sent_path.x
        if not isinstance(prefix, str) or not isinstance(sent, str) or any(mark in sent for mark in "$?"):
            return Value(None)
        below = f"{prefix.rstrip('/')}/page"
        arrives = sent + below[len(prefix) :]
        doubled = not prefix.endswith("/") and sent.endswith("/") and sent.rstrip("/") != prefix
        lost = prefix.endswith("/") and not sent.endswith("/")
        return Value(f"{below} arrives as {arrives}", self.sent_path.places) if doubled or lost else Value(None)

    @word("every path comes out as {it}")
    def fixed_path(self) -> Value[str]:
        """The path that every request is sent to, because the target has variables and a path: nginx then replaces nothing;
        None otherwise."""
        passes = self.location.passes
        text = passes.texts[0] if passes and passes.args else ""
        found = _VARIABLE_HOST.match(text)
        if passes is None or not found or self.location.modifier == "=" or self._rewrites or self.location.protocol != "http":
            return Value(None)
        return Value(found["uri"], (Place(passes.head),))

    @word("nginx takes the whole of {it} for the socket's path")
    def socket_with_path(self) -> Value[str]:
        """A socket file with a path behind it that no colon parts from it; None otherwise."""
        passes = self.location.passes
        found = _SOCKET_WITH_URI.fullmatch(passes.texts[0]) if passes and passes.args else None
        return Value(found["path"] + found["uri"], (Place(passes.head),)) if found and passes else Value(None)

    @word()
    def socket_mended(self) -> Value[str]:
        """The same target with the colon."""
        passes = self.location.passes
        found = _SOCKET_WITH_URI.fullmatch(passes.texts[0]) if passes and passes.args else None
        return Value(f"http://unix:{found['path']}:{found['uri']}" if found else None)

    @word("looks for files before, and then: {it}")
    def files_first(self) -> Value[str]:
        """What a `try_files` beside the pass directive ends with; None: there is none."""
        lines = self.location.scope.own("try_files")
        if not lines or not lines[-1].args or not self.location.passes_itself:
            return Value(None)
        return Value(lines[-1].texts[-1], (written(lines[-1]),))

    # with the application

    @property
    def _app(self) -> App | None:
        return next((pair.process.app for pair in self.pairs if pair.process.app), None)

    @word("the server takes {it} for the application's place")
    def server_root(self) -> Value[str]:
        """uvicorn's root_path, which wants a proxy that strips it; None for other servers, or where it is not set."""
        for pair in self.pairs:
            if pair.process.server.program == "uvicorn" and pair.process.server.value("root_path").x:
                return pair.process.server.value("root_path")
        return Value(None)

    @word("tells the server to take {it} off")
    def script_name(self) -> Value[str]:
        """What arrives as a header SCRIPT_NAME, which gunicorn takes off the path; None where none is sent."""
        if self.location.protocol != "http":
            return Value(None)
        return self.location.request_headers["SCRIPT_NAME"].map(lambda sent: sent.rstrip("/") if sent else None)

    @property
    def _strips_prefix(self) -> Value[bool]:
        """Whether the location's path is taken off before requests are passed on."""
        prefix, sent = self.plain_prefix, self.sent_path
        if self._rewrites:
            return Value(Unknown("a rewrite decides which path is sent"))
        return Value(prefix.x not in (None, "/") and sent.x == "/", sent.places)

    @word("nginx takes {it} off")
    def stripped_prefix(self) -> Value[str]:
        """The path that is taken off; None where it is passed on as it came."""
        if self._strips_prefix.x is not True:
            return Value(None)
        return self.plain_prefix.map(lambda path: path.rstrip("/")).at(*self.sent_path.places)

    @word("the documentation asks for /openapi.json")
    def lost_docs(self) -> Value[str]:
        """FastAPI's interactive documentation, which asks for its schema at the root, because nothing tells it of a prefix;
        None where something does, or there is none."""
        for pair in self.pairs:
            app, server = pair.process.app, pair.process.server
            if app is None or app.framework != "fastapi" or server.value("root_path").x or server.value("url_path_prefix").x:
                continue
            text = app.module.source.text
            if re.search(r"root_path|docs_url\s*=|openapi_url\s*=|servers\s*=", text) or app.place is None:
                return Value(None)
            return Value("/docs", (app.place,))
        return Value(None)

    @word("the application's paths begin with {it}")
    def expected_prefix(self) -> Value[str]:
        """The location's path, where nginx takes it off although every path of the application begins with it; None
        otherwise; unknown where the application's paths are not all known."""
        stripped, app = self.stripped_prefix.x, self._app
        if not isinstance(stripped, str) or app is None or not app.routes.routes:
            return Value(None)
        if self.lost_docs.x is None and app.framework == "fastapi":
            return Value(None)
        paths = [route for route in app.routes.routes if route.kind == "http"]
        below = f"{stripped}/"
        if not paths or any(isinstance(route.prefix.x, str) and not route.prefix.x.startswith(below) for route in paths):
            return Value(None)
        doubt = next((route.prefix.x for route in paths if isinstance(route.prefix.x, Unknown)), None)
        if doubt is not None:
            return Value(doubt, paths[0].prefix.places)
        return Value(below, paths[0].prefix.places, paths[0].prefix.assumes)

    @word("redirects to the name without www")
    def strips_www(self) -> Value[str]:
        """The name with www that the site sends on to the one without, which is this route's; None: there is none."""
        own = {name.text for name in self.location.site.names if name.kind == "exact"}
        for site in self.proxy.config.sites:
            answer = site.returns
            if answer is None or not answer.redirects:
                continue
            for name in site.names:
                bare = name.text.removeprefix("www.")
                if bare != name.text and bare in own and re.match(rf"https?://{re.escape(bare)}(?=[/:$]|$)", str(answer.to.x)):
                    return Value(name.text, (Place(answer.directive.head),))
        return Value(None)

    @word("adds www again (PREPEND_WWW)")
    def app_adds_www(self) -> Value[bool]:
        """Whether Django redirects names without www to those with it."""
        return self._by_common_middleware("PREPEND_WWW", False)

    @word("redirects to the path without its last slash")
    def strips_slash(self) -> Value[str]:
        """A `rewrite` that takes last slashes off by a redirect; None: there is none."""
        for scope in (self.location.site.scope, self.location.scope):
            for line in scope.own("rewrite"):
                words = line.texts
                redirects = len(words) == 3 and words[2] in ("permanent", "redirect") and words[1] in ("/$1", "$1")
                if redirects and _TAKES_SLASH.search(words[0]):
                    return Value(words[0], (written(line),))
        return Value(None)

    @word("adds the slash again")
    def app_adds_slash(self) -> Value[bool]:
        """Whether Django answers paths without their last slash with a redirect to those with it."""
        return self._by_common_middleware("APPEND_SLASH", True)

    def _by_common_middleware(self, name: str, default: bool) -> Value[bool]:
        """Whether a setting of Django's CommonMiddleware is on, and the middleware is there."""
        app = self._app
        if app is None or app.settings is None:
            return Value(False)
        value, middleware = app.settings.value(name), app.settings.value("MIDDLEWARE")
        names = [str(each.x) for each in middleware.x] if isinstance(middleware.x, Items) else []
        if not any("CommonMiddleware" in each for each in names):
            return Value(False)
        if isinstance(value.x, Unknown):
            return Value(value.x, value.places)
        return Value(value.x is True or (default and value.x is not False), value.places or middleware.places)

    @word("the application's path {it}")
    def stolen_path(self) -> Value[str]:
        """A path of the application that a location for files takes, by a pattern that ends like it; None: none is known."""
        app = self._app
        if app is None or not self.location.site.locations:
            return Value(None)
        for route in app.routes.routes:
            path = _sample(route.written)
            if path is not None and self._stolen(path):
                return Value(path, (route.place,), route.prefix.assumes)
        return Value(None)

    def _stolen(self, path: str) -> bool:
        chosen = self.location.site.choose(path)
        if isinstance(chosen, Unknown) or chosen[1] != "regex" or chosen[0].passes is not None:
            return False
        if chosen[0].handler not in ("static", "none") or chosen[0].fallback is not None:
            return False
        return self._plain_choice(path) is self.location

    def _plain_choice(self, path: str) -> Location | None:
        """The location that would take the path if there were no patterns."""
        plain = [
            each for each in self.location.site.locations if each.modifier in ("", "^~") and path.startswith(str(each.uri))
        ]
        return max(plain, key=lambda each: len(str(each.uri)), default=None)

    @word("takes its files by their ending")
    def stealing_location(self) -> Value[str]:
        """The location that takes them."""
        path = self.stolen_path.x
        chosen = self.location.site.choose(path) if isinstance(path, str) else Unknown("")
        return Value(None) if isinstance(chosen, Unknown) else Value(chosen[0].label, (chosen[0].place,))

    @word("takes files of {it} as well")
    def shadowing_pattern(self) -> Value[str]:
        """For a location of files: the pattern of another one that takes part of them, and looks for them elsewhere; None:
        there is none."""
        prefix, own = self.plain_prefix.x, self.location.files
        if self.location.modifier != "" or not isinstance(prefix, str) or prefix == "/" or self.location.passes is not None:
            return Value(None)
        if own is None or not isinstance(own.directory.x, str) or self.location.files is None or self.location.returns:
            return Value(None)
        for other in self.location.site.locations:
            ending = _EXTENSION.search(str(other.uri)) if other.regex else None
            if ending and other.handler in ("static", "none") and other.fallback is None:
                path = f"{prefix.rstrip('/')}/name.{ending[1]}"
                chosen = self.location.site.choose(path)
                if (
                    not isinstance(chosen, Unknown)
                    and chosen[0] is other
                    and _file(other, path) not in (None, _file(self.location, path))
                ):
                    return Value(prefix, (other.place,))
        return Value(None)

    # bodies

    @word("bodies are passed on while they arrive")
    def unbuffered_requests(self) -> Value[bool]:
        """Whether nginx passes on bodies without knowing their length."""
        if self.location.protocol != "http" or self.location.text("proxy_http_version").x != "1.1":
            return Value(False)
        return self.location.flag("proxy_request_buffering").map(lambda on: not on)

    @word("reads no body without a length")
    def loses_bodies(self) -> Value[str]:
        """The program of a server that gives Django no body whose length is not told; None for every other one."""
        for pair in self.pairs:
            server, app = pair.process.server, pair.process.app
            wsgi = server.interface.x == "wsgi" and server.program in ("gunicorn", "granian", "uwsgi")
            if wsgi and app is not None and app.framework == "django":
                return Value(server.program, (pair.process.running.place,))
        return Value(None)


def _sample(written: str) -> str | None:
    """A path that a route answers, with something plain for its variable parts; None where it is no such path."""
    text = re.sub(r"<(?:\w+:)?\w+>|\{\w+(?::\w+)?\}|\(\?P<\w+>(?:\\d|\\w|\[[^\]]*\]|[^()])*\)", "1", written).replace(
        "\\.", "."
    )
    text = text.removeprefix("/^").removeprefix("^").removesuffix("$")
    text = text if text.startswith("/") else f"/{text}"
    return text if re.fullmatch(r"[\w./@-]+\.[a-z0-9]{2,5}", text) else None


def _file(location: Location, path: str) -> str | None:
    """The file that a location looks for; None where its directory is not known."""
    files = location.files
    if files is None:
        return "nginx's own default directory" + path
    if not isinstance(files.directory.x, str) or "$" in files.directory.x:
        return None
    if files.kind == "alias":
        return files.directory.x + path[len(str(location.uri)) :] if not location.regex else None
    return re.sub("/+", "/", files.directory.x + path)
