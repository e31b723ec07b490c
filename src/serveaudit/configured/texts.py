"""What stands in the text of a value that its program takes literally: comments, quotes, atoms of a log format.

Sources: core/ini.c of uWSGI; gunicorn/glogging.py, Logger.atoms and SafeAtoms; hypercorn/logging.py, AccessLogAtoms.
"""

from __future__ import annotations

import re

from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.values import Value

_SHELL = re.compile(
    r"cron2?|legion-cron|.*-cron2?|route.*|.*-route.*|log-.*|logger.*|req-logger|exec.*|hook.*|.*hook|attach.*|smart-attach.*|alarm.*"
    r"|env|for.*|if-.*|regex.*|print|touch.*|mule.*|spooler.*|static-expires.*|add-header|collect-header|.*-header.*|.*format.*"
    r"|eval|shell|command|stats-push.*|metric.*|.*pass.*|secret.*|error-page.*|reload-on-exception.*|.*-procname.*|procname.*|set.*"
)
"""Options whose values are commands, expressions or texts of somebody else's, in which a semicolon or a hash may belong."""
_ATOM = re.compile(r"%\(([^)]*)\)(.?)|%%|%(.?)")
_ATOMS = {
    "gunicorn": frozenset("h l u t r m U q H s b B f a T D M L p".split()),
    "hypercorn": frozenset("h l u t r R m U Uq q H s st b B f a T D L p S".split()),
}


def literal(setting: Setting, process: Process) -> Value[str]:
    """What of a uWSGI option's text is part of its value by mistake: a comment behind it, quotes around it."""
    of_ini = process.server.program == "uwsgi" and process.server.config_syntax == "ini" and setting.origin == "written"
    if not of_ini or setting.literal is None or setting in process.server.strange or _SHELL.fullmatch(setting.spelled):
        return Value(None)
    text = setting.literal.text
    if comment := re.search(r"\s[;#](\s|[A-Za-z]|$)", text):
        return _with_comment(setting, text[: comment.start()].strip().lower())
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return Value("the quotes are part of the value", (setting.place,))
    return Value(None)


def _with_comment(setting: Setting, meant: str) -> Value[str]:
    """A number in front of the comment is read all the same; a word for yes or no is not, so that all of them are yes."""
    kind = setting.row.type if setting.row else ""
    if (kind == "int" and meant.isdigit()) or (kind == "bool" and meant not in ("false", "off", "no", "0")):
        return Value(None)
    if kind == "bool":
        return Value(f"with the comment behind it, {meant} is taken for true in the value", (setting.place,))
    return Value("what looks like a comment is part of the value", (setting.place,))


def log_format(setting: Setting, process: Process) -> Value[str]:
    """What is wrong with an access log's format; None where nothing is."""
    atoms = _ATOMS.get(process.server.program)
    text = setting.value.x
    if setting.name != "access_log_format" or atoms is None or not isinstance(text, str):
        return Value(None)
    if all(process.server.settings[name].origin == "default" for name in _LOGS if name in process.server.settings):
        return Value(None)
    wrong = next((said for found in _ATOM.finditer(text) if (said := _wrong(found, atoms))), None)
    return Value(wrong, (setting.place,))


_LOGS = ("accesslog", "logconfig", "logconfig_dict", "logconfig_json", "syslog")
"""Settings of which one has to be given for an access log to be written (gunicorn/glogging.py, access)."""


def breaks_logging(setting: Setting) -> bool:
    """Whether the format can't be used at all, so that an error is logged for each request instead."""
    text = setting.value.x if isinstance(setting.value.x, str) else ""
    return any((found[1] is not None and found[2] != "s") or found[3] is not None for found in _ATOM.finditer(text))


def _wrong(found: re.Match[str], atoms: frozenset[str]) -> str | None:
    name, conversion, bare = found[1], found[2], found[3]
    if bare is not None:
        return f"%{bare} names nothing: write %({bare or 'name'})s"
    if name is None:
        return None
    if conversion != "s":
        return f"%({name}) wants an s behind it"
    if name not in atoms and not re.fullmatch(r"\{[^}]+\}[ioe]", name):
        return f"%({name})s is not known, a - is logged for it"
    return None
