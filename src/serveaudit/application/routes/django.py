"""Django's `urlpatterns` and Channels' URLRouter: lists of `path` and `re_path`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.application.routes.streams import streaming
from serveaudit.application.routes.terms import Found, Kind, Open, Prefix, alternatives, pattern, template
from serveaudit.formats.python import Call, ClassRef, External, FunctionRef, Made, Module
from serveaudit.values import Branch, Items, Unknown, Value

_DEEPEST = 8
_PATHS = ("django.urls.path", "django.urls.conf.path")
_PATTERNS = ("django.urls.re_path", "django.urls.conf.re_path", "django.conf.urls.url")
_INCLUDES = ("django.urls.include", "django.urls.conf.include", "django.conf.urls.include")


def url_routes(urlconf: Module, open_module: Open) -> Found:
    """The routes of a URLconf module (what ROOT_URLCONF names), those that it includes with them."""
    patterns = urlconf.value("urlpatterns")
    if patterns is None:
        return Found(complete=Unknown(f"{urlconf.name} has no urlpatterns", urlconf.name))
    return listed_routes(patterns, "http", Prefix(), open_module)


def listed_routes(patterns: Value[Any], kind: Kind, prefix: Prefix, open_module: Open, deep: int = 0) -> Found:
    """The routes of a list of `path(…)` and `re_path(…)`."""
    found = Found()
    x = patterns.x
    if isinstance(x, Branch):
        return alternatives([(label, listed_routes(case, kind, prefix, open_module, deep)) for label, case in x.cases])
    if isinstance(x, Items) and deep < _DEEPEST:
        found.complete = x.complete
        for each in x.members:
            found.add(_routes(each, kind, prefix, open_module, deep))
    else:
        found.complete = x if isinstance(x, Unknown) else Unknown("a list of routes is not known")
    return found


def _routes(entry: Value[Any], kind: Kind, prefix: Prefix, open_module: Open, deep: int) -> Found:
    made = entry.x
    call = made.call if isinstance(made, Made) else None
    if not isinstance(made, Made) or call is None or made.dotted not in _PATHS + _PATTERNS:
        return Found(complete=Unknown(entry.why or "a route is made in a way that is not followed"))
    path, view = call.argument(0, "route") or call.argument(0, "regex"), call.argument(1, "view")
    behind = prefix.then(path, pattern if made.dotted in _PATTERNS else template)
    inner = _included(view, open_module) if view is not None else None
    written = prefix.text + (path.x.lstrip("^") if path is not None and isinstance(path.x, str) else "…")
    place = path.places[0] if path is not None and path.places else call.place
    if inner is not None and isinstance(inner.x, Unknown) and kind == "http":  # of what is not read the beginning is known
        return Found([replace(behind.route(written, place, kind), exact=False)], inner.x)
    if inner is not None:
        return listed_routes(inner, kind, behind, open_module, deep + 1)
    return Found([behind.route(written, place, kind, *_view(view))])


def _included(view: Value[Any], open_module: Open) -> Value[Any] | None:
    """The list of routes that a path leads to; None for a view."""
    call = view.x.call if isinstance(view.x, Made) else None
    if call is None or not isinstance(view.x, Made):
        return None
    if view.x.dotted == "channels.routing.URLRouter":
        return call.argument(0, "routes")
    if view.x.dotted not in _INCLUDES or not call.args:
        return None
    target = call.args[0]
    if isinstance(target.x, Items) and len(target.x.members) == 2 and isinstance(target.x.members[1].x, str):
        target = target.x.members[0]
    module = open_module(target.x) if isinstance(target.x, str) else getattr(target.x, "module", None)
    if isinstance(module, Module):
        found = module.value("urlpatterns")
        return found if found is not None else Value(Unknown(f"{module.name} has no urlpatterns"))
    return target if isinstance(target.x, Items) else Value(Unknown("what is included is not in the repository", str(target.x)))


def _view(view: Value[Any] | None) -> tuple[str, Any]:
    """A view's full name, and whether it sends a stream."""
    x = view.x if view is not None else None
    if isinstance(x, FunctionRef):
        module = x.function.module
        return f"{module.name if module else ''}.{x.function.qualname}", streaming(x.function)
    if isinstance(x, ClassRef):
        return x.cls.full_name, ""
    if isinstance(x, Made) and x.dotted.endswith((".as_view", ".as_asgi")):
        return x.dotted.rpartition(".")[0], ""
    return (x.dotted, "") if isinstance(x, External | Made) else ("", "")


def channels_routes(app: Value[Any], open_module: Open) -> Found:
    """The websocket routes inside of an ASGI application of Channels, through whatever is put around its URLRouter."""
    found = Found()
    for router in _routers(app):
        patterns = router.argument(0, "routes")
        found.add(listed_routes(patterns, "websocket", Prefix(), open_module) if patterns is not None else Found())
    if not found.routes and found.complete is True:
        found.complete = Unknown("the websocket routes are made in a way that is not followed")
    return found


def _routers(app: Value[Any], deep: int = 0) -> Iterator[Call]:
    call = app.x.call if isinstance(app.x, Made) else None
    if isinstance(app.x, Branch):
        for _, case in app.x.cases:
            yield from _routers(case, deep)
    elif isinstance(app.x, Made) and call is not None and deep < _DEEPEST:
        if app.x.dotted == "channels.routing.URLRouter":
            yield call
            return
        for arg in call.args:
            yield from _routers(arg, deep + 1)
