"""Switches that are given the text of a variable: every text but the empty one is true, "False" and "0" too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.configured.written import of_process, program_of
from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.source import Span
from serveaudit.values import Place, Value

_TEXT = re.compile(
    r"""(?P<bool>bool\s*\(\s*)?(?:os\.)?(?:(?:environ\.get|getenv)\(\s*(?:key\s*=\s*)?['"](?P<name>\w+)['"]\s*
    (?:,\s*(?:default\s*=\s*)?[^(),]*?\s*,?\s*)?\)|environ\[\s*['"](?P<key>\w+)['"]\s*\])\s*(?(bool)\))
    (?:\s+or\s+(?:False|None|''|""))?""",
    re.VERBOSE,
)
_OF_DJANGO = frozenset(
    """APPEND_SLASH CORS_ALLOW_ALL_ORIGINS CORS_ALLOW_CREDENTIALS CORS_ORIGIN_ALLOW_ALL CSRF_COOKIE_HTTPONLY CSRF_COOKIE_SECURE
    CSRF_USE_SESSIONS DEBUG EMAIL_USE_SSL EMAIL_USE_TLS PREPEND_WWW SECURE_CONTENT_TYPE_NOSNIFF SECURE_HSTS_INCLUDE_SUBDOMAINS
    SECURE_HSTS_PRELOAD SECURE_SSL_REDIRECT SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SECURE SESSION_EXPIRE_AT_BROWSER_CLOSE
    TEMPLATE_DEBUG USE_X_FORWARDED_HOST USE_X_FORWARDED_PORT""".split()
)
"""Settings of Django and django-cors-headers that are asked for truth. Source: django/conf/global_settings.py."""
_MEANT_FALSE = ("false", "0", "no", "off", "n", "f", "none")


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """A setting that wants true or false.

    variable  whose text it is given
    value     what it is in this deployment
    takes     what its program makes of a text, in words
    """

    name: str
    program: str
    variable: str
    value: Value[object]
    place: Place
    takes: str

    @property
    def meant_false(self) -> bool:
        """Whether the deployment sets it to a word for no, which is taken for yes."""
        return isinstance(self.value.x, str) and self.value.x.strip().lower() in _MEANT_FALSE


def switches(process: Process) -> Iterator[Switch]:
    """The switches of a server and of its application's settings that are given a text."""
    for setting in of_process(process):
        if setting.row is not None and setting.row.type == "bool" and setting.literal is not None:
            found = _given(setting.literal) or (_of_key(setting) if setting.bound_by == "key" else None)
            if found:
                program = program_of(setting, process)
                takes = _of_gunicorn(found) if program == "gunicorn" else _TRUE
                yield Switch(setting.name, program, _name(found), setting.value, setting.place, takes)
    settings = process.app.settings if process.app is not None else None
    for name, value in settings.values.items() if settings is not None else ():
        found = _given(value.places[0].span) if name in _OF_DJANGO and value.places else None
        if found:
            yield Switch(name, "django", _name(found), value, value.places[0], _TRUE)


_TRUE = "every text but the empty one is true, False and 0 too"


def _of_gunicorn(found: re.Match[str]) -> str:
    return _TRUE if found["bool"] else "gunicorn takes the words true and false alone: 1 and yes stop the start"


def _given(span: Span) -> re.Match[str] | None:
    return _TEXT.fullmatch(span.text.strip()) if len(span.text) < 300 else None


def _of_key(setting: Setting) -> re.Match[str] | None:
    """The expression behind a key of a mapping or a keyword of a call: its value is told at the part that holds."""
    span = setting.place.span.outermost
    line = span.source.line_text(span.source.position(span.start).line)
    start = re.search(rf"""\b{re.escape(setting.spelled or setting.name)}['"]?\s*[:=]\s*""", line)
    found = _TEXT.match(line, start.end()) if start else None
    return found if found and line[found.end() :].lstrip()[:1] in ("", ",", ")", "}", "#") else None


def _name(found: re.Match[str]) -> str:
    return found["name"] or found["key"]
