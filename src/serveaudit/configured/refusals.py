"""Values with which a program does not start, or fails of later. Each was tried on the real program."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from serveaudit.configured.plugins import may_know
from serveaudit.configured.written import judged, program_of
from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.values import How, Items, Unknown, Value

_BY_CHANCE = ("import", "def", "class", "for")
"""Ways to bind a name by which nobody sets anything but a hook."""


def refusal(setting: Setting, process: Process) -> Value[str]:
    """Why a program does not take a written value; None where it does."""
    by_chance = setting.bound_by in _BY_CHANCE and not (setting.row and setting.row.type == "callable")
    if setting in process.server.strange or by_chance:
        return Value(None)
    if setting.refused:
        if setting.name == "strict":
            return _strict(setting, process)
        return Value(setting.refused, (setting.place,), setting.value.assumes)
    return _contradiction(setting, process)


def _contradiction(setting: Setting, process: Process) -> Value[str]:
    """Values that are refused because of others."""
    program, value, server = process.server.program, setting.value, process.server
    if program == "uwsgi" and setting.name == "cheaper" and setting.place.how is not How.DEFAULT:
        processes = server.value("processes")
        if isinstance(value.x, int) and isinstance(processes.x, int) and value.x >= processes.x > 0:
            said = f"cheaper must be less than the {processes.x} processes"
            return Value(said, (setting.place, *processes.places), processes.assumes)
    if program in ("uvicorn", "gunicorn") and setting.name in ("lifespan", "asgi_lifespan") and value.x == "on":
        return _lifespan(setting, process)
    unusable = _UNUSABLE.get((program_of(setting, process), setting.name))
    if unusable is None:
        return Value(None)
    return judged(setting.value, lambda x: unusable(setting, process, x)).at(setting.place)


def _no_import(setting: Setting, process: Process, x: Any) -> str | None:
    """A word of uvicorn's own, or what is imported by that name (uvicorn/config.py)."""
    words = setting.row.choices if setting.row is not None else ()
    if not isinstance(x, str) or x in words or ":" in x:
        return None
    return f"one of {', '.join(words)} or MODULE:NAME is wanted"


def _no_header(setting: Setting, process: Process, x: Any) -> str | None:
    given = _texts(x) if setting.origin != "written" else []
    return "NAME:VALUE is wanted" if any(":" not in text for text in given) else None


def _no_port(setting: Setting, process: Process, x: Any) -> str | None:
    """hypercorn takes a host with what stands behind its colon for a name, and does not find it."""
    wrong = next((text for text in _texts(x) if re.fullmatch(r"(?!unix:|fd:)[^:]*:(?!\d+$)[^:]+", text)), None)
    return f"{wrong.rpartition(':')[2]} is no port" if wrong else None


def _no_mode(setting: Setting, process: Process, x: Any) -> str | None:
    """The command line turns the name into a member of ssl.VerifyMode, a file does not. Without TLS nobody asks for it."""
    asked = setting.origin == "written" and process.server.value("certfile").x
    return "a member of ssl.VerifyMode is wanted, a text is none" if asked and isinstance(x, str) else None


def _no_address(setting: Setting, process: Process, x: Any) -> str | None:
    try:
        ipaddress.ip_address(x.strip("[]") if isinstance(x, str) else "::")
    except ValueError:
        return "an IP address is wanted, without a port"
    return None


def _threads_of_asgi(setting: Setting, process: Process, x: Any) -> str | None:
    wants_one = process.server.interface.x in ("asgi", "rsgi")
    return "more than one is for WSGI alone" if wants_one and isinstance(x, int) and x > 1 else None


_UNUSABLE: dict[tuple[str, str], Callable[[Setting, Process, Any], str | None]] = {
    ("uvicorn", "loop"): _no_import,
    ("uvicorn", "http"): _no_import,
    ("uvicorn", "ws"): _no_import,
    ("uvicorn", "headers"): _no_header,
    ("hypercorn", "bind"): _no_port,
    ("hypercorn", "insecure_bind"): _no_port,
    ("hypercorn", "verify_mode"): _no_mode,
    ("granian", "host"): _no_address,
    ("granian", "blocking_threads"): _threads_of_asgi,
}
"""Values that the program's own reading of the command line, or of the file, lets pass, and that it fails of later."""


def _texts(x: Any) -> list[str]:
    """The members of a list, or the text alone, as far as they are known."""
    members = x.plain if isinstance(x, Items) else [x]
    return [member for member in members if isinstance(member, str)]


def _strict(setting: Setting, process: Process) -> Value[str]:
    """Both places: strict's own, and the name's that uWSGI does not know. A plugin of somebody else's may know it."""
    unsure = may_know(process.server)
    return Value(setting.refused if unsure.x is False else unsure.x, setting.value.places, setting.value.assumes)


def _lifespan(setting: Setting, process: Process) -> Value[str]:
    """Django's ASGI handler takes no lifespan."""
    app = process.app
    if app is None or app.framework != "django" or app.interface.x != "asgi" or app.found.layers:
        return Value(None)
    if process.server.program == "gunicorn" and process.server.worker_class.x != "asgi" and setting.name == "asgi_lifespan":
        return Value(None)
    places = (setting.place, *app.interface.places[:1])
    return Value("Django's application takes no lifespan, so the server ends when it starts", places)


def rests_on_outside(setting: Setting) -> Value[bool]:
    """Unknown where the value rests on a variable that nothing in the repository sets."""
    x = setting.value.x
    values = [setting.value, *(each for each in (x.members if isinstance(x, Items) else ()) if isinstance(each, Value))]
    unset = next((assumed for value in values for assumed in value.assumes if assumed.endswith("is not set")), "")
    return Value(Unknown(f"{unset} in the repository", unset.partition(" ")[0]) if unset else False)
