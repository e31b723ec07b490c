"""What an application does while it is imported: secrets, connections, threads."""

import pytest

from python_texts import module
from serveaudit.application.importing import connections, is_random, jobs

RANDOM = [
    "import os\nKEY = os.urandom(24)",
    "import os\nKEY = os.urandom(24).hex()",
    "from secrets import token_hex\nKEY = token_hex(32)",
    "import uuid\nKEY = str(uuid.uuid4())",
    "from django.core.management.utils import get_random_secret_key as key\nKEY = key()",
    "import secrets\nKEY = 'prefix-' + secrets.token_hex(8)",
]
FIXED = [
    "KEY = 'a long text'",
    "import os\nKEY = os.environ['KEY']",
    "from vault import secret\nKEY = secret('key')",
    "import secrets\nOTHER = secrets.token_hex(8)\nKEY = 'fixed'",
]


@pytest.mark.parametrize(("text", "random"), [*((text, True) for text in RANDOM), *((text, False) for text in FIXED)])
def test_a_secret_that_is_drawn_is_told_from_one_that_is_given(text: str, random: bool) -> None:
    assert is_random(module(text).bindings["KEY"].value) is random


def lines(text: str, find: object) -> list[int]:
    return [call.place.span.line for call in find(module(text))]  # type: ignore[operator]


def test_a_connection_is_opened_by_a_driver_at_the_top() -> None:
    text = "import psycopg2\nconnection = psycopg2.connect('x')\ndef later():\n    return psycopg2.connect('x')\n"
    assert lines(text, connections) == [2]


def test_an_engine_opens_none_until_it_is_told_to() -> None:
    text = "from sqlalchemy import create_engine\nengine = create_engine('x')\nconnection = engine.connect()\n"
    assert lines(text, connections) == [3]


def test_what_only_a_script_does_is_not_done_by_an_import() -> None:
    text = "import psycopg\nif __name__ == '__main__':\n    psycopg.connect('x')\n"
    assert lines(text, connections) == []


THREAD = "import threading\nthreading.Thread(target=print).start()\n"
SCHEDULER = "from apscheduler.schedulers.background import BackgroundScheduler\ns = BackgroundScheduler()\ns.start()\n"


@pytest.mark.parametrize(("text", "line"), [(THREAD, 2), (SCHEDULER, 3)])
def test_a_thread_or_a_scheduler_is_a_job(text: str, line: int) -> None:
    assert lines(text, jobs) == [line]


def test_a_job_of_django_starts_when_it_is_ready() -> None:
    config = "from django.apps import AppConfig\nclass Shop(AppConfig):\n    def ready(self):\n"
    text = f"import threading\n{config}        threading.Thread(target=print).start()\n    def other(self):\n        pass\n"
    assert lines(text, jobs) == [5]


@pytest.mark.parametrize(
    "text",
    [
        "import os\nimport threading\nif os.environ.get('JOBS'):\n    threading.Thread(target=print).start()\n",
        f"import fcntl\n{THREAD}",
        "import threading\ndef start():\n    threading.Thread(target=print).start()\n",
    ],
)
def test_a_job_behind_a_choice_or_a_lock_is_none(text: str) -> None:
    assert lines(text, jobs) == []
