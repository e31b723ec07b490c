"""The client's address: as the application and nginx' own rules take it."""

import pytest
from applications import DJANGO, django
from laboratory import Laboratory

pytestmark = pytest.mark.proof

APPENDS = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
ALONE = "proxy_set_header X-Forwarded-For $remote_addr;"
FORGED = {"X-Forwarded-For": "192.0.2.66"}
PROXIES = """
import os
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
app = Flask(__name__)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get("PROXIES", 0)), x_proto=0)
@app.get("/")
def page():
    forwarded = request.headers.get("X-Forwarded-For", "")
    real = request.headers.get("X-Real-IP", "")
    return f"address={request.remote_addr}\\nfirst={forwarded.split(',')[0]}\\nreal={real}\\n"
"""
"""Tells the address that $PROXIES proxies tell, and the first one of the header."""
THROTTLED = """
import sys
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView
class Twice(AnonRateThrottle):
    def get_rate(self):
        return "2/min"
class View(APIView):
    authentication_classes, permission_classes, throttle_classes = (), (), (Twice,)
    def get(self, request):
        return Response({})
urlpatterns += [path("throttled/", View.as_view())]
"""
"""Goes below DJANGO: `/throttled/` answers each client twice a minute."""


def flask(lab: Laboratory, proxies: int = 0) -> int:
    lab.write("proxies_app.py", PROXIES)
    return lab.serve("gunicorn proxies_app:app --bind 127.0.0.1:{port}", {"PROXIES": str(proxies)}).port


def test_client_address_from_leftmost(lab: Laboratory) -> None:
    app = flask(lab)
    assert lab.get(lab.site(APPENDS, app), headers=FORGED).line("first") == "192.0.2.66"
    assert lab.get(lab.site(ALONE, app), headers=FORGED).line("first") == "127.0.0.1"


def test_client_address_from_leftmost_in_throttles(lab: Laboratory) -> None:
    lab.write("django_app.py", DJANGO + THROTTLED)
    framework = {"UNAUTHENTICATED_USER": None, "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
    statuses = []
    for counted in ({}, {"NUM_PROXIES": 1}):
        port = lab.site(APPENDS, django(lab, REST_FRAMEWORK=framework | counted))
        forged = [{"X-Forwarded-For": f"192.0.2.{last}"} for last in range(4)]
        statuses.append([lab.get(port, "/throttled/", headers).status for headers in forged])
    assert statuses == [[200, 200, 200, 200], [200, 200, 429, 429]]


def test_client_address_is_the_proxy(lab: Laboratory) -> None:
    another = f"proxy_bind 127.0.0.2; {ALONE}"
    assert lab.get(lab.site(another, flask(lab))).line("address") == "127.0.0.2"
    assert lab.get(lab.site(another, flask(lab, 1))).line("address") == "127.0.0.1"
    trusting = {
        "uvicorn asgi_app:app --port {port} --forwarded-allow-ips 127.0.0.2": "127.0.0.1",
        "gunicorn -k uvicorn_worker.UvicornWorker --forwarded-allow-ips * -b 127.0.0.1:{port} asgi_app:app": "127.0.0.1",
        "daphne --proxy-headers -p {port} asgi_app:app": "127.0.0.1",
        "gunicorn -k asgi --forwarded-allow-ips 127.0.0.2 -b 127.0.0.1:{port} asgi_app:app": "127.0.0.2",
        "hypercorn asgi_app:app --bind 127.0.0.1:{port}": "127.0.0.2",
        "granian --interface asgi --port {port} asgi_app:app": "127.0.0.2",
    }
    for command, address in trusting.items():
        assert address in lab.get(lab.site(another, lab.serve(command).port)).line("client"), command


def test_client_address_is_the_proxy_of_wsgi(lab: Laboratory) -> None:
    another = f"proxy_bind 127.0.0.2; {ALONE}"
    for command in (
        "gunicorn wsgi_app:app --forwarded-allow-ips * --bind 127.0.0.1:{port}",
        "uwsgi --http-socket 127.0.0.1:{port} --wsgi-file wsgi_app.py --callable app --master",
        "waitress-serve --listen 127.0.0.1:{port} wsgi_app:app",
    ):
        assert lab.get(lab.site(another, lab.serve(command).port)).line("REMOTE_ADDR") == "127.0.0.2", command


def test_too_many_proxies_trusted(lab: Laboratory) -> None:
    two, one = flask(lab, 2), flask(lab, 1)
    assert lab.get(lab.site(APPENDS, two), headers=FORGED).line("address") == "192.0.2.66"
    assert lab.get(lab.site(APPENDS, one), headers=FORGED).line("address") == "127.0.0.1"
    assert lab.get(one, headers=FORGED).line("address") == "192.0.2.66"


def test_real_ip_from_client(lab: Laboratory) -> None:
    app = flask(lab)
    forged = {"X-Real-IP": "192.0.2.66"}
    assert lab.get(lab.site("", app), headers=forged).line("real") == "192.0.2.66"
    assert lab.get(lab.site("proxy_set_header X-Real-IP $remote_addr;", app), headers=forged).line("real") == "127.0.0.1"


def test_real_ip_from_anyone(lab: Laboratory) -> None:
    rules = "allow 10.0.0.0/8; deny all;"
    header = "real_ip_header X-Forwarded-For;"
    app = flask(lab)
    forged = {"X-Forwarded-For": "10.1.1.1"}
    assert lab.get(lab.site(rules, app, f"set_real_ip_from 0.0.0.0/0; {header}"), headers=forged).status == 200
    assert lab.get(lab.site(rules, app, f"set_real_ip_from 192.0.2.10; {header}"), headers=forged).status == 403


def test_rules_see_only_the_balancer(lab: Laboratory) -> None:
    app = flask(lab)
    rules = "allow 127.0.0.2; deny all;"
    known = "set_real_ip_from 127.0.0.2; real_ip_header X-Forwarded-For;"
    before = lab.site(f"proxy_bind 127.0.0.2; {ALONE}", lab.site(rules, app))
    after = lab.site(f"proxy_bind 127.0.0.2; {ALONE}", lab.site(rules, app, known))
    assert lab.get(before).status == 200
    assert lab.get(after).status == 403


def test_limit_keyed_by_client(lab: Laboratory) -> None:
    app = flask(lab)

    def statuses(key: str) -> list[int]:
        where = f"location / {{ limit_req zone=z; proxy_pass http://127.0.0.1:{app}; }}"
        port = lab.block(where, f"limit_req_zone {key} zone=z:1m rate=1r/m;")
        anew = [{"X-Forwarded-For": f"192.0.2.{last}"} for last in range(3)]
        return [lab.get(port, headers=headers).status for headers in (*anew, {}, {})]

    assert statuses("$http_x_forwarded_for") == [200, 200, 200, 200, 200]
    assert statuses("$binary_remote_addr") == [200, 503, 503, 503, 503]
