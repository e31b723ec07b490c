"""Which headers code reads."""

import pytest

from serveaudit.application.reading import header_reads
from serveaudit.source import SourceFile


def read(text: str) -> list[tuple[str, str, bool]]:
    """Each header with the text that reads it, and whether that takes the first address."""
    reads = header_reads(SourceFile("views.py", text)).headers
    return [(each.header, each.place.span.text, each.leftmost) for each in reads]


@pytest.mark.parametrize(
    "text",
    [
        'request.META["HTTP_X_FORWARDED_FOR"].split(",")[0]',
        'request.headers.get("x-forwarded-for", "").split(", ")[0]',
        'environ["HTTP_X_FORWARDED_FOR"].partition(",")[0]',
        "request.access_route[0]",
    ],
)
def test_the_first_of_a_list_of_addresses(text: str) -> None:
    assert read(f"a = {text}.strip()\n")[0] == ("X-Forwarded-For", text, True)


def test_the_first_by_way_of_a_name() -> None:
    text = 'said = request.META.get("HTTP_X_FORWARDED_FOR")\nif said:\n    address = said.split(",")[0]\n'
    assert read(text) == [("X-Forwarded-For", 'said.split(",")[0]', True)]


def test_the_last_one_is_the_proxy_s_own() -> None:
    assert read('a = request.META["HTTP_X_FORWARDED_FOR"].split(",")[-1]\n')[0][2] is False


@pytest.mark.parametrize("around", ["bool({})", "not {}", "{} is None"])
def test_who_asks_whether_a_header_is_there_does_not_read_it(around: str) -> None:
    reading = 'request.headers.get("X-Real-IP")'
    assert read(f"a = {reading}\n") == [("X-Real-IP", reading, False)]
    assert read(f"a = {around.format(reading)}\n") == []


def test_a_list_of_something_else() -> None:
    assert read('a = request.GET["x-forwarded-for"].split(",")[0]\nb = text.split(",")[0]\n') == []


def test_who_asks_ipware_without_telling_how_many_proxies_there_are() -> None:
    imported = "from ipware import get_client_ip\n"
    assert read(f"{imported}a = get_client_ip(request)\n") == [("X-Forwarded-For", "get_client_ip(request)", True)]
    assert read(f"{imported}a = get_client_ip(request, proxy_count=1)\n") == []


def test_a_limiter_by_the_address_of_the_peer() -> None:
    text = "from slowapi.util import get_remote_address\nlimiter = Limiter(key_func=get_remote_address)\n"
    assert [place.span.text for place in header_reads(SourceFile("a.py", text)).by_peer] == ["get_remote_address"]


def test_what_is_no_python_reads_nothing() -> None:
    assert read('request.META["HTTP_X_REAL_IP"] {{ template }}\n') == []
