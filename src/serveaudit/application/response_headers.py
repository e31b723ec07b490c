"""Headers that an application sends by itself: CORS, and what browsers are told of frames, types and HTTPS.

Sources: django/middleware/security.py and clickjacking.py, django-cors-headers, starlette.middleware.cors, flask-cors,
flask-talisman.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from serveaudit.formats.python import Module
from serveaudit.values import Items, Place, Unknown, Value

_CORS = "access-control-allow-origin"
_CALLS = {"flask_cors.CORS": (_CORS,), "flask_talisman.Talisman": ("x-frame-options", "strict-transport-security")}
_MIDDLEWARE = ("CORSMiddleware",)


Setting = Callable[[str], Value[Any]]
"""Gives one of Django's settings by its name."""


def sent_by(module: Module, setting: Setting | None) -> dict[str, Place]:
    """The headers that are surely sent with every answer (CORS: with those to other origins), each with its line."""
    return dict(_django(setting) if setting is not None else _called(module))


def _django(setting: Setting) -> Iterator[tuple[str, Place]]:
    listed = setting("MIDDLEWARE")
    members = {member.x: member for member in listed.x} if isinstance(listed.x, Items) else {}
    places = {name: next(iter((*member.places, *listed.places)), None) for name, member in members.items()}
    security = places.get("django.middleware.security.SecurityMiddleware")
    frames = places.get("django.middleware.clickjacking.XFrameOptionsMiddleware")
    cors = places.get("corsheaders.middleware.CorsMiddleware")
    if security:
        yield from _of_security(setting, security)
    if frames:
        yield "x-frame-options", frames
    if cors and any(_is_set(setting, name) for name in _CORS_SETTINGS):
        yield _CORS, cors


_CORS_SETTINGS = (
    "CORS_ALLOW_ALL_ORIGINS",
    "CORS_ORIGIN_ALLOW_ALL",
    "CORS_ALLOWED_ORIGINS",
    "CORS_ORIGIN_WHITELIST",
    "CORS_ALLOWED_ORIGIN_REGEXES",
)


def _of_security(setting: Setting, place: Place) -> Iterator[tuple[str, Place]]:
    seconds = setting("SECURE_HSTS_SECONDS")
    if isinstance(seconds.x, int) and seconds.x > 0:
        yield "strict-transport-security", next(iter(seconds.places), place)
    nosniff = setting("SECURE_CONTENT_TYPE_NOSNIFF")
    if nosniff.x in (True, None):
        yield "x-content-type-options", next(iter(nosniff.places), place)


def _is_set(setting: Setting, name: str) -> bool:
    value = setting(name).x
    return value is True or (isinstance(value, Items) and bool(value.members or isinstance(value.complete, Unknown)))


def _called(module: Module) -> Iterator[tuple[str, Place]]:
    for each in (module, *module.siblings.values()):
        for call in each.calls:
            for header in _CALLS.get(call.name, ()):
                yield header, call.place
            if call.name.endswith(".add_middleware") and call.reachable and call.args and _is_cors(call.args[0]):
                yield _CORS, call.place


def _is_cors(value: Value[object]) -> bool:
    return str(getattr(value.x, "dotted", value.x)).endswith(_MIDDLEWARE)
