"""What the object is that a server is given: WSGI or ASGI, of which framework, behind which layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.formats.python import Call, Class, ClassRef, External, Function, FunctionRef, Made, Module
from serveaudit.values import Branch, Items, Place, Table, Unknown, Value

_WSGI = {
    "django.core.wsgi.get_wsgi_application": "django",
    "django.core.handlers.wsgi.WSGIHandler": "django",
    "flask.Flask": "flask",
    "flask.app.Flask": "flask",
    "bottle.Bottle": "bottle",
    "bottle.default_app": "bottle",
    "bottle.app": "bottle",
    "falcon.API": "falcon",
    "falcon.App": "falcon",
    "pyramid.config.Configurator.make_wsgi_app": "pyramid",
    "pyramid.paster.get_app": "pyramid",
    "webapp2.WSGIApplication": "webapp2",
    "socketio.WSGIApp": "socketio",
    "web.application.wsgifunc": "web.py",
}
_ASGI = {
    "django.core.asgi.get_asgi_application": "django",
    "channels.routing.ProtocolTypeRouter": "channels",
    "channels.routing.get_default_application": "channels",
    "channels.routing.URLRouter": "channels",
    "fastapi.FastAPI": "fastapi",
    "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
    "quart.Quart": "quart",
    "litestar.Litestar": "litestar",
    "sanic.Sanic": "sanic",
    "falcon.asgi.App": "falcon",
    "blacksheep.Application": "blacksheep",
    "blacksheep.server.Application": "blacksheep",
    "socketio.ASGIApp": "socketio",
    "connexion.AsyncApp": "connexion",
    "connexion.FlaskApp": "connexion",
    "robyn.Robyn": "robyn",
}
_TO_ASGI = (
    "asgiref.wsgi.WsgiToAsgi",
    "a2wsgi.WSGIMiddleware",
    "uvicorn.middleware.wsgi.WSGIMiddleware",
    "starlette.middleware.wsgi.WSGIMiddleware",
    "fastapi.middleware.wsgi.WSGIMiddleware",
    "hypercorn.middleware.AsyncioWSGIMiddleware",
    "hypercorn.middleware.wsgi.AsyncioWSGIMiddleware",
)
_TO_WSGI = ("a2wsgi.ASGIMiddleware",)
_KEEPS_WSGI = (
    "werkzeug.middleware.",
    "werkzeug.contrib.fixers.",
    "whitenoise.",
    "dj_static.",
    "sentry_sdk.integrations.wsgi.",
    "opentelemetry.instrumentation.wsgi.",
    "newrelic.agent.WSGIApplicationWrapper",
    "paste.deploy.config.PrefixMiddleware",
    "granian.utils.proxies.wrap_wsgi_with_proxy_headers",
)
_KEEPS_ASGI = (
    "uvicorn.middleware.",
    "hypercorn.middleware.",
    "starlette.middleware.",
    "fastapi.middleware.",
    "channels.",
    "sentry_sdk.integrations.asgi.",
    "opentelemetry.instrumentation.asgi.",
    "asgi_correlation_id.",
    "blacknoise.",
    "servestatic.",
    "granian.utils.proxies.wrap_asgi_with_proxy_headers",
)


@dataclass(frozen=True, slots=True)
class Application:
    """An application object.

    kind       "wsgi" or "asgi"; None where the module surely has no such name; unknown
    framework  django, channels, flask, fastapi, starlette, …; empty where it is not known
    factory    it is a function that gives the application: a server must be told to call it
    layers     what stands around the framework's object, the outermost first (ProxyFix, WhiteNoise, …), as calls
    protocols  what Channels' ProtocolTypeRouter is given: protocol → application; None for all else
    object     the framework's own object, inside of all layers
    """

    kind: Value[str]
    place: Place | None = None
    framework: str = ""
    factory: bool = False
    layers: tuple[Call, ...] = ()
    protocols: dict[str, Value[Any]] | None = None
    object: Value[Any] = field(default_factory=lambda: Value(None))


def application_kind(module: Module, attribute: str) -> Application:
    """What `module:attribute` is. The attribute may have dots (`api.app`) and be a call (`create_app()`)."""
    name, _, rest = attribute.partition(".")
    called = name.endswith(")")
    name = name.partition("(")[0]
    value = module.value(name)
    if value is None and "__getattr__" in module.bindings:
        value = Value(Unknown(f"{module.name} computes its names"))
    if value is None:
        return Application(Value(None, (Place(module.source.line_span(1), note=f"{module.source.path} binds no {name}"),)))
    place = module.bindings[name].place if name in module.bindings else None
    if called and isinstance(value.x, FunctionRef):
        value = value.x.function.returns
    for part in rest.split(".") if rest else ():
        value = _attribute(value, part)
    described = _described(value)
    return replace(described, place=place or described.place, layers=(*_added(module, described.object), *described.layers))


def _added(module: Module, app: Value[Any]) -> Iterator[Call]:
    """Layers that are added to the object (`app.add_middleware(X, …)`, the last one outermost) or given to it."""
    if not isinstance(app.x, Made) or app.x.call is None:
        return
    for call in reversed(module.calls):
        receiver = call.receiver.x if call.receiver is not None else None
        if call.name.endswith(".add_middleware") and isinstance(receiver, Made) and receiver.key == app.x.key:
            yield from _layer(call)
    given = app.x.call.argument(-1, "middleware")
    for each in given.x.members if given is not None and isinstance(given.x, Items) else ():
        if isinstance(each.x, Made) and each.x.call is not None:
            yield from _layer(each.x.call)


def _layer(call: Call) -> Iterator[Call]:
    """`add_middleware(X, a=1)` and `Middleware(X, a=1)` as the call `X(a=1)`."""
    first = call.args[0].x if call.args else None
    if isinstance(first, External | ClassRef):
        name = first.dotted if isinstance(first, External) else first.cls.full_name
        yield replace(call, name=name, args=call.args[1:])


def _attribute(value: Value[Any], name: str) -> Value[Any]:
    if isinstance(value.x, Made) and name in value.x.attributes:
        return value.x.attributes[name]
    return Value(Unknown(f"{name} of it is not known"), value.places)


def _described(value: Value[Any]) -> Application:
    x = value.x
    if isinstance(x, Branch):
        return _of_cases(value, [(label, _described(case)) for label, case in x.cases])
    if isinstance(x, FunctionRef):
        return _of_function(value, x.function)
    if isinstance(x, Made):
        return _of_object(value, x)
    return Application(Value(x if isinstance(x, Unknown) else Unknown("it is no application that is known here"), value.places))


def _of_cases(value: Value[Any], cases: list[tuple[str, Application]]) -> Application:
    """One of several applications: they are told as one where they agree."""
    first = cases[0][1]
    kinds: Value[str] = Value(Branch(value.x.on, tuple((label, each.kind) for label, each in cases)), value.places)
    if all(each.kind == first.kind for _, each in cases):
        kinds = first.kind
    return replace(first, kind=kinds, framework=next((each.framework for _, each in cases if each.framework), ""))


def _of_function(value: Value[Any], function: Function) -> Application:
    required = [name for name in function.parameters if name not in function.defaults]
    if function.is_async and len(required) == 3:
        return Application(Value("asgi", value.places), object=value)
    if not function.is_async and len(required) == 2 and required[1] in ("start_response", "start", "start_resp"):
        return Application(Value("wsgi", value.places), object=value)
    made = _described(function.returns)
    return replace(made, factory=made.kind.known)


def _of_object(value: Value[Any], made: Made) -> Application:
    dotted = made.dotted
    for kind, frameworks in (("wsgi", _WSGI), ("asgi", _ASGI)):
        framework = frameworks.get(dotted) or (_inherited(made.cls, frameworks) if made.cls else "")
        if framework:
            return Application(Value(kind, value.places), None, framework, False, _inner_layers(made), _protocols(made), value)
    layered = _kept(dotted)
    inner = _described(_wrapped(made))
    layers = (*((made.call,) if made.call and inner.object.x is not None else ()), *inner.layers)
    if layered:
        return replace(inner, kind=Value(layered, value.places), layers=layers)
    if made.cls is not None and (kind := _callable(made.cls)):
        return replace(inner, kind=Value(kind, value.places), layers=layers)
    why = f"whether {dotted}() gives WSGI or ASGI is not known"
    return replace(inner, kind=Value(Unknown(why, dotted), value.places), layers=layers)


def _wrapped(made: Made) -> Value[Any]:
    """The application that a layer is put around: its first argument, or the one called `app`."""
    call = made.call
    found = (call.argument(0, "app") or call.argument(-1, "application")) if call else None
    return found if found is not None else Value(Unknown("what is wrapped is not known"))


def _kept(dotted: str) -> str:
    """The kind of what a known layer gives; empty for one that is not known."""
    if dotted in _TO_ASGI:
        return "asgi"
    if dotted in _TO_WSGI:
        return "wsgi"
    return "wsgi" if dotted.startswith(_KEEPS_WSGI) else "asgi" if dotted.startswith(_KEEPS_ASGI) else ""


def _inherited(cls: Class, frameworks: dict[str, str]) -> str:
    return next((frameworks[base] for each in cls.ancestors() for base in each.bases if base in frameworks), "")


def _callable(cls: Class) -> str:
    """The kind of an object by the class's own `__call__`."""
    method = next((each.methods["__call__"] for each in cls.ancestors() if "__call__" in each.methods), None)
    if method is None:
        return ""
    if method.is_async and len(method.parameters) == 4:
        return "asgi"
    return "wsgi" if not method.is_async and len(method.parameters) == 3 else ""


def _inner_layers(made: Made) -> tuple[Call, ...]:
    """Layers inside of a framework's object: `app.wsgi_app = ProxyFix(app.wsgi_app)`."""
    return tuple(_calls_around(made.attributes.get("wsgi_app") or made.attributes.get("asgi_app")))


def _calls_around(value: Value[Any] | None) -> Iterator[Call]:
    while value is not None and isinstance(value.x, Made) and value.x.call is not None:
        yield value.x.call
        value = value.x.call.args[0] if value.x.call.args else None


def _protocols(made: Made) -> dict[str, Value[Any]] | None:
    if made.dotted != "channels.routing.ProtocolTypeRouter" or made.call is None or not made.call.args:
        return None
    given = made.call.args[0].x
    return {str(key): value for key, value in given.entries} if isinstance(given, Table) else {}
