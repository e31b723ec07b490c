"""Names of a gunicorn configuration that collide with settings by chance: every name of the file that is one sets it."""

from __future__ import annotations

import re

from serveaudit.deployment import Process
from serveaudit.formats.python import External
from serveaudit.serving import Setting
from serveaudit.values import Value

_BY_CHANCE = {"def": "a function", "class": "a class", "for": "the variable of a loop"}
_NO_VALUES = frozenset(
    """logging.config decouple.config environs.env django.conf.settings dynaconf.settings starlette.config alembic.config
    multiprocessing.process threading.daemon getpass.getuser""".split()
)
"""What is imported under a setting's name and is a module, a function or an object: gunicorn takes none for a value."""
_OF_DATABASES = re.compile(r"env:\w*(DB|DATABASE|POSTGRES|PG|MYSQL|MARIADB|SQL|MONGO|REDIS|RABBIT|SMTP|MAIL|AWS|FTP)\w*")


def collides(setting: Setting, process: Process) -> Value[str]:
    """Why a name of the file is taken for a setting that nobody meant; None where it is meant, as far as can be told."""
    row = setting.row
    if process.server.program != "gunicorn" or row is None or setting.origin != "written" or setting in process.server.strange:
        return Value(None)
    chance = _BY_CHANCE.get(setting.bound_by, "")
    if chance and (setting.bound_by == "for" or row.type not in ("callable", "class")):
        return Value(f"{chance} of this name", (setting.place,))
    if setting.bound_by == "import" and isinstance(setting.value.x, External) and setting.value.x.dotted in _NO_VALUES:
        return Value(f"what is imported as {setting.name} is {setting.value.x.dotted}", (setting.place,))
    other = next((name for name in setting.value.depends if _OF_DATABASES.fullmatch(name)), "")
    if setting.name in ("user", "group", "bind") and other:
        return Value(f"${other.removeprefix('env:')} tells the name of something else", (setting.place,))
    return Value(None)
