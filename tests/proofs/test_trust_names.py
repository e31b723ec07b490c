"""Headers that carry an identity or a path, and names that collide."""

import pytest
from applications import DJANGO, django
from laboratory import Laboratory

pytestmark = pytest.mark.proof

HOST = "proxy_set_header Host $host;"
SINGLE_SIGN_ON = """
from django.contrib.auth.middleware import RemoteUserMiddleware
class HeaderMiddleware(RemoteUserMiddleware):
    header = "HTTP_X_REMOTE_USER"
def who(request):
    return HttpResponse(f"user={request.META.get(HeaderMiddleware.header, '')}\\n")
urlpatterns += [path("who/", who)]
"""
"""Goes below DJANGO: `/who/` tells the header from which its RemoteUserMiddleware takes the user."""
TOKENS = """
from rest_framework.authentication import BasicAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView
class Tokens(BasicAuthentication):
    def authenticate_credentials(self, userid, password, request=None):
        from rest_framework.exceptions import AuthenticationFailed
        raise AuthenticationFailed("no such user")
class View(APIView):
    authentication_classes, permission_classes = (Tokens,), ()
    def get(self, request):
        return Response({})
urlpatterns += [path("api/", View.as_view())]
"""
"""Goes below DJANGO: `/api/` knows nobody by a password."""
KEY = """
from typing import Annotated
from fastapi import FastAPI, Header
app = FastAPI()
@app.get("/")
def page(api_key: Annotated[str, Header(convert_underscores=False)] = "none"):
    return api_key
"""


def test_identity_from_client(lab: Laboratory) -> None:
    auth = ["django.contrib.contenttypes", "django.contrib.auth"]
    lab.write("django_app.py", DJANGO + SINGLE_SIGN_ON)
    app = django(lab, INSTALLED_APPS=auth)
    forged = {"X-Remote-User": "admin"}
    after = lab.site(f"{HOST} proxy_set_header X-Remote-User $remote_user;", app)
    assert lab.get(lab.site(HOST, app), "/who/", forged).line("user") == "admin"
    assert lab.get(after, "/who/", forged).line("user") == ""


def test_underscores_let_headers_collide(lab: Laboratory) -> None:
    real = "proxy_set_header X-Real-IP $remote_addr;"
    forged = {"X_Real_IP": "192.0.2.66"}
    for command, collides in (
        ("granian --interface wsgi --port {port} wsgi_app:app", True),
        ("uwsgi --http-socket 127.0.0.1:{port} --wsgi-file wsgi_app.py --callable app --master", True),
        ("gunicorn wsgi_app:app --header-map dangerous --bind 127.0.0.1:{port}", True),
        ("gunicorn wsgi_app:app --bind 127.0.0.1:{port}", False),
        ("waitress-serve --listen 127.0.0.1:{port} wsgi_app:app", False),
    ):
        app = lab.serve(command).port
        on, off = lab.site(real, app, "underscores_in_headers on;"), lab.site(real, app)
        assert ("192.0.2.66" in lab.get(on, headers=forged).line("HTTP_X_REAL_IP")) is collides, command
        assert lab.get(off, headers=forged).line("HTTP_X_REAL_IP") == "127.0.0.1", command


def test_script_name_walks_round_rules(lab: Laboratory) -> None:
    app = django(lab)
    moved = {"SCRIPT_NAME": "/x"}
    before, after = _closed_page(lab, app, "underscores_in_headers on;"), _closed_page(lab, app, "")
    assert [lab.get(before, "/page/").status, lab.get(before, "/x/page/", moved).status] == [403, 200]
    assert lab.get(after, "/x/page/", moved).status == 404


def test_root_path_from_client(lab: Laboratory) -> None:
    app = lab.serve("daphne -p {port} django_app:asgi").port
    moved = {"Daphne-Root-Path": "/x"}
    before, after = _closed_page(lab, app, ""), _closed_page(lab, app, 'proxy_set_header Daphne-Root-Path "";')
    assert [lab.get(before, "/page/").status, lab.get(before, "/x/page/", moved).status] == [403, 200]
    assert lab.get(after, "/x/page/", moved).status == 404


def _closed_page(lab: Laboratory, app: int, server: str) -> int:
    """nginx that lets nobody to /page/, and passes everything else on."""
    target = f"proxy_pass http://127.0.0.1:{app};"
    return lab.block(f"{server} location /page/ {{ deny all; {target} }} location / {{ {target} }}")


def test_underscore_header_dropped(lab: Laboratory) -> None:
    lab.write("key_app.py", KEY)
    app = lab.serve("uvicorn key_app:app --port {port}").port
    key = {"api_key": "secret"}
    assert lab.get(app, headers=key).text == '"secret"'
    assert lab.get(lab.site(HOST, app), headers=key).text == '"none"'
    assert lab.get(lab.site(HOST, app, "underscores_in_headers on;"), headers=key).text == '"secret"'


def test_basic_auth_reaches_app(lab: Laboratory) -> None:
    lab.write("django_app.py", DJANGO + TOKENS)
    lab.write("users", "ann:{PLAIN}secret\n")
    framework = {"UNAUTHENTICATED_USER": None, "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
    app = django(lab, REST_FRAMEWORK=framework)
    password = f'auth_basic "staging"; auth_basic_user_file {lab.folder}/users; {HOST}'
    known = {"Authorization": "Basic YW5uOnNlY3JldA=="}
    before, after = lab.site(password, app), lab.site(f'{password} proxy_set_header Authorization "";', app)
    assert lab.get(before, "/api/").status == 401
    assert lab.get(before, "/api/", known).status in (401, 403)
    assert lab.get(after, "/api/", known).status == 200
