"""hypercorn: its command line over one configuration file, and `serve(app, config)`. It has no default file and reads no
variables (hypercorn/__main__.py)."""

from __future__ import annotations

import re
from dataclasses import replace

from serveaudit.arguments import ARGPARSE, Arguments, started
from serveaudit.command import Command, Environment, Files
from serveaudit.formats.python import Call, Module
from serveaudit.invocation import head
from serveaudit.keywords import with_word
from serveaudit.listening import given, listeners
from serveaudit.precedence import Layer, effective, from_table, over
from serveaudit.programs.hypercorn.config_file import (
    ConfigFile,
    Home,
    from_config,
    from_python,
    from_toml,
    from_word,
    home_of,
    named,
    row_of,
)
from serveaudit.serving import Server, Setting
from serveaudit.source import SourceFile
from serveaudit.tables import Facts, facts
from serveaudit.units import Address
from serveaudit.values import Items, Place, Unknown, Value

EXECUTABLES = ("hypercorn",)


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    begun = started(command, "hypercorn", ARGPARSE, EXECUTABLES, EXECUTABLES)
    if begun is None:
        return None
    server, table, line = begun
    layer = _line(line, table)
    file = named(_settle(table, [layer], head(command), "config")["config"], home_of(command))
    _take(server, file)
    server.settings = _settle(table, [layer, file.layer], head(command))
    if file.refused:
        server.settings["config"] = replace(server.settings["config"], refused=file.refused)
    if "statsd_prefix" not in layer.settings:  # the command line always sets it, to an empty text where nothing is given
        default = _settle(table, [], head(command), "statsd_prefix")["statsd_prefix"]
        server.settings["statsd_prefix"] = over(default, server.settings["statsd_prefix"])
    return _derived(server)


def configured(source: SourceFile, env: Environment, files: Files | None) -> Server | None:
    """The server that a configuration file describes which no command names; None where it sets nothing of hypercorn's."""
    file = (from_toml if source.path.endswith(".toml") else from_python)(source, Home(env, files))
    if not file.layer.settings:
        return None
    top = Place(source.line_span(1))
    server = Server("hypercorn", top)
    _take(server, file)
    server.settings = _settle(facts("hypercorn", env.releases), [file.layer], top)
    return _derived(server)


def scripted(module: Module, command: Command | None = None, place: Place | None = None) -> list[Server]:
    """The servers that a Python file makes by `serve(app, config)`. It serves in the process that it is called in."""
    servers, table = [], facts("hypercorn", module.env.releases)
    for call in module.calls:
        if re.fullmatch(r"hypercorn\.(asyncio|trio)\.serve", call.name) and call.reachable:
            server = Server("hypercorn", place or call.place, command)
            file = from_config(call.argument(1, "config"), home_of(command))
            _take(server, file)
            server.settings = _settle(table, [_application(call, table), file.layer], call.place)
            _derived(server)
            server.processes = Value(1, (call.place,))
            servers.append(server)
    return servers


def _take(server: Server, file: ConfigFile) -> None:
    server.config, server.config_syntax = file.source, file.syntax
    server.strange, server.problems = list(file.strange), list(file.problems)


def _line(line: Arguments, table: Facts) -> Layer:
    """The command line's layer, with a mistake of hypercorn's: `--max-requests-jitter` takes the value of `--max-requests`."""
    row = table.row("application_path")
    layer = with_word(line.layer("hypercorn", from_word), row, line.words[0] if line.words else None)
    jitter, requests = layer.settings.get("max_requests_jitter"), layer.settings.get("max_requests")
    if jitter is None:
        return layer
    why = Unknown("hypercorn takes the value of --max-requests for it, and there is none")
    taken = requests.value.also(jitter.value) if requests else replace(jitter.value, x=why)
    return replace(layer, settings={**layer.settings, "max_requests_jitter": replace(jitter, value=taken)})


def _application(call: Call, table: Facts) -> Layer:
    app = call.argument(0, "app")
    return with_word(Layer(), table.row("application_path"), app, "written")


def _settle(table: Facts, layers: list[Layer], top: Place, *names: str) -> dict[str, Setting]:
    return effective([table.rows[name] for name in names or table.rows], layers, from_table("hypercorn", top))


def parse_address(written: str) -> Address | None:
    """Config._create_sockets: brackets are dropped, what has no port is at 8000."""
    if written.startswith("unix:"):
        return Address("unix", path=written[5:])
    if written.startswith("fd://"):
        return Address("fd", path=written[5:]) if written[5:].isdecimal() else None
    host, colon, port = written.replace("[", "").replace("]", "").rpartition(":")
    if not colon or not port.isdecimal():
        return Address("tcp", host=written.strip("[]"), port=8000) if "/" not in written else None
    return Address("tcp", host=host, port=int(port)) if int(port) < 65536 else None


def _derived(server: Server) -> Server:
    """Fills in the common terms. Without both files of TLS everything is plain, and `insecure_bind` is not opened."""
    server.app = server.value("application_path")
    tls = given(server.value("certfile"), server.value("keyfile"))
    server.listeners = listeners(server.value("bind"), parse_address, tls)
    if tls.x is True:
        plain = listeners(server.value("insecure_bind"), parse_address, setting="insecure_bind")
        if isinstance(plain.x, Items) and isinstance(server.listeners.x, Items):
            server.listeners = replace(server.listeners, x=Items((*server.listeners.x, *plain.x))).also(plain)
    server.interface = Value("any")
    server.processes = server.value("workers").map(lambda count: count or 1)
    server.idle_keepalive = server.value("keep_alive_timeout")
    server.graceful_timeout = server.value("graceful_timeout")
    server.reload = server.value("use_reloader")
    return server


_OWN = {"keep_alive_timeout", "keep_alive_max_requests", "use_reloader", "quic_bind", "insecure_bind", "pid_path"}
_OWN |= {"application_path", "shutdown_timeout", "startup_timeout", "h2_max_concurrent_streams", "alpn_protocols"}
_BOUND = re.compile(r"^([a-z_0-9]+) *=(?!=)", re.MULTILINE)


def looks_like(source: SourceFile) -> bool:
    """Whether a Python or TOML file is a configuration of hypercorn: by its name and one setting, else by three settings of
    which two are hypercorn's alone."""
    if not source.path.endswith((".py", ".toml")) or re.search(r"^(from|import) gunicorn", source.text, re.MULTILINE):
        return False
    bound = {name for name in _BOUND.findall(source.text) if row_of(facts("hypercorn"), name)}
    if "hypercorn" in source.path.rpartition("/")[2].lower():
        return bool(bound)
    return len(bound) >= 3 and len(bound & _OWN) >= 2
