"""gevent.pywsgi in a Python file."""

from __future__ import annotations

import pytest

from command_lines import addresses, command, plain
from serveaudit.formats import python
from serveaudit.programs import gevent
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds
from serveaudit.values import Range, Unknown

PATCH = "from gevent import monkey\nmonkey.patch_all()\n"
IMPORTS = "from gevent.pywsgi import WSGIServer\nfrom app import application\n"


def read(text: str, line: str = "python serve.py") -> Server:
    (found,) = gevent.scripted(python.read(SourceFile("serve.py", text)), command(line))
    return found


def server(arguments: str, above: str = PATCH + IMPORTS) -> Server:
    return read(f"{above}server = WSGIServer({arguments})\nserver.serve_forever()\n")


@pytest.mark.parametrize(
    ("listener", "where"),
    [
        ("('0.0.0.0', 8000)", "0.0.0.0:8000"),
        ("('', 8000)", "0.0.0.0:8000"),
        ("('::', 8000)", "[::]:8000"),
        ("':8000'", "0.0.0.0:8000"),
        ("'127.0.0.1:8000'", "127.0.0.1:8000"),
        ("'8000'", "0.0.0.0:8000"),
        ("8000", "0.0.0.0:8000"),
    ],
)
def test_where_it_listens(listener: str, where: str) -> None:
    assert addresses(server(f"{listener}, application")) == [where]


def test_the_listener_may_be_a_name() -> None:
    assert addresses(server("address, application", PATCH + IMPORTS + "address = ('127.0.0.1', 80)\n")) == ["127.0.0.1:80"]


def test_aliases_are_followed() -> None:
    assert addresses(read("import gevent.pywsgi as w\nw.WSGIServer(listener=('', 80), application=None)\n")) == ["0.0.0.0:80"]


def test_a_port_in_text_is_refused() -> None:
    found = server("('0.0.0.0', '8000'), application")
    assert "TypeError" in found.settings["listener"].refused
    assert isinstance(found.listeners.x.members[0].address.x, Unknown)


def test_keywords_that_are_not_its_own_turn_tls_on() -> None:
    found = server("('', 80), application, workers=4, timeout=30")
    assert [setting.name for setting in found.strange] == ["workers", "timeout"]
    assert found.listeners.x.members[0].tls.x is True
    assert str(found.strange[0].place.span) == "serve.py:5"


def test_tls() -> None:
    assert server("('', 443), application, keyfile='k', certfile='c'").listeners.x.members[0].tls.x is True
    assert server("('', 80), application").listeners.x.members[0].tls.x is False


def test_a_file_of_tls_that_is_none_turns_it_on_too() -> None:
    assert server("('', 80), application, certfile=None").listeners.x.members[0].tls.x is True


def test_greenlets_have_no_number_unless_it_is_given() -> None:
    found = server("('', 80), application")
    assert (found.processes.x, found.threads.x, found.graceful_timeout.x) == (1, Range(2), Seconds(0))
    assert server("('', 80), application, spawn=100").threads.x == 100
    assert plain(found, "backlog") == 128


def test_whether_the_library_is_patched() -> None:
    assert server("('', 80), application").value("patched").x is True
    found = server("('', 80), application", IMPORTS)
    assert (found.value("patched").x, found.value("patched").places[0].note) == (
        False,
        "gevent.monkey.patch_all() is not called",
    )


def test_a_patch_behind_the_server_comes_too_late() -> None:
    found = read(IMPORTS + "server = WSGIServer(('', 80), application)\n" + PATCH)
    assert found.value("patched").x is False


def test_what_is_imported_before_the_patch() -> None:
    assert server("('', 80), application").value("patched_after").x is None
    found = server("('', 80), application", "import sys\nimport requests\n" + PATCH + IMPORTS)
    assert (found.value("patched_after").x, str(found.value("patched_after").places[0].span)) == ("requests", "serve.py:2")


def test_gevent_can_patch_from_outside() -> None:
    found = read(IMPORTS + "WSGIServer(('', 80), application)\n", "python -m gevent.monkey serve.py")
    assert found.value("patched").x is True


def test_other_files_make_none() -> None:
    assert gevent.scripted(python.read(SourceFile("a.py", "from x import WSGIServer\nWSGIServer(('', 80))\n"))) == []
