"""What an application does while it is imported, in each process or before the fork: threads, connections, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serveaudit.formats.python import Call, Made, Module
from serveaudit.values import Partial, Value

_RANDOM = (
    *("os.urandom", "os.getrandom", "secrets.", "random.", "uuid.uuid1", "uuid.uuid4", "string."),
    *("django.core.management.utils.get_random_secret_key", "django.utils.crypto.get_random_string"),
    *("cryptography.fernet.Fernet.generate_key", "Crypto.Random.get_random_bytes"),
)
_CONNECTS = frozenset(
    {
        *("psycopg.connect", "psycopg.Connection.connect", "psycopg2.connect", "pymysql.connect", "MySQLdb.connect"),
        *("mysql.connector.connect", "pyodbc.connect", "oracledb.connect", "cx_Oracle.connect", "pymssql.connect"),
        *("sqlalchemy.create_engine.connect", "sqlalchemy.engine.create_engine.connect", "pika.BlockingConnection"),
    }
)
_STARTS = re.compile(
    r"(threading\.(Thread|Timer)|apscheduler\.schedulers\.\w+\.\w*Scheduler|flask_apscheduler\.APScheduler|"
    r"schedule\.\w+|rocketry\.Rocketry)\.start$"
)
_LOCKED = re.compile(r"\bfcntl\b|\bRUN_MAIN\b|\b\w*[Ll]ock\b\s*[(.=]|\bflock\b|\bWERKZEUG_RUN_MAIN\b|\bleader\b")


def is_random(value: Value[Any]) -> bool:
    """Whether a value comes from a source of random numbers: another one in each process, and after each start."""
    if isinstance(value.x, Partial):
        return any(isinstance(part, Made) and _random(part.dotted) for part in value.x.parts)
    return isinstance(value.x, Made) and _random(value.x.dotted)


def _random(dotted: str) -> bool:
    return dotted.startswith(_RANDOM)


def connections(module: Module) -> Iterator[Call]:
    """Connections to databases and the like that are opened while the module is imported."""
    return (call for call in _at_import(module) if call.name in _CONNECTS)


def jobs(module: Module) -> Iterator[Call]:
    """Threads and schedulers that are started while the module is imported, or when Django is ready. Not those of a module
    that takes care that only one process does so."""
    if _LOCKED.search(module.source.text):
        return
    ready = {
        f"{cls.name}.ready"
        for cls in module.classes.values()
        if cls.inherits("django.apps.AppConfig", "django.apps.config.AppConfig")
    }
    for call in module.calls:
        here = call.function == "" or call.function in ready
        if here and call.reachable and not call.under_main and not call.conditions and _STARTS.search(call.name):
            yield call


def _at_import(module: Module) -> Iterator[Call]:
    for call in module.calls:
        if call.function == "" and call.reachable and not call.under_main and not call.conditions:
            yield call
