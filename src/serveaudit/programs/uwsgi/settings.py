"""uWSGI's effective settings out of its list of options: the last one of a scalar counts, lists gather, some imply others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from serveaudit.command import Environment
from serveaudit.conversion import with_unit
from serveaudit.precedence import default_of, over, plain
from serveaudit.programs.uwsgi.choices import Gathering, guarded
from serveaudit.programs.uwsgi.conditions import Guard
from serveaudit.programs.uwsgi.expansion import Holes, whole_number
from serveaudit.programs.uwsgi.exported import Option
from serveaudit.serving import Protocol, Row, Setting
from serveaudit.tables import Facts, facts
from serveaudit.units import Bytes, Seconds
from serveaudit.values import Place, Unknown, Value

ASKED = (
    "async",
    "buffer-size",
    "callable",
    "chdir",
    "cheaper",
    "cheaper-initial",
    "chmod-socket",
    "chown-socket",
    "chunked-input-limit",
    "daemonize",
    "daemonize2",
    "die-on-term",
    "disable-logging",
    "emperor",
    "enable-threads",
    "gevent",
    "gid",
    "harakiri",
    "honour-stdin",
    "hook-master-start",
    "http-auto-chunked",
    "http-chunked-input",
    "http-keepalive",
    "http-raw-body",
    "http-timeout",
    "http-websockets",
    "lazy-apps",
    "listen",
    "log-4xx",
    "log-5xx",
    "log-master",
    "log-slow",
    "log-x-forwarded-for",
    "logto",
    "loop",
    "manage-script-name",
    "master",
    "max-requests",
    "max-requests-delta",
    "max-worker-lifetime",
    "min-worker-lifetime",
    "module",
    "mount",
    "need-app",
    "offload-threads",
    "pidfile",
    "plugin",
    "post-buffering",
    "processes",
    "protocol",
    "py-auto-reload",
    "reload-mercy",
    "reload-on-rss",
    "single-interpreter",
    "socket-timeout",
    "static-map",
    "stats",
    "strict",
    "threads",
    "thunder-lock",
    "uid",
    "umask",
    "vacuum",
    "worker-reload-mercy",
    "wsgi-file",
)
"""Settings that are told even where nobody wrote them. The others, some thousand, are there only if they are written."""
FROM_ENVIRONMENT = ("processes", "threads", "cheaper", "harakiri", "master")
"""Settings that images leave to the environment: their default rests on no variable setting them."""
_ENGINES = ("gevent", "asyncio", "tornado", "coroae")
"""Loop engines with an option of their own, that takes the number of cores (plugins/gevent/gevent.c, uwsgi_opt_setup_gevent)
and raises the time-out of sockets."""
_UNSETTABLE = ("logic", "include", "placeholder")
_FALSE = ("false", "off", "no")


@dataclass(frozen=True, slots=True)
class Event:
    """A thing that happens to a setting, in order. `least`: its value only replaces a smaller one."""

    setting: Setting | None
    option: Option
    least: bool = False


def settings(options: Iterable[Option], holes: Holes, env: Environment, head: Place) -> dict[str, Setting]:
    """Every written setting and every one of ASKED by uWSGI's own name. `head` is where an unwritten one would stand."""
    table = facts("uwsgi", env.releases)
    own: dict[str, list[Event]] = {name: [] for name in ASKED if name in table.rows}
    implied: dict[str, list[Event]] = {}
    everywhere: list[Event] = []
    options = list(options)
    order = {id(option): number for number, option in enumerate(options)}
    for option in options:
        row = option.row
        if option.anything:
            everywhere.append(Event(None, option))
        elif row is not None and row.type not in _UNSETTABLE:
            setting = _setting(row, option, holes) if option.taken else None
            own.setdefault(row.name, []).append(Event(setting, option))
            for name in row.implies if setting else ():
                implied.setdefault(name, []).append(Event(_implied(name, row, option), option))
            if row.name in _ENGINES and setting:
                own["async"].append(Event(_implied("async", row, option, setting.value.x), option))
                own["loop"].append(Event(_implied("loop", row, option, row.name), option))
                own["socket-timeout"].append(Event(_implied("socket-timeout", row, option, Seconds(30)), option, least=True))
    found = {}
    for name, events in own.items():
        ordered = sorted((*events, *everywhere), key=lambda event: order[id(event.option)])
        row = table.rows[name]
        default, events = _default(row, env, head), [*implied.get(name, ()), *ordered]
        found[name] = _list(events, default) if row.type == "list" else _scalar(row, events, default)
    return found


def _list(events: Iterable[Event], default: Setting) -> Setting:
    """The members that a list's options give it, told at the first one."""
    gathering = Gathering(default.value)
    setting = default
    for event in events:
        new, option = event.setting, event.option
        if option.unread is not None:
            gathering.open(option.unread)
        elif new is not None:
            gathering.add(new.value, option.place, option.guards)
            setting = setting if setting.origin != "default" else new
    return replace(setting, value=gathering.value())


def _scalar(row: Row, events: Iterable[Event], default: Setting) -> Setting:
    setting = default
    for event in events:
        new, option = event.setting, event.option
        if event.least and new is not None:
            raised = setting.value.map(partial(max, new.value.x))
            new = setting if raised.x == setting.value.x else replace(new, value=replace(raised, places=new.value.places))
        if option.unread is not None:
            setting = _clouded(setting, option)
        elif new is None:
            setting = replace(setting, value=setting.value.also(*(replace(rest, places=()) for rest in option.rests)))
        else:
            setting = _over(new, setting, option.guards)
    return setting


def _setting(row: Row, option: Option, holes: Holes) -> Setting:
    """One option as a setting of its own."""
    value, refused = _value(row, option.text, holes)
    places = tuple(place for rest in option.rests for place in rest.places)
    value = replace(value.also(*option.rests), places=(option.place, *(place for place in places if place != option.place)))
    literal = option.literal if option.literal and option.literal.start < option.literal.end else None
    bound_by = option.logic or "assign"
    return Setting(
        row.name, value, option.origin, option.place, option.key, bound_by, row=row, refused=refused, literal=literal
    )


def _implied(name: str, row: Row, option: Option, x: Any = None) -> Setting:
    target = option.table.rows[name]
    place = replace(option.place, note=f"{row.name} implies {name}")
    if x is None:
        x = True if target.type == "bool" else with_unit(target, 4096)
    return Setting(name, Value(x, (place,)), option.origin, place, option.key, "implied", row=target)


def _value(row: Row, text: str | None, holes: Holes) -> tuple[Value[Any], str]:
    """What uWSGI makes of a text, and why it does not start with it."""
    if row.type == "bool":
        return (holes.value(text).map(_boolean) if text else Value(True)), ""
    if row.type == "int":
        number = whole_number(text, holes).map(partial(_stored, row)) if text is not None else Value(1)
        if isinstance(number.x, int) and number.x < 0 and row.low is not None:
            return Value(Unknown(f"uWSGI does not take {text!r} for {row.name}")), "it must not be negative"
        return number.map(lambda n: Bytes(n << 20) if row.unit == "MiB" else with_unit(row, n)), ""
    if row.name == "chmod-socket":
        return _mode(text, holes)
    return holes.value(text or ""), ""


PROTOCOLS: Mapping[str, Protocol] = {
    "uwsgi": "uwsgi",
    "puwsgi": "uwsgi",
    "suwsgi": "uwsgi",
    "http": "http",
    "http11": "http",
    "https": "http",
    "fastcgi": "fastcgi",
    "fastcgi-nph": "fastcgi",
    "scgi": "scgi",
    "scgi-nph": "scgi",
    "raw": "unknown",
}
"""The protocols of sockets (core/socket.c, uwsgi_protocols_register), in common terms. Another name is taken for uwsgi."""


def _boolean(text: str) -> bool:
    """Everything is true that is not one of four words (core/uwsgi.c, uwsgi_opt_true)."""
    return text.lower() not in _FALSE and text != "0"


def _stored(row: Row, number: int) -> Any:
    """What is left of a number in the C type that it is put into (core/uwsgi.c, uwsgi_opt_set_int, …_64bit, …_16bit)."""
    if row.high is not None:
        return number if 0 <= number <= row.high else int(row.high)
    if row.low is not None:
        return (number + (1 << 31)) % (1 << 32) - (1 << 31)
    return number if number >= 0 else Unknown(f"what uWSGI makes of a number below zero for {row.name} is not known")


def _mode(text: str | None, holes: Holes) -> tuple[Value[Any], str]:
    """`664`; as a flag alone, or with 1, it is 666 (core/uwsgi.c, uwsgi_opt_chmod_socket)."""
    if text is None or text == "1":
        return Value(0o666), ""
    value = holes.value(text)
    if isinstance(value.x, str) and not re.fullmatch("[0-7]{3}", value.x):
        return Value(Unknown(f"uWSGI does not take the mode {text!r}")), "three octal digits are wanted"
    return value.map(lambda digits: int(digits, 8)), ""


def _over(new: Setting, old: Setting, guards: tuple[Guard, ...]) -> Setting:
    """The setting put over an earlier one; under an outside choice, both are kept."""
    if not guards:
        return over(new, old)
    if old.origin == "default":
        return replace(new, value=guarded(guards, new.value, old.value))
    return replace(new, value=guarded(guards, new.value, old.value), overrides=(*new.overrides, old, *old.overrides))


def _clouded(setting: Setting, option: Option) -> Setting:
    """What is left of a setting behind options that could not be read."""
    assert option.unread is not None
    value = replace(setting.value, x=option.unread)
    if option.guards:
        value = guarded(option.guards, value, setting.value)
    return replace(setting, value=value, refused="")


def _default(row: Row, env: Environment, head: Place) -> Setting:
    setting = default_of("uWSGI", row, plain(row), head)
    if row.default_note:
        place = replace(setting.place, note=f"uWSGI's default is {row.default_note}")
        setting = replace(setting, place=place, value=setting.value.at(place))
    variable = "UWSGI_" + row.name.upper().replace("-", "_")
    if row.name in FROM_ENVIRONMENT:
        unset = env.get(variable)
        if isinstance(unset.x, Unknown):
            return replace(setting, value=Value(unset.x, setting.value.places, depends=unset.depends))
        return replace(setting, value=setting.value.also(replace(unset, x=None, depends=()))) if unset.x is None else setting
    if env.complete is not True:
        return replace(setting, value=replace(setting.value, assumes=(f"${variable} is not set",)))
    return setting


def under_strict(strict: Setting, options: Iterable[Option], declared: Iterable[str]) -> Setting:
    """The setting strict, refused where a name is no option, be it one that `%(name)` reads (core/config.c, uwsgi_opt_get)."""
    if strict.value.x is not True:
        return strict
    for option in options:
        named = option.row or option.settled or option.key in (*declared, "end", "endif", "endfor")
        if option.taken and not option.guards and not named:
            value = strict.value.also(Value(None, (option.place,)))
            return replace(strict, value=value, refused=f"uWSGI knows no option {option.key}, and ends because of strict")
    return strict


def strange(options: Iterable[Option], mentioned: set[str], table: Facts) -> list[Setting]:
    """Written names that are no option of uWSGI or of a plugin of its, and that nothing reads as `%(name)`. Where a part was
    not read, it may read them: then only those are told that are an option's name in another spelling."""
    options = list(options)
    partly = any(option.anything for option in options)
    found = []
    for option in options:
        if option.row or not option.taken or option.origin == "environment":
            continue
        if option.key in mentioned or option.settled or option.key in ("end", "endif", "endfor"):
            continue
        if partly and table.row(option.key.lower().replace("_", "-")) is None:
            continue
        value: Value[Any] = Value(option.text, (option.place,))
        spelled = re.split(r"\s*:", option.key)[0]  # of `master : true`, which is one name to uWSGI
        found.append(Setting(option.key, value, option.origin, option.place, spelled, option.logic or "assign"))
    return found
