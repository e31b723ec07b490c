"""Values of a unit's keys that its manager does not take: systemd skips such a line, supervisord does not start.

Sources: systemd.syntax(7), systemd.time(7), and the tables, for which each word was tried on systemd's parser;
supervisor/datatypes.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from serveaudit.launching import signal_name
from serveaudit.serving import Row, Setting
from serveaudit.suggest import nearest
from serveaudit.values import Value

_SIGNALS = frozenset(
    """HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ
    VTALRM PROF WINCH IO POLL PWR SYS""".split()
)
_TRUTH = frozenset("1 yes y true t on 0 no n false f off".split())
_UNITS = frozenset(
    """usec us µs msec ms seconds second sec s minutes minute min m hours hour hr h days day d weeks week w months month M years
    year y""".split()
)
_WORD = re.compile(r"[A-Za-z][\w+-]*")
_NAMES = {"bool": "no word for yes or no", "signal": "no signal", "octal": "no octal mode", "duration": "no time"}


def skipped(setting: Setting, manager: str) -> Value[str]:
    """What is wrong with a value for which systemd skips the line; None for one that it takes, or of which nothing is known."""
    said = _wrong(setting, _SYSTEMD) if manager == "systemd" else None
    if said is None or setting.row is None:
        return Value(None)
    holds = f", {setting.name} stays {setting.row.default}" if setting.row.default is not None else ""
    return Value(f"{said}: systemd skips the line{holds}", (setting.place,))


def refused(setting: Setting, manager: str) -> Value[str]:
    """What is wrong with a value with which supervisord does not start; None for one that it takes."""
    said = _wrong(setting, _SUPERVISOR) if manager == "supervisor" else None
    return Value(said and f"{said}, and supervisord does not start", (setting.place,))


def _wrong(setting: Setting, takes: Mapping[str, Callable[[str, Row], bool]]) -> str | None:
    row, x = setting.row, setting.value.x
    if row is None or row.type not in takes or setting.literal is None or not isinstance(x, str | bool):
        return None
    text = x if isinstance(x, str) else setting.literal.text.strip()
    if not text or takes[row.type](text, row):
        return None
    near = nearest(text, row.choices) or nearest(text.lower(), row.choices)
    return f"{text} is {_NAMES.get(row.type, f'no value of {setting.name}')}" + (f", did you mean {near}?" if near else "")


def _is_signal(text: str, row: Row) -> bool:
    name = signal_name(text)
    return name in _SIGNALS or name.startswith("RT") or name.isdigit()


def _is_duration(text: str, row: Row) -> bool:
    """Words and units alone are judged."""
    if _WORD.fullmatch(text):
        return text in row.choices
    found = re.fullmatch(r"[\d.]+\s*([A-Za-zµ]+)", text)
    return found is None or found[1] in _UNITS


def _is_no_word(text: str, row: Row) -> bool:
    """Numbers come in many shapes (`1024:4096`, `20%`): a word alone is none."""
    return _WORD.fullmatch(text) is None or text in row.choices


def _is_choice(text: str, row: Row) -> bool:
    """`append:/var/log/shop.log` and the like have more behind the word."""
    return _is_no_word(text, row) or (text.lower() in _TRUTH and text.lower() in row.choices)


_SYSTEMD: Mapping[str, Callable[[str, Row], bool]] = {
    "bool": lambda text, row: text.lower() in _TRUTH,
    "choice": _is_choice,
    "signal": _is_signal,
    "duration": _is_duration,
    "int": _is_no_word,
    "size": _is_no_word,
    "octal": lambda text, row: re.fullmatch(r"[0-7]+", text) is not None,
}
_SUPERVISOR: Mapping[str, Callable[[str, Row], bool]] = {
    "bool": lambda text, row: text.lower() in ("yes", "true", "on", "1", "no", "false", "off", "0"),
    "choice": lambda text, row: text.lower() in row.choices,
    "signal": _is_signal,
    "int": lambda text, row: re.fullmatch(r"[+-]?[\d_]+", text) is not None,
    "size": lambda text, row: re.fullmatch(r"\d+\s*(kb|mb|gb)?", text.lower()) is not None,
    "octal": lambda text, row: re.fullmatch(r"(0o)?[0-7]+", text.lower()) is not None,
}
