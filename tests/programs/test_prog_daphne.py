from __future__ import annotations

import pytest

from command_lines import addresses, command, plain
from serveaudit.programs import daphne
from serveaudit.serving import Server
from serveaudit.units import Address, Seconds


def server(text: str) -> Server:
    found = daphne.start(command(text))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("flags", "where"),
    [
        ("", ["127.0.0.1:8000"]),
        ("-b 0.0.0.0", ["0.0.0.0:8000"]),
        ("-p 80", ["127.0.0.1:80"]),
        ("-b 0.0.0.0 -p 80", ["0.0.0.0:80"]),
        ("-u /run/d.sock", ["unix:/run/d.sock"]),
        ("-u /run/d.sock -b 0.0.0.0", ["0.0.0.0:8000", "unix:/run/d.sock"]),
        ("--fd 0 -u /run/d.sock", ["unix:/run/d.sock", "fd://0"]),
        ("-e tcp:80 -e unix:/run/d.sock", ["0.0.0.0:80", "unix:/run/d.sock"]),
        ("-e tcp:port=80:interface=127.0.0.1", ["127.0.0.1:80"]),
        ("-e tcp6:80", ["[::]:80"]),
        ("-e ssl:443:privateKey=k.pem:certKey=c.pem", ["0.0.0.0:443"]),
        ("-e fd:fileno=3", ["fd://3"]),
        ("-e systemd:domain=INET:index=0", ["fd://0"]),
    ],
)
def test_everything_that_is_given_is_opened(flags: str, where: list[str]) -> None:
    assert addresses(server(f"daphne {flags} a:b")) == where


def test_a_colon_of_an_endpoint_may_be_escaped() -> None:
    assert daphne.parse_endpoint(r"tcp:80:interface=\:\:1") == Address("tcp", "::1", 80)


@pytest.mark.parametrize("text", ["foo:1", "tcp:abc", "tcp:99999", "", ":", "tcp"])
def test_an_endpoint_that_twisted_does_not_have_is_not_known(text: str) -> None:
    assert daphne.parse_endpoint(text) is None


def test_only_an_ssl_endpoint_speaks_tls() -> None:
    found = server("daphne -e ssl:443:privateKey=k -e tcp:80 a:b").listeners.x
    assert [listener.tls.x for listener in found] == [True, False]


def test_it_is_one_process_that_drops_requests_at_its_end() -> None:
    found = server("daphne a.b:c")
    assert (found.app.x, found.interface.x, found.processes.x) == ("a.b:c", "asgi", 1)
    assert (found.graceful_timeout.x, found.idle_keepalive.x, found.request_limit.x) == (Seconds(0), None, None)


@pytest.mark.parametrize(
    ("flags", "word", "near"),
    [
        ("--workers 4", "--workers", ""),
        ("--websocket-timeout 9", "--websocket-timeout", "--websocket_timeout"),
        ("--proxy-headers-host X-Real-IP", "--proxy-headers-host", "--proxy-headers"),
    ],
)
def test_what_it_refuses(flags: str, word: str, near: str) -> None:
    (bad,) = server(f"daphne {flags} a:b").bad_flags
    assert (bad.word, bad.near, bad.refused) == (word, near, True)


def test_a_header_for_the_host_is_fine_with_proxy_headers() -> None:
    found = server("daphne --proxy-headers --proxy-headers-host X-Real-IP a:b")
    assert found.bad_flags == []
    assert plain(found, "proxy_headers") is True


def test_a_verbosity_that_it_does_not_have_is_refused() -> None:
    assert server("daphne -v 4 a:b").settings["verbosity"].refused
    assert not server("daphne -v 2 a:b").settings["verbosity"].refused


def test_options_may_be_abbreviated() -> None:
    assert plain(server("daphne --ping-i 5 a:b"), "ping_interval") == Seconds(5)


@pytest.mark.parametrize("endpoint", ["127.0.0.1:8000", "8000", "http:8000", "tcp:http"])
def test_an_address_is_no_endpoint(endpoint: str) -> None:
    assert server(f"daphne -e {endpoint} app:app").settings["socket_strings"].refused
