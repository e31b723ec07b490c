"""Values that a program takes, and understands otherwise than they are meant.

Sources: core/uwsgi.c (uwsgi_opt_set_int, uwsgi_opt_true), core/config.c; gunicorn/config.py, glogging.py, http/message.py;
uvicorn/config.py, middleware/proxy_headers.py; hypercorn/__main__.py; systemd.kill(5). Each was tried on the real program.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from serveaudit.deployment import Process
from serveaudit.programs.uwsgi.settings import PROTOCOLS
from serveaudit.serving import Setting
from serveaudit.units import Seconds
from serveaudit.values import Items, Value

LEVELS = ("critical", "error", "warning", "info", "debug")
_LOGS = ("logto", "logto2", "daemonize", "daemonize2", "logger", "req-logger")
_SOCKETS = ("socket", "uwsgi-socket", "http-socket", "http11-socket", "fastcgi-socket", "scgi-socket", "https-socket")
_FALSE = ("false", "off", "no", "0")
_TRUE = ("true", "on", "yes", "1", "")
_CLAMPED = {"limit_request_line": 8190, "limit_request_fields": 32768}


def misread(setting: Setting, process: Process) -> Value[str]:
    """What the program makes of a value instead of what is meant; None where it is taken as it is meant."""
    if setting.refused or setting.row is None or setting in process.server.strange:
        return Value(None)
    ask = _PROGRAMS.get(process.server.program)
    if ask is None:
        return Value(None)
    if not setting.value.known:
        said = ask(setting, None)
        return Value(said, (setting.place,)) if said else Value(None)
    return setting.value.map(lambda x: ask(setting, x)).at(setting.place)


def _uwsgi(setting: Setting, x: Any) -> str | None:
    text = setting.literal.text.strip() if setting.literal is not None else ""
    kind = setting.row.type if setting.row else ""
    if kind == "int" and (found := re.fullmatch(r"(-?\d+)\s*([A-Za-z][\w.]*)", text)):
        return f"uWSGI reads the digits alone: {x if isinstance(x, Seconds) else found[1]}, not {text}"
    if kind == "int" and re.fullmatch(r"(%k|%\(\w+\)|\d+)\s*[*+/-]\s*\S.*", text):
        return "uWSGI computes only inside of %( ), and reads the number at the beginning alone"
    if kind == "bool" and text.lower() not in (*_FALSE, *_TRUE) and re.fullmatch(r"[A-Za-z]+", text):
        return f"only false, off, no and 0 are false to uWSGI: {text} is true"
    if setting.name in _LOGS and re.search(r"(?<!%)%[YyHM]", text):
        return "uWSGI replaces %d, %m and the like by itself, a date is written with %%Y and so on"
    if setting.name == "buffer-size" and text.isdigit() and int(text[:9]) > 65535:
        return "uWSGI cuts buffer-size off at 65535"
    return _uwsgi_text(setting, x, text)


def _uwsgi_text(setting: Setting, x: Any, text: str) -> str | None:
    """A % takes what follows with it, even the end of the line (core/utils.c, magic_sub, uwsgi_mode_t; core/socket.c)."""
    if "%\n" in text:
        return "a % at its end takes the end of the line with it: the next line is a part of the value, %% is one %"
    if setting.name == "protocol" and isinstance(x, str) and x not in PROTOCOLS:
        return f"uWSGI knows no protocol {x} and speaks uwsgi"
    if setting.name == "umask" and isinstance(x, str) and len(x) < 3:
        return f"uWSGI wants three digits: with {x} the mask is 000"
    if setting.name in _SOCKETS and re.match(r"[^/,]*\*[^/,]*:", text):
        return "uWSGI looks for the first address that fits the *, and can't bind to what it finds on Linux: leave the * out"
    return None


def _gunicorn(setting: Setting, x: Any) -> str | None:
    name = setting.name
    text = setting.literal.text.strip() if setting.literal is not None else ""
    if name == "loglevel" and isinstance(x, str) and x.lower() not in LEVELS and "info" not in x.lower():
        return f"gunicorn knows no level {x} and takes info"
    if name == "sendfile" and x is True:
        return "sendfile is on unless it is set: gunicorn turns it off for every value that is written"
    if name == "umask" and isinstance(x, int) and re.fullmatch(r"[1-7][0-7]{1,2}", text):
        return f"{text} is a decimal number here, as octal it is 0o{x:o}"
    if name in _CLAMPED and isinstance(x, int) and x > _CLAMPED[name]:
        return f"gunicorn takes at most {_CLAMPED[name]}"
    return _uvicorn(setting, x) if setting.bound_by == "key" else None


def _uvicorn(setting: Setting, x: Any) -> str | None:
    if setting.name == "port" and isinstance(x, int) and x > 65535:
        return f"uvicorn listens on port {x % 65536}"
    if setting.name == "forwarded_allow_ips" and isinstance(x, Items | str):
        hosts = [str(getattr(each, "x", each)) for each in (x if isinstance(x, Items) else x.split(","))]
        wrong = next((host.strip() for host in hosts if not _address(host.strip())), None)
        return f"{wrong} is no address: uvicorn compares it with the peer's address, and it never matches" if wrong else None
    return None


def _address(host: str) -> bool:
    """Whether it can match a peer: an address, a network, everybody; a path may be a socket's."""
    if host in ("*", "") or "/" in host[:1]:
        return True
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        return False
    return True


def _hypercorn(setting: Setting, x: Any) -> str | None:
    text = setting.literal.text.strip() if setting.literal is not None else ""
    if setting.name == "umask" and setting.origin == "flag" and re.fullmatch(r"0[0-7]{2,3}", text):
        return f"hypercorn reads a decimal number: as octal it is 0o{int(text):o}"
    return None


_PROGRAMS: dict[str, Callable[[Setting, Any], str | None]] = {
    "uwsgi": _uwsgi,
    "gunicorn": _gunicorn,
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
}
