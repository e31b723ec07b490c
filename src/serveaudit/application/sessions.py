"""Whether an application's pages depend on who asks: it keeps sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serveaudit.formats.python import Module
from serveaudit.values import Items, Unknown, Value

_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"
_IMPORTS = ("flask.session", "flask_login", "flask_session", "starlette.middleware.sessions", "fastapi_users")


Setting = Callable[[str], Value[Any]]
"""Gives one of Django's settings by its name."""


def uses_sessions(module: Module, setting: Setting | None) -> Value[bool]:
    """Whether sessions are kept: by Django's middleware, or by a library that the application's modules import. Unknown where
    nothing tells."""
    if setting is not None:
        return _django(setting)
    for each in _modules(module):
        if any(name.startswith(_IMPORTS) for name in each.imports.values()):
            return Value(True)
    return Value(Unknown("nothing tells whether the application keeps sessions", "sessions"))


def _django(setting: Setting) -> Value[bool]:
    listed = setting("MIDDLEWARE")
    if not isinstance(listed.x, Items):
        return Value(listed.x if isinstance(listed.x, Unknown) else Unknown("MIDDLEWARE is not known"), listed.places)
    for member in listed.x:
        if member.x == _MIDDLEWARE:
            return Value(True, (*member.places[:1], *listed.places[:1])[:1])
    return Value(listed.x.complete if isinstance(listed.x.complete, Unknown) else False, listed.places)


def _modules(module: Module) -> list[Module]:
    """The module and those of the repository that it imports."""
    return [module, *module.siblings.values()]
