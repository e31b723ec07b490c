"""Django's settings, their defaults, and the module that has them."""

import pytest

from python_texts import opened, program, told
from serveaudit.application.django import DEFAULTS, read_settings, settings_module
from serveaudit.command import Environment
from serveaudit.values import How, Unknown, Value

BASE = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED_APPS = ["django.contrib.admin"]
MIDDLEWARE = []
ROOT_URLCONF = "proj.urls"
DEBUG = True
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
STATIC_ROOT = BASE_DIR / "static"
"""
PROD = """
import os
import dj_database_url
from .base import *
DEBUG = False
DATABASES["default"]["CONN_MAX_AGE"] = 60
CACHES = {"default": {"BACKEND": os.environ.get("CACHE", "locmem")}}
if os.environ.get("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if something():
    SESSION_COOKIE_SECURE = True
lower = 1
"""


def test_split_settings() -> None:
    settings = read_settings(opened(program(proj__base=BASE, proj__prod=PROD), "proj.prod"))
    assert told(settings.value("DEBUG")) == "False"
    assert told(settings.value("DATABASES")) == "{default: {ENGINE: 'django.db.backends.postgresql', CONN_MAX_AGE: 60}}"
    assert told(settings.value("STATIC_ROOT")) == "static"
    assert "lower" not in settings.values
    assert str(settings.value("INSTALLED_APPS").places[0].span) == "proj/base.py:4"


def test_a_default_rests_on_the_condition_that_does_not_set_it() -> None:
    settings = read_settings(opened(program(proj__base=BASE, proj__prod=PROD), "proj.prod"))
    header = settings.value("SECURE_PROXY_SSL_HEADER")
    assert (told(header), header.places[0].how, header.places[0].note) == (
        "None if $BEHIND_PROXY is not set",
        How.DEFAULT,
        "Django's default is None",
    )
    assert told(settings.value("SESSION_COOKIE_SECURE")) == "something(): True; not something(): False"


def test_a_setting_that_an_unread_file_may_set_is_unknown() -> None:
    settings = read_settings(opened(program(proj__prod="from .local import *\nROOT_URLCONF = 'x'"), "proj.prod"))
    assert told(settings.value("DEBUG")) == "unknown: proj.local was not found, and may set it"


def test_a_database_from_a_url() -> None:
    text = "import dj_database_url\nDATABASES = {'default': dj_database_url.config(conn_max_age=600)}"
    assert told(read_settings(opened(program(s=text), "s")).value("DATABASES")) == "{default: {CONN_MAX_AGE: 600, …}}"


@pytest.mark.parametrize(
    ("call", "engine"),
    [
        ("dj_database_url.parse('postgres://shop@db/shop')", "'django.db.backends.postgresql'"),
        ("dj_database_url.config(default='mysql://shop@db/shop')", "'django.db.backends.mysql' if $DATABASE_URL is not set"),
        ("environ.Env().db('SHOP_DB', default='postgis://db/shop')", "'…backends.postgis' if $SHOP_DB is not set"),
        ("dj_database_url.config(default='sqlite:///db.sqlite3')", "unknown: the rest of it stands in a URL"),
        ("dj_database_url.config()", "unknown: the rest of it stands in a URL"),
    ],
)
def test_the_backend_of_a_url_that_names_a_server(call: str, engine: str) -> None:
    text = f"import dj_database_url, environ\nDATABASES = {{'default': {call}}}\nENGINE = DATABASES['default']['ENGINE']"
    found = told(read_settings(opened(program(s=text), "s")).value("ENGINE"))
    assert found.replace("django.contrib.gis.db.", "…") == engine


WSGI = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'proj.dev')\n"
MANAGE = "import os\ndef main():\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'proj.dev')\n"
MANAGE += "if __name__ == '__main__':\n    main()"


def test_the_settings_module_of_a_wsgi_file() -> None:
    value = settings_module(opened(program(wsgi=WSGI), "wsgi"), Environment())
    assert told(value) == "'proj.dev' if $DJANGO_SETTINGS_MODULE is not set"
    assert value.places[0].span.text == "'proj.dev'"


def test_the_settings_module_of_a_manage_file() -> None:
    assert settings_module(opened(program(manage=MANAGE), "manage"), Environment()).x == "proj.dev"


def test_the_environment_names_the_settings_module() -> None:
    env = Environment({"DJANGO_SETTINGS_MODULE": Value("proj.prod")})
    for name, text in (("wsgi", WSGI), ("manage", MANAGE)):
        assert told(settings_module(opened(program(env=env, **{name: text}), name), env)) == "'proj.prod'"


def test_an_unread_file_may_name_the_settings_module() -> None:
    env = Environment({}, Unknown(".env is not there"))
    value = settings_module(opened(program(env=env, manage=MANAGE), "manage"), env)
    assert told(value).endswith("$DJANGO_SETTINGS_MODULE is not set: 'proj.dev' if $DJANGO_SETTINGS_MODULE is not set")


def test_a_file_that_names_no_settings_module() -> None:
    assert settings_module(opened(program(app="x = 1"), "app"), Environment()).x is None


def test_the_settings_module_that_is_simply_set() -> None:
    text = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'proj.prod'"
    assert told(settings_module(opened(program(wsgi=text), "wsgi"), Environment())) == "'proj.prod'"


def test_defaults_are_settings() -> None:
    assert all(name.isupper() for name in DEFAULTS) and DEFAULTS["DEBUG"] is False
