"""What an application's project does with databases, caches, secrets, files and threads, as far as its code tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from serveaudit.application import importing, uploads
from serveaudit.application.routes import socketio_servers
from serveaudit.application.routes.reach import reachable
from serveaudit.applications import App
from serveaudit.formats.python import Call, Class, ClassRef, Made, Module, dotted_name
from serveaudit.source import SourceFile
from serveaudit.values import How, Items, Place, Table, Unknown, Value

_LIMITERS = ("slowapi.Limiter", "slowapi.extension.Limiter", "flask_limiter.Limiter", "flask_limiter.extension.Limiter")
_METRICS = (
    *("prometheus_client.generate_latest", "prometheus_client.make_asgi_app", "prometheus_client.make_wsgi_app"),
    *("prometheus_client.exposition.generate_latest", "prometheus_fastapi_instrumentator.Instrumentator"),
    *("prometheus_flask_exporter.PrometheusMetrics", "starlette_exporter.handle_metrics"),
)
_DRIVERS = ("psycopg", "pymysql", "MySQLdb", "mysql", "pyodbc", "oracledb", "cx_Oracle", "pymssql", "sqlalchemy", "pika")
_THREADS = ("threading", "apscheduler", "flask_apscheduler", "schedule", "rocketry")
_WITH_SESSION = ("AuthMiddlewareStack", "SessionMiddlewareStack", "AuthMiddleware", "SessionMiddleware", "CookieMiddleware")
_TOKEN = re.compile(
    r"\b(token|access_token|jwt)\s*:\s*(?:Annotated\[)?\s*(?:str|Query|Optional)|"
    r"query_params(?:\.get\(|\[)\s*[\"'](token|access_token|jwt)[\"']"
)
"""A token among a view's parameters, or in Starlette's query_params."""
_TOKEN_IN_SCOPE = re.compile(r"[\"'](token|access_token|jwt)=?[\"']")
"""The same in the query_string of Channels' scope."""
_GROUPS = re.compile(r"self\.channel_layer\.group_(?:add|send)\b")
_GENERATOR = re.compile(r"[\w.]*StreamingHttpResponse\(\s*(?:streaming_content\s*=\s*)?(\w+)\(")
_NETWORK = ("requests", "urllib3", "urllib", "httpx", "boto3", "redis", "pymongo", "pymysql", "psycopg", "sqlalchemy", "socket")
_NETWORK_IMPORT = re.compile(rf"(?m)^(?:import|from)[ \t]+({'|'.join(_NETWORK)})\b[^\n]*")
_STARTING = re.compile(r"\b(Thread|Timer|\w*Scheduler)\(")
_SOME = 200
"""Places of files that are taken: more are not told."""


def config(app: App, name: str) -> Value[Any]:
    """A setting of Flask's: `app.config[name]`, or what `app.config.from_object` gives; None where it is not seen."""
    made = app.found.object.x
    table = made.attributes.get("config", Value(None)).x if isinstance(made, Made) else None
    found: Value[Any] = table.get(name) if isinstance(table, Table) else Value(None)
    if found.x is not None and (isinstance(found.x, Made) or not isinstance(found.x, Unknown)):
        return found
    classes = (_named_class(app, call.args[0]) for call in app.module.calls if _loads_object(call))
    given = (cls.attribute(name) for cls in classes if cls is not None)
    return next((value for value in given if value is not None), Value(None))


def _loads_object(call: Call) -> bool:
    return call.name.endswith(".config.from_object") and bool(call.args) and call.reachable and not call.conditions


def _named_class(app: App, given: Value[Any]) -> Class | None:
    """A class, or the one that a text names: `config.Production`."""
    if isinstance(given.x, ClassRef):
        return given.x.cls
    dotted, _, name = given.x.rpartition(".") if isinstance(given.x, str) else ("", "", "")
    module = app.open(dotted) if dotted else None
    return module.classes.get(name) if isinstance(module, Module) else None


def secret(app: App) -> Value[Any]:
    """The key that signs sessions: Django's SECRET_KEY, Flask's secret_key, that of Starlette's SessionMiddleware; None where
    none is seen."""
    if app.settings is not None:
        return app.settings.value("SECRET_KEY")
    made = app.found.object.x
    if isinstance(made, Made) and "secret_key" in made.attributes:
        return made.attributes["secret_key"]
    found = config(app, "SECRET_KEY")
    if found.x is not None:
        return found
    for layer in app.found.layers:
        given = layer.argument(0, "secret_key") if layer.name.endswith(".SessionMiddleware") else None
        if given is not None:
            return given
    return Value(None)


def random_secret(app: App) -> Value[str]:
    """The secret key where it is a random number that is drawn while the application is loaded; None where it is not."""
    found = secret(app)
    return (
        Value(found.places[0].span.text, found.places, found.assumes)
        if importing.is_random(found) and found.places
        else Value(None)
    )


def database(app: App, key: str) -> Value[Any]:
    """A key of Django's default database; absent where it is not set."""
    if app.settings is None:
        return Value(None)
    default = _entry(app.settings.value("DATABASES"), "default")
    return _entry(default, key)


def cache(app: App) -> Value[Any]:
    """The backend of Django's default cache."""
    if app.settings is None:
        return Value(None)
    return _entry(_entry(app.settings.value("CACHES"), "default"), "BACKEND")


def _entry(table: Value[Any], key: str) -> Value[Any]:
    """An entry of a mapping; where its own place is not known, the mapping's speaks for it."""
    if not isinstance(table.x, Table):
        return Value(None) if table.x is None else table.map(lambda _: Unknown("it is no mapping that was read"))
    found = table.x.get(key)
    return found if found.places or found.x is None else found.at(*table.places)


def channel_layer(app: App) -> Value[Any]:
    """The class of Channels' default layer; None where none is configured."""
    if app.settings is None:
        return Value(None)
    found = _entry(_entry(app.settings.value("CHANNEL_LAYERS"), "default"), "BACKEND")
    return found.map(lambda backend: str(backend).rpartition(".")[2])


def groups_without_layer(app: App) -> Value[str]:
    """Where a consumer uses groups although no channel layer is configured (channels/layers.py: it has None then); None
    otherwise."""
    if app.settings is None:
        return Value(None)
    layers = app.settings.value("CHANNEL_LAYERS")
    if layers.x is not None:
        return layers.map(lambda _: None)
    uses = (source.span(*use.span()) for source in app.sources(".group_") for use in _GROUPS.finditer(source.text))
    use = next(uses, None)
    return Value(use.text, (Place(use),)) if use is not None else Value(None)


def lonely_socketio(app: App) -> Value[str]:
    """A Socket.IO server whose sessions start with polling, so that all requests of one must reach the same process; None:
    there is none."""
    for server in socketio_servers(app.module):
        if server.polls_first.x is True:
            return Value(server.library, (server.place,))
    return Value(None)


def throttled(app: App) -> Value[str]:
    """Django REST framework's throttles for every view; None where there are none."""
    if app.settings is None:
        return Value(None)
    found = _entry(app.settings.value("REST_FRAMEWORK"), "DEFAULT_THROTTLE_CLASSES")
    some = isinstance(found.x, Items) and bool(found.x.members)
    return Value("throttles", found.places[:1], found.assumes) if some else Value(None)


def memory_limiter(app: App) -> Value[str]:
    """slowapi or Flask-Limiter that is told no storage, and so counts in the memory of each process; None: there is none."""
    for call in _calls(app, ("slowapi", "flask_limiter")):
        if call.name not in _LIMITERS or call.complete is not True:
            continue
        given = [
            call.keywords[name][0]
            for name in ("storage_uri", "storage_options", "application_limits_storage")
            if name in call.keywords
        ]
        told = given[0] if given else config(app, "RATELIMIT_STORAGE_URI")
        if told.x is None or (isinstance(told.x, str) and told.x.startswith("memory:")):
            return Value(call.name.partition(".")[0].replace("_", "-"), (call.place,))
    return Value(None)


def metrics(app: App) -> Value[str]:
    """Where the application answers with prometheus_client's figures; None where it does not."""
    if app.settings is not None:
        apps = app.settings.value("INSTALLED_APPS")
        for each in apps.x.members if isinstance(apps.x, Items) else ():
            if each.x == "django_prometheus":
                return Value("django_prometheus", each.places)
    libraries = ("prometheus_client", "prometheus_fastapi_instrumentator", "prometheus_flask_exporter", "starlette_exporter")
    for call in _calls(app, libraries):
        if call.name in _METRICS:
            return Value(call.name, (call.place,))
    return Value(None)


def network_import(app: App) -> Value[str]:
    """Where the application imports a library that waits for sockets; None where it does not."""
    found = (network_import_in(module.source) for module in reachable(app.module, _NETWORK))
    return next((told for told in found if told.x is not None), Value(None))


def network_import_in(source: SourceFile) -> Value[str]:
    """Where a file imports a library that waits for sockets; None where it does not."""
    found = _NETWORK_IMPORT.search(source.text)
    return Value(found[1], (Place(source.span(found.start(), found.end())),)) if found else Value(None)


def is_network(dotted: str) -> bool:
    """Whether a module is, or belongs to, a library that waits for sockets."""
    return dotted.partition(".")[0] in _NETWORK


def import_job(app: App) -> Value[str]:
    """A thread or scheduler that starts while the application is loaded; None: there is none."""
    ready = (app.open(_dotted(app, source)) for source in app.sources("AppConfig") if _STARTING.search(source.text))
    modules = [each for each in (ready if app.settings else ()) if isinstance(each, Module)]
    return _first([*reachable(app.module, _THREADS), *modules], importing.jobs)


def _dotted(app: App, source: SourceFile) -> str:
    """The name by which a file of the project is imported."""
    return dotted_name(source.path.removeprefix(f"{app.root}/" if app.root else ""))


def import_connection(app: App) -> Value[str]:
    """A connection that is opened while the application is loaded; None: there is none."""
    return _first(reachable(app.module, _DRIVERS), importing.connections)


def _first(modules: Any, find: Callable[[Module], Iterator[Call]]) -> Value[str]:
    for module in modules:
        for call in find(module):
            return Value(call.place.span.text.split("(")[0], (call.place,))
    return Value(None)


def _calls(app: App, libraries: tuple[str, ...]) -> Iterator[Call]:
    for module in reachable(app.module, libraries):
        if any(name.partition(".")[0] in libraries for name in module.imports.values()):
            yield from (call for call in module.calls if call.reachable)


def file_fields(app: App) -> tuple[Place, ...]:
    """Where a project of Django's takes files."""
    sources = app.sources("FileField", "ImageField", "request.FILES")
    return tuple(islice((place for source in sources for place in uploads.in_django(source)), _SOME))


def routed_uploads(app: App) -> list[tuple[str, Place]]:
    """The paths under which views of FastAPI, Starlette or Flask take files."""
    found = []
    for route in app.routes.routes:
        module_name, _, name = route.view.rpartition(".")
        module = app.module if app.module.name == module_name else app.open(module_name) if module_name else None
        function = module.functions.get(name) if isinstance(module, Module) else None
        place = uploads.in_view(function) if function is not None and isinstance(route.prefix.x, str) else None
        if place is not None:
            found.append((str(route.prefix.x), place))
    return found


def upload_limit(app: App) -> Value[Any]:
    """The largest body (bytes) that the application says it takes; None where it says nothing."""
    if app.settings is None:
        return config(app, "MAX_CONTENT_LENGTH")
    found = app.settings.value("DATA_UPLOAD_MAX_MEMORY_SIZE")
    written = any(place.how is not How.DEFAULT for place in found.places)
    return found if written else Value(None)


def uploads_elsewhere(app: App) -> bool:
    """Whether clients send files to a storage of its own: by signed addresses, or a package for that."""
    return any(map(app.mentions, ("generate_presigned", "s3direct", "generate_signed_url")))


def streams(app: App, kind: str) -> list[Value[str]]:
    """The paths at which the application sends `events`, or a `body` piece by piece."""
    return [route.prefix.at(route.place) for route in app.routes.routes if route.kind == "http" and route.streams == kind]


def tokens_in_address(app: App) -> list[tuple[Value[str], Value[str]]]:
    """The paths of websockets and event streams whose view reads a token from the address, and where it does."""
    found: list[tuple[Value[str], Value[str]]] = []
    for route in app.routes.routes:
        if route.kind == "http" and route.streams != "events":
            continue
        for source, start, end in view_texts(app, route.view):
            match = _TOKEN.search(source.text, start, end)
            if match is None and "query_string" in source.text[start:end]:
                match = _TOKEN_IN_SCOPE.search(source.text, start, end)
            if match:
                place = Place(source.span(match.start(), match.end()))
                found.append((route.prefix, Value(next(filter(None, match.groups())), (place,))))
                break
    return found


def view_texts(app: App, view: str) -> Iterator[tuple[SourceFile, int, int]]:
    """The text of a view: a function, or a class."""
    module_name, _, name = view.rpartition(".")
    module = app.module if app.module.name == module_name else app.open(module_name) if module_name else None
    if not isinstance(module, Module):
        return
    source = module.source
    functions = [module.functions[name]] if name in module.functions else []
    if name in module.classes:
        functions = list(module.classes[name].methods.values())
    for function in functions:
        if function.node is not None:
            end = source.offset((function.node.end_lineno or function.node.lineno) + 1)
            yield source, source.offset(function.node.lineno), end


def unchecked_origin(app: App) -> Value[str]:
    """Channels' session or authentication around its websockets, without a validator of the Origin around it; None: no such."""
    socket = (app.routed[0].protocols or {}).get("websocket", Value(None))
    if not isinstance(socket.x, Made):
        return Value(None)
    name = socket.x.dotted.rpartition(".")[2]
    if not socket.x.dotted.startswith("channels.") or name not in _WITH_SESSION:
        return Value(None)
    inner = socket.x.call.place.span.text if socket.x.call is not None else ""
    return Value(None) if "OriginValidator" in inner else Value(name, socket.places[:1])


def stream_of_other_kind(app: App) -> Value[str]:
    """A view whose StreamingHttpResponse takes the kind of generator that Django first reads to its end; None: no such."""
    if app.settings is None or app.interface.x not in ("wsgi", "asgi"):
        return Value(None)
    for source in app.sources("StreamingHttpResponse"):
        for given in _GENERATOR.finditer(source.text):
            kind = _generator_kind(source.text, given[1])
            if kind is not None and kind != app.interface.x:
                told = "an asynchronous generator" if kind == "asgi" else "a plain generator"
                return Value(told, (Place(source.span(given.start(), given.end())),))
    return Value(None)


def _generator_kind(text: str, name: str) -> str | None:
    """Under what Django streams the generator of this name, as far as the file defines it once; None for no generator."""
    found = re.findall(rf"(?m)^([ \t]*)(async[ \t]+)?def[ \t]+{name}\b(?:.*\n)((?:\1[ \t]+.*\n|[ \t]*\n)*)", text)
    if len(found) != 1 or not re.search(r"\byield\b", found[0][2]):
        return None
    return "asgi" if found[0][1] else "wsgi"
