"""Django's development server: `manage.py runserver` (django/core/management/commands/runserver.py)."""

from __future__ import annotations

import re
from typing import Any

from serveaudit.arguments import ARGPARSE, read
from serveaudit.command import Command
from serveaudit.invocation import arguments_for, head
from serveaudit.keywords import with_word
from serveaudit.listening import address_of
from serveaudit.precedence import effective, from_table
from serveaudit.serving import BadFlag, Listener, Server
from serveaudit.tables import facts
from serveaudit.units import Address, Seconds
from serveaudit.values import Items, Place, Range, Value

EXECUTABLES = ("manage.py", "django-admin", "django-admin.py")
MODULES = ("django",)
SUBCOMMANDS = ("runserver", "runserver_plus")
"""The second one is django-extensions', with Werkzeug's debugger."""
_ADDRESS = re.compile(
    r"(?:(?P<host>\d{1,3}(?:\.\d{1,3}){3}|\[[a-fA-F0-9:]+\]|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*):)?(?P<port>\d+)"
)


def start(command: Command) -> Server | None:
    """The server that the command starts; None where it starts something else."""
    words = arguments_for(command, EXECUTABLES, MODULES)
    if not words or words[0].x not in SUBCOMMANDS:
        return None
    line = read(words[1:], facts("django"), ARGPARSE, command.place)
    if line.exits:
        return None
    server = Server("django", command.place, command, bad_flags=line.bad)
    if words[0].x == "runserver_plus":  # takes many more options, which are not Django's to refuse
        server.bad_flags = []
    layer = with_word(line.layer("django"), facts("django").row("addrport"), line.words[0] if line.words else None)
    server.settings = effective(facts("django").rows.values(), [layer], from_table("django", head(command)))
    return _derived(server, head(command))


def _derived(server: Server, top: Place) -> Server:
    """Fills in the common terms."""
    server.interface = Value("any")  # with daphne among the installed applications it serves ASGI
    server.listeners = _listeners(server)
    server.threads = server.value("use_threading").map(lambda threaded: Range(2) if threaded else 1)
    server.reload = server.value("use_reloader")
    server.graceful_timeout = Value(Seconds(0), (top,))
    return server


def _listeners(server: Server) -> Value[Items]:
    given, ipv6 = server.value("addrport"), server.value("use_ipv6").x is True
    default = Address("tcp", "::1" if ipv6 else "127.0.0.1", 8000)

    def parse(text: str) -> Address | None:
        found = _ADDRESS.fullmatch(text)
        if not found or int(found["port"][:6]) > 65535:
            return None
        return Address("tcp", (found["host"] or default.host).strip("[]"), int(found["port"]))

    if isinstance(given.x, str) and parse(given.x) is None:
        why = f"{given.x} is no port, nor an address and a port; it exits with status 1"
        server.bad_flags.append(BadFlag(given.x, server.settings["addrport"].place, why=why))
    address: Value[Any] = Value(default).also(given) if given.x is None else address_of(given, parse)
    return Value(Items((Listener(address, setting="addrport"),)), address.places)
