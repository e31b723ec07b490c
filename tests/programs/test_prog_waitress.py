from __future__ import annotations

import pytest

from command_lines import addresses, command, plain
from serveaudit.formats import python
from serveaudit.programs import waitress
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.units import Seconds


def server(text: str) -> Server:
    found = waitress.start(command(text))
    assert found is not None
    return found


def scripted(arguments: str) -> Server:
    text = f"from waitress import serve\nfrom app import app\nserve(app{arguments})\n"
    (found,) = waitress.scripted(python.read(SourceFile("main.py", text)))
    return found


@pytest.mark.parametrize(
    ("flags", "where"),
    [
        ("", ["0.0.0.0:8080"]),
        ("--host=127.0.0.1 --port 80", ["127.0.0.1:80"]),
        ("--port=80", ["0.0.0.0:80"]),
        ("--listen=*:80 --listen 127.0.0.1:81", ["0.0.0.0:80", "127.0.0.1:81"]),
        ("--listen=[::1]:80", ["[::1]:80"]),
        ("--listen=localhost", ["localhost:8080"]),
        ("--unix-socket=/run/w.sock", ["unix:/run/w.sock"]),
    ],
)
def test_where_it_listens(flags: str, where: list[str]) -> None:
    assert addresses(server(f"waitress-serve {flags} a:b")) == where


def test_python_m_waitress_is_the_same() -> None:
    assert server("python -m waitress --port=80 a:b").app.x == "a:b"


def test_it_drops_requests_at_its_end() -> None:
    found = server("waitress-serve a:b")
    assert (found.graceful_timeout.x, found.idle_keepalive.x, found.interface.x) == (Seconds(0), None, "wsgi")
    assert (found.processes.x, found.threads.x) == (1, 4)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("waitress-serve --workers=4 a:b", "--workers"),
        ("waitress-serve a:b --port=80", "--port=80"),
        ("waitress-serve -p 80 a:b", "-p"),
        ("waitress-serve --trusted-proxy-headers=forwarded a:b", "--trusted-proxy-headers"),
        ("waitress-serve --listen=*:80 --port=80 a:b", "--listen"),
    ],
)
def test_what_it_refuses(line: str, word: str) -> None:
    bad = server(line).bad_flags[0]
    assert (bad.word, bad.refused) == (word, True)
    assert "exits with status 1" in bad.why


def test_a_switch_is_turned_off_by_no() -> None:
    assert plain(server("waitress-serve --no-ipv6 a:b"), "ipv6") is False


def test_a_call_sets_by_keywords_and_texts_are_numbers_too() -> None:
    found = scripted(", host='127.0.0.1', port='80', threads=8, trusted_proxy='*', trusted_proxy_headers='forwarded'")
    assert (addresses(found), found.threads.x) == (["127.0.0.1:80"], 8)
    assert plain(found, "trusted_proxy_headers") == ["forwarded"]


def test_of_a_trusted_proxy_the_scheme_is_read_where_nothing_is_listed() -> None:
    found = server("waitress-serve --trusted-proxy=10.0.0.1 a:b")
    assert (plain(found, "trusted_proxy_headers"), plain(found, "trusted_proxy_count")) == (["x-forwarded-proto"], 1)


@pytest.mark.parametrize("headers", ["X-Real-IP", "x-forwarded-for,x-forwarded-proto", "'forwarded x-forwarded-for'"])
def test_headers_that_waitress_does_not_read_are_refused(headers: str) -> None:
    found = server(f"waitress-serve --trusted-proxy=* --trusted-proxy-headers={headers} a:b")
    assert found.settings["trusted_proxy_headers"].refused


def test_a_prefix_gets_one_slash_before_it() -> None:
    assert plain(server("waitress-serve --url-prefix=shop/ a:b"), "url_prefix") == "/shop"


def test_several_addresses_of_a_call_are_one_text() -> None:
    assert addresses(scripted(", listen='*:80 127.0.0.1:81'")) == ["0.0.0.0:80", "127.0.0.1:81"]


def test_a_keyword_that_waitress_does_not_have_is_strange_and_refused() -> None:
    (strange,) = scripted(", workers=3").strange
    assert strange.name == "workers"
    assert "ValueError" in strange.refused


@pytest.mark.parametrize(
    ("arguments", "name"), [(", listen='*:80', port=80", "listen"), (", trusted_proxy_count=1", "trusted_proxy_count")]
)
def test_keywords_that_do_not_go_together_are_refused(arguments: str, name: str) -> None:
    assert "ValueError" in scripted(arguments).settings[name].refused
