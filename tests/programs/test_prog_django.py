"""Django's runserver."""

from __future__ import annotations

import pytest

from command_lines import addresses, command
from serveaudit.programs import django
from serveaudit.serving import Server
from serveaudit.units import Seconds
from serveaudit.values import Range


def server(text: str) -> Server:
    found = django.start(command(text))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("python manage.py runserver", "127.0.0.1:8000"),
        ("python3 manage.py runserver 0.0.0.0:8000", "0.0.0.0:8000"),
        ("./manage.py runserver 80", "127.0.0.1:80"),
        ("django-admin runserver [::]:80 --settings=a.b", "[::]:80"),
        ("python -m django runserver -6 80", "[::1]:80"),
        ("python backend/manage.py runserver --noreload web:80", "web:80"),
        ("python manage.py runserver 0.0.0.0:$PORT", "0.0.0.0"),
    ],
)
def test_where_it_listens(line: str, where: str) -> None:
    assert addresses(server(line)) == [where]


def test_it_reloads_and_is_threaded_unless_told() -> None:
    found = server("python manage.py runserver")
    assert (found.reload.x, found.threads.x, found.graceful_timeout.x) == (True, Range(2), Seconds(0))
    found = server("python manage.py runserver --noreload --nothreading")
    assert (found.reload.x, found.threads.x) == (False, 1)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("python manage.py runserver --port 80", "--port"),
        ("python manage.py runserver localhost", "localhost"),
        ("python manage.py runserver 0.0.0.0:99999", "0.0.0.0:99999"),
    ],
)
def test_what_it_refuses(line: str, word: str) -> None:
    assert word in [bad.word for bad in server(line).bad_flags]


def test_runserver_plus_has_options_of_its_own() -> None:
    found = server("python manage.py runserver_plus 0.0.0.0:80 --cert-file a")
    assert (addresses(found), found.bad_flags) == (["0.0.0.0:80"], [])


@pytest.mark.parametrize("line", ["python manage.py migrate", "python manage.py", "python app.py runserver", "gunicorn a"])
def test_other_commands_are_no_servers(line: str) -> None:
    assert django.start(command(line)) is None
