"""Modules of the repository that a Python file imports."""

from python_texts import module, told
from serveaudit.values import Unknown


def test_settings_of_a_sibling_module() -> None:
    read = module(
        "from config.settings import WEB_CONCURRENCY as workers\nimport config.settings as s\na = s.X + 1",
        config__settings="WEB_CONCURRENCY = 3\nX = 4",
    )
    assert told(read.value("workers")) == "3" and told(read.value("a")) == "5"
    assert str(read.bindings["workers"].value.places[0].span) == "config/settings.py:1"


BASE = "DEBUG = True\nAPPS = ['a']\n_private = 1\n"


def test_split_settings_star_import_and_override() -> None:
    read = module("from .base import *\nDEBUG = False\nAPPS += ['b']", path="proj/prod.py", proj__base=BASE)
    assert (told(read.value("DEBUG")), told(read.value("APPS")), told(read.value("_private"))) == (
        "False",
        "['a', 'b']",
        "not bound",
    )


def test_local_settings_that_may_be_there() -> None:
    text = "from .base import *\ntry:\n    from .local import *\nexcept ImportError:\n    pass\nX = 1"
    read = module(text, path="proj/prod.py", proj__base=BASE)
    assert (
        told(read.value("DEBUG"))
        == ".local is there: unknown: proj.local was not found, and may set it; .local is not there: True"
    )
    assert told(read.value("X")) == "1"
    assert isinstance(read.complete, Unknown)


def test_modules_that_import_each_other() -> None:
    read = module(
        "from b import y\nx = y + 1", path="a.py", a="from b import y\nx = y + 1", b="import a\ny = 1\nfrom a import x\nz = 2"
    )
    assert told(read.value("x")) == "2"


def test_split_settings_include() -> None:
    text = "from split_settings.tools import include\ninclude('components/base.py')\nX = DEBUG"
    read = module(text, path="proj/__init__.py", proj__components__base="DEBUG = True")
    assert told(read.value("X")) == "True"
