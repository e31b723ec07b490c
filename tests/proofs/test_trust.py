"""The scheme: who tells the application that the client used https, and who believes it."""

import pytest
from applications import DJANGO, django
from laboratory import Answer, Laboratory

pytestmark = pytest.mark.proof

HOST = "proxy_set_header Host $host;"
SCHEME = "proxy_set_header X-Forwarded-Proto $scheme;"
ANOTHER_MACHINE = "proxy_bind 127.0.0.2;"
READS_HEADER = {"SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"]}
REDIRECTS = {"SECURE_SSL_REDIRECT": True}
FORM = """
from django.middleware.csrf import get_token
def form(request):
    return HttpResponse("sent" if request.method == "POST" else get_token(request))
urlpatterns += [path("form/", form)]
"""
"""Goes below DJANGO: `/form/` takes what is posted with the token that it gives."""
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
CHECKED = {"MIDDLEWARE": [_SESSIONS, "django.middleware.csrf.CsrfViewMiddleware"]}


def tls_site(lab: Laboratory, location: str, upstream: int) -> int:
    """nginx that ends TLS; the port that it listens on."""
    certificate, key = lab.certificate()
    port = lab.port()
    files = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
    where = f"location / {{ proxy_pass http://127.0.0.1:{upstream}; {location} }}"
    lab.nginx(f"server {{ listen 127.0.0.1:{port} ssl; {files} {where} }}", port)
    return port


def over_tls(lab: Laboratory, port: int, path: str = "/") -> Answer:
    return lab.get(port, path, {"Host": "example.com"}, tls=True)


def loops(answer: Answer) -> bool:
    """Whether the answer leads to what was asked for."""
    return answer.status == 301 and answer.headers.get("location") == "https://example.com/"


def test_proxy_headers_dropped(lab: Laboratory) -> None:
    app = lab.port()
    lab.start("gunicorn", "wsgi_app:app", "--bind", f"127.0.0.1:{app}", port=app)
    outer = "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;"
    before = lab.site("proxy_set_header X-Real-IP $remote_addr;", app, server=outer)
    after = lab.site(f"proxy_set_header X-Real-IP $remote_addr; {outer}", app, server=outer)
    assert lab.get(before, headers={"Host": "example.com"}).line("HTTP_HOST") == f"127.0.0.1:{app}"
    assert lab.get(before).line("HTTP_X_FORWARDED_PROTO") == ""
    assert lab.get(after, headers={"Host": "example.com"}).line("HTTP_HOST") == "example.com"
    assert lab.get(after).line("HTTP_X_FORWARDED_PROTO") == "https"


def test_https_redirect_loop(lab: Laboratory) -> None:
    told = django(lab, **(REDIRECTS | READS_HEADER))
    untold = django(lab, **REDIRECTS)
    assert loops(over_tls(lab, tls_site(lab, HOST, told)))
    assert loops(over_tls(lab, tls_site(lab, f"{HOST} {SCHEME} {ANOTHER_MACHINE}", untold)))
    assert over_tls(lab, tls_site(lab, f"{HOST} {SCHEME} {ANOTHER_MACHINE}", told)).line("scheme") == "https"
    assert over_tls(lab, tls_site(lab, f"{HOST} {SCHEME}", untold)).line("scheme") == "https"


def test_https_not_announced(lab: Laboratory) -> None:
    lab.write("django_app.py", DJANGO + FORM)
    app = django(lab, **(READS_HEADER | CHECKED))
    before, after = tls_site(lab, HOST, app), tls_site(lab, f"{HOST} {SCHEME}", app)
    assert over_tls(lab, before).line("url") == "http://example.com/"
    assert over_tls(lab, after).line("url") == "https://example.com/"
    assert _post(lab, before).status == 403
    assert _post(lab, after).text == "sent"


def _post(lab: Laboratory, port: int) -> Answer:
    """A form sent as a browser sends it."""
    page = over_tls(lab, port, "/form/")
    token = {"Cookie": page.headers["set-cookie"].partition(";")[0], "X-CSRFToken": page.text}
    origin = {"Host": "example.com", "Origin": "https://example.com", "Referer": "https://example.com/form/"}
    return lab.get(port, "/form/", {**origin, **token}, "POST", b"a=1", tls=True)


def test_scheme_from_client(lab: Laboratory) -> None:
    app = django(lab, **(REDIRECTS | READS_HEADER))
    forged = {"Host": "example.com", "X-Forwarded-Proto": "https"}
    before, after = lab.site(HOST, app), lab.site(f"{HOST} {SCHEME}", app)
    assert lab.get(before, headers=forged).line("scheme") == "https"
    assert lab.get(after, headers=forged).status == 301
    uwsgi = lab.serve("uwsgi --socket 127.0.0.1:{port} --wsgi-file wsgi_app.py --callable app --master").port
    before = lab.site(f"include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:{uwsgi};")
    own = "uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;"
    after = lab.site(f"include /etc/nginx/uwsgi_params; {own} uwsgi_pass 127.0.0.1:{uwsgi};")
    assert lab.get(before, headers=forged).line("wsgi.url_scheme") == "https"
    assert lab.get(after, headers=forged).line("wsgi.url_scheme") == "http"


def test_outer_https_overwritten(lab: Laboratory) -> None:
    app = django(lab, **(REDIRECTS | READS_HEADER))
    inner = lab.site(f"{HOST} {SCHEME}", app)
    assert loops(over_tls(lab, tls_site(lab, f"{HOST} {SCHEME}", inner)))
    port = lab.port()
    keeping = "map $http_x_forwarded_proto $forwarded_proto { default $scheme; https https; }"
    where = f"proxy_pass http://127.0.0.1:{app}; {HOST} proxy_set_header X-Forwarded-Proto $forwarded_proto;"
    lab.nginx(f"{keeping} server {{ listen 127.0.0.1:{port}; location / {{ {where} }} }}", port)
    assert over_tls(lab, tls_site(lab, f"{HOST} {SCHEME}", port)).line("scheme") == "https"


def test_scheme_headers_conflict(lab: Laboratory) -> None:
    app = lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port}").port
    before = lab.site(f"{SCHEME} proxy_set_header X-Forwarded-Ssl on;", app)
    after = lab.site(SCHEME, app)
    assert lab.get(before).status == 400
    assert lab.get(after).line("wsgi.url_scheme") == "http"
    forged = {"X-Forwarded-Ssl": "on"}
    cleared = lab.site(f'{SCHEME} proxy_set_header X-Forwarded-Ssl "";', app)
    assert [lab.get(port, headers=forged).status for port in (after, cleared)] == [400, 200]
