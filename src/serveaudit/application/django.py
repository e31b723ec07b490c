"""Django's settings: which module has them, and what they are, defaults included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.command import Environment
from serveaudit.formats.python import Module, with_default
from serveaudit.values import How, Items, Place, Table, Unknown, Value

_VARIABLE = "DJANGO_SETTINGS_MODULE"

DEFAULTS: Mapping[str, Any] = {
    "ALLOWED_HOSTS": Items(()),
    "ASGI_APPLICATION": None,
    "CACHES": Table((("default", Value(Table((("BACKEND", Value("django.core.cache.backends.locmem.LocMemCache")),)))),)),
    "CSRF_COOKIE_DOMAIN": None,
    "CSRF_COOKIE_SECURE": False,
    "CSRF_TRUSTED_ORIGINS": Items(()),
    "DATABASES": Table(()),
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 2621440,
    "DEBUG": False,
    "FILE_UPLOAD_PERMISSIONS": 0o644,
    "FORCE_SCRIPT_NAME": None,
    "INSTALLED_APPS": Items(()),
    "MEDIA_ROOT": "",
    "MEDIA_URL": "",
    "MIDDLEWARE": Items(()),
    "PREPEND_WWW": False,
    "SECRET_KEY": "",
    "SECURE_HSTS_SECONDS": 0,
    "SECURE_PROXY_SSL_HEADER": None,
    "SECURE_REDIRECT_EXEMPT": Items(()),
    "SECURE_SSL_HOST": None,
    "SECURE_SSL_REDIRECT": False,
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": "/",
    "SESSION_COOKIE_SECURE": False,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "STATICFILES_DIRS": Items(()),
    "STATIC_ROOT": None,
    "STATIC_URL": None,
    "USE_X_FORWARDED_HOST": False,
    "USE_X_FORWARDED_PORT": False,
    "WSGI_APPLICATION": None,
}
"""Of the settings that matter to a deployment. Source: django/conf/global_settings.py of Django 5.2."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A project's settings as one module leaves them.

    values    every name in capitals that the module binds, star imports included
    complete  an Unknown where it may bind more, or others
    assumes   on which it rests that these are the project's settings, in words
    """

    module: Module
    values: Mapping[str, Value[Any]] = field(default_factory=dict)
    complete: bool | Unknown = True
    assumes: tuple[str, ...] = ()

    def value(self, name: str) -> Value[Any]:
        """A setting's value; Django's default where nothing sets it, unknown where something unread may."""
        value = self._value(name)
        return value.also(Value(None, (), self.assumes)) if self.assumes else value

    def _value(self, name: str) -> Value[Any]:
        if name in self.values:
            return self.values[name].case_by_case(lambda case: _with_default(case, name, self.module))
        if isinstance(self.complete, Unknown):
            return Value(self.complete, (_head(self.module),))
        resting = self.module.unbound.get(name, Value(None))
        return _default(name, self.module).also(replace(resting, places=()))


def read_settings(module: Module) -> Settings:
    """The settings of a module, read by `formats.python` in the environment of the program that uses them."""
    values = {name: binding.value for name, binding in module.bindings.items() if name.isupper()}
    return Settings(module, values, module.complete)


def settings_module(module: Module, env: Environment) -> Value[str]:
    """The settings module that a wsgi.py, an asgi.py or a manage.py uses: what the environment says, else what the file sets
    for that case; None where neither does."""
    from_environment = env.get(_VARIABLE)
    if _VARIABLE in module.environ:
        return module.environ[_VARIABLE]
    for call in module.calls:
        if call.name == "os.environ.setdefault" and call.reachable and call.args and call.args[0].x == _VARIABLE:
            default = call.argument(1, "value")
            return with_default(from_environment, default) if default is not None else from_environment
    return from_environment


def _with_default(value: Value[Any], name: str, module: Module) -> Value[Any]:
    """The value, with the default in those cases in which the module does not bind the name."""
    if value.x is None and value.places and value.places[0].how is How.ABSENT:
        return _default(name, module).also(replace(value, places=()))
    return value


def _default(name: str, module: Module) -> Value[Any]:
    default = DEFAULTS.get(name)
    shown = "[]" if default == Items(()) else "{…}" if isinstance(default, Table) else repr(default)
    note = f"Django's default is {shown}" if name in DEFAULTS else f"there is no {name}"
    return Value(default, (_head(module, note),))


def _head(module: Module, note: str = "") -> Place:
    return Place(module.source.line_span(1), How.DEFAULT, note)
