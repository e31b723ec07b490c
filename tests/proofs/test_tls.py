import subprocess
from pathlib import Path

import pytest
from applications import django
from laboratory import Answer, Laboratory

pytestmark = pytest.mark.proof

HEADERS = "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;"


def site(lab: Laboratory, body: str, listen: str = "", certificate: tuple[Path, Path] | None = None) -> int:
    """nginx with one server block of its own; returns its port."""
    port = lab.port()
    pair = f"ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]};" if certificate else ""
    lab.nginx(f"server {{ listen 127.0.0.1:{port} {listen}; {pair} {body} }}", port)
    return port


def as_browser(lab: Laboratory, port: int) -> str:
    """Who the site says is logged in, to a client that keeps cookies as browsers do."""
    answer = lab.get(port, "/?user=ann")
    cookie = answer.headers.get("set-cookie", "")
    kept = "" if "secure" in cookie.lower() else cookie.partition(";")[0]
    return lab.get(port, "/", {"Cookie": kept}).line("user")


def test_app_served_in_plain_text(lab: Laboratory) -> None:
    app = django(lab, SECURE_HSTS_SECONDS=31536000)
    passing = f"location / {{ proxy_pass http://127.0.0.1:{app}; {HEADERS} }}"
    before = site(lab, f"server_name example.com; {passing}")
    after = site(lab, "server_name example.com; return 301 https://$host$request_uri;")
    named = {"Host": "example.com"}
    login = lab.get(before, "/?user=ann", named)
    assert login.status == 200 and "sessionid" in login.headers["set-cookie"]
    assert "strict-transport-security" not in login.headers
    redirected = lab.get(after, "/?user=ann", named)
    assert (redirected.status, redirected.headers["location"]) == (301, "https://example.com/?user=ann")
    assert "set-cookie" not in redirected.headers


def test_old_tls_protocols(lab: Laboratory) -> None:
    pair = lab.certificate()

    def spoken(protocols: str) -> str:
        body = f"ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0; location / {{ return 204; }}"
        port = site(lab, body, "ssl", pair)
        words = ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        return subprocess.run(words, input="", capture_output=True, text=True, timeout=15, check=False).stdout

    assert "Cipher is ECDHE" in spoken("TLSv1 TLSv1.1 TLSv1.2")
    assert "Cipher is (NONE)" in spoken("TLSv1.2 TLSv1.3")


def test_tls_port_without_ssl(lab: Laboratory) -> None:
    pair = lab.certificate()
    page = "location / { return 200 ok; }"
    before, after = site(lab, page, "", pair), site(lab, page, "ssl", pair)
    assert lab.get(before, tls=True).status == 0
    assert lab.get(before).text == "ok"
    assert lab.get(after, tls=True).text == "ok"
    assert lab.get(after).status == 400


def test_redirect_to_wrong_name(lab: Laboratory) -> None:
    def led_to(names: str, to: str) -> str:
        port = site(lab, f"server_name {names}; return 301 https://{to}$request_uri;")
        return lab.get(port, "/x", {"Host": "www.example.com"}).headers["location"]

    assert led_to("_", "$server_name") == "https://_/x"
    assert led_to("example.com www.example.com", "$server_name") == "https://example.com/x"
    assert led_to("_", "$host") == led_to("example.com www.example.com", "$host") == "https://www.example.com/x"


def test_secure_cookies_without_tls(lab: Laboratory) -> None:
    secure, plain = django(lab, SESSION_COOKIE_SECURE=True), django(lab)
    assert as_browser(lab, lab.site(HEADERS, secure)) == ""
    assert as_browser(lab, lab.site(HEADERS, plain)) == "ann"


def upstream_with(lab: Laboratory, pair: tuple[Path, Path]) -> int:
    """A server that speaks TLS by itself."""
    words = f"gunicorn wsgi_app:app --bind 127.0.0.1:{{port}} --certfile {pair[0]} --keyfile {pair[1]}"
    return lab.serve(words).port


def test_upstream_certificate_unverified(lab: Laboratory) -> None:
    right, wrong = lab.certificate(), lab.certificate("somebody-else.example")
    verified = f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {right[0]}; proxy_ssl_name example.com;"

    def through(settings: str, pair: tuple[Path, Path]) -> Answer:
        return lab.get(lab.site(f"proxy_pass https://127.0.0.1:{upstream_with(lab, pair)}; {settings}"))

    assert through("", wrong).status == 200
    assert through(verified, wrong).status == 502
    assert through(verified, right).status == 200


def test_upstream_without_sni(lab: Laboratory) -> None:
    certificate, key = lab.certificate()
    upstream = lab.port()
    lab.nginx(
        f"server {{ listen 127.0.0.1:{upstream} ssl default_server; ssl_reject_handshake on; }}\n"
        f"server {{ listen 127.0.0.1:{upstream} ssl; server_name example.com; ssl_certificate {certificate};\n"
        f"ssl_certificate_key {key}; location / {{ return 200 ok; }} }}",
        upstream,
    )
    passing = f"proxy_pass https://127.0.0.1:{upstream}; proxy_ssl_name example.com; proxy_set_header Host example.com;"
    assert lab.get(lab.site(passing)).status == 502
    assert lab.get(lab.site(f"{passing} proxy_ssl_server_name on;")).text == "ok"
