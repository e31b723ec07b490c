"""Flask's development server, which is Werkzeug's: `flask run`, `app.run(…)`, `run_simple(…)` (flask/cli.py, flask/app.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit import variables
from serveaudit.arguments import CLICK, Style, read
from serveaudit.command import Command, Environment
from serveaudit.conversion import as_given, from_text
from serveaudit.formats import dotenv
from serveaudit.formats.python import Call, Made, Module
from serveaudit.invocation import arguments_for, head
from serveaudit.keywords import from_call
from serveaudit.listening import tcp
from serveaudit.precedence import Layer, effective, from_table
from serveaudit.serving import Listener, Row, Server, Setting
from serveaudit.source import SourceFile
from serveaudit.tables import facts
from serveaudit.units import Seconds
from serveaudit.values import Items, Place, Range, Unknown, Value

EXECUTABLES = ("flask",)
CALLS = {
    "flask.Flask.run": ("host", "port", "debug", "load_dotenv"),
    "werkzeug.serving.run_simple": ("hostname", "port", "application", "use_reloader", "use_debugger", "use_evalex"),
    "werkzeug.run_simple": ("hostname", "port", "application", "use_reloader", "use_debugger", "use_evalex"),
}
"""With the names of their positional parameters."""
GROUP = Style(dashes_as_words=True, stops=True)
"""Options before the word `run`."""
_DOTENVS = (".flaskenv", ".env")
_CONFIGURES = ("from_object", "from_pyfile", "from_mapping", "from_envvar", "from_file", "from_prefixed_env", "update")


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    words = arguments_for(command, EXECUTABLES, EXECUTABLES)
    if words is None:
        return None
    group = read(words, facts("flask"), GROUP, command.place, positional=len(words))
    if group.exits or not group.words or group.words[0].x != "run":
        return None
    line = read(group.words[1:], facts("flask"), CLICK, command.place, positional=0)
    if line.exits:
        return None
    env = _with_files(command)
    layers = [line.layer("flask"), group.layer("flask"), variables.layer(facts("flask"), env, head(command), _text)]
    server = Server("flask", command.place, command, bad_flags=[*group.bad, *line.bad])
    server.settings = effective(facts("flask").rows.values(), layers, from_table("flask", head(command)))
    server.app = _found(server, command)
    return _derived(server, head(command))


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that a Python file makes by `app.run(…)` or `run_simple(…)`. Of the variables only $FLASK_DEBUG matters, and
    only to the first."""
    servers = []
    for call in module.calls:
        if call.name in CALLS and call.reachable:
            layer, strange = from_call(facts("flask"), call, CALLS[call.name], as_given)
            ours = call.name == "flask.Flask.run"
            strange = [
                replace(each, refused=f"{call.name} ends with a TypeError") for each in strange if each.name != "load_dotenv"
            ]
            server = Server(
                "flask" if ours else "werkzeug", place or call.place, command, strange=strange, config=module.source
            )
            below = [_debug(module, call, command.env if command else Environment())] if ours else []
            server.settings = effective(facts("flask").rows.values(), [layer, *below], from_table("flask", call.place))
            server.app = call.receiver if ours and call.receiver is not None else server.value("application")
            servers.append(_derived(server, call.place))
    return servers


def _text(row: Row, text: Any) -> Any:
    """$FLASK_DEBUG is on for every text but three (flask/helpers.py, get_debug_flag)."""
    if row.name == "debug" and isinstance(text, str):
        return bool(text) and text.lower() not in ("0", "false", "no")
    return from_text(row, text)


def _with_files(command: Command) -> Environment:
    """The environment over the variables of `.flaskenv` and `.env`, which count where python-dotenv is installed."""
    texts: dict[str, Value[Any]] = {}
    for name in _DOTENVS:
        found = command.files.read(name, command.directory) if command.files else None
        if isinstance(found, SourceFile):
            for each in dotenv.parse(found):
                value: Value[Any] = Value(each.text.text, (Place(each.text.whole()),), ("python-dotenv is installed",))
                texts.setdefault(each.name, value)
    return Environment({**texts, **command.env.variables}, command.env.complete)


def _debug(module: Module, call: Call, env: Environment) -> Layer:
    """What `app.debug` is where `run` is not told: the attribute, the application's configuration, or $FLASK_DEBUG."""
    row = facts("flask").rows["debug"]
    app = call.receiver.x if call.receiver is not None else None
    if isinstance(app, Made) and "debug" in app.attributes:
        value = app.attributes["debug"]
        place = value.places[0] if value.places else call.place
        return Layer({"debug": Setting("debug", value, "written", place, "debug", row=row)})
    if any(each.name.rpartition(".")[2] in _CONFIGURES and ".config." in each.name for each in module.calls):
        value = Value(Unknown("the application's configuration may set DEBUG"), (call.place,))
        return Layer({"debug": Setting("debug", value, "written", call.place, row=row)})
    return _only("debug", variables.layer(facts("flask"), env, call.place, _text))


def _only(name: str, layer: Layer) -> Layer:
    settings = {name: layer.settings[name]} if name in layer.settings else {}
    return replace(layer, settings=settings, assumes={name: layer.assumes[name]} if name in layer.assumes else {})


def _found(server: Server, command: Command) -> Value[Any]:
    """The application that is named, else that of wsgi.py or app.py."""
    named = server.value("app")
    if named.x is not None or command.files is None:
        return named
    for module in ("wsgi", "app"):
        if isinstance(command.files.read(f"{module}.py", command.directory), SourceFile):
            return Value(module).also(named)
    return named


def _derived(server: Server, top: Place) -> Server:
    """Fills in what hangs on `debug`, and the common terms."""
    debug = server.value("debug")
    server.settings["debug"] = replace(server.settings["debug"], value=Value(False).also(debug) if debug.x is None else debug)
    for name in ("reload", "debugger"):
        setting = server.settings[name]
        if setting.value.x is None:
            like = server.settings["debug"]
            server.settings[name] = replace(setting, value=like.value, place=like.place, origin=like.origin)
    server.listeners = _listeners(server)
    server.processes = server.value("processes")
    server.threads = server.value("with_threads").map(lambda threaded: Range(2) if threaded else 1)
    server.reload = server.value("reload")
    server.graceful_timeout = Value(Seconds(0), (top,))
    return server


def _listeners(server: Server) -> Value[Items]:
    given = [value for name in ("cert", "ssl_context") if (value := server.value(name)).x is not None]
    tls: Value[bool] = Value(bool(given)).also(*given)
    address = tcp(_or_default(server, "host"), _or_default(server, "port"))
    return Value(Items((Listener(address, "http", tls, "host"),)), address.places)


def _or_default(server: Server, name: str) -> Value[Any]:
    """A setting; None and an empty host stand for the default."""
    value = server.value(name)
    return Value(facts("flask").rows[name].default).also(value) if value.x in (None, "") else value
