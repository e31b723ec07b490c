"""The applications that proofs serve: each tells in its answer what reached it, as lines of `name=value`."""

import json

from laboratory import Laboratory

WSGI = """
import os, time
def app(environ, start_response):
    if environ["PATH_INFO"].startswith("/slow"):
        print("arrived", flush=True)
        time.sleep(float(environ["QUERY_STRING"] or 1))
    names = ("HTTP_HOST", "wsgi.url_scheme", "REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP")
    names += ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
    body = "".join(f"{name}={environ.get(name, '')}\\n" for name in names).encode() + b"pid=%d\\n" % os.getpid()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""
"""`/slow?2` answers after two seconds."""

ASGI = """
import asyncio, os
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": "echo " + (message.get("text") or "")})
        return
    if scope["path"].startswith("/slow"):
        print("arrived", flush=True)
        await asyncio.sleep(float(scope["query_string"] or 1))
    body = f"scheme={scope['scheme']}\\nclient={scope['client']}\\npath={scope['path']}\\npid={os.getpid()}\\n".encode()
    body += b"".join(name + b"=" + value + b"\\n" for name, value in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    while scope["path"].startswith("/stream"):
        await send({"type": "http.response.body", "body": b"data: tick\\n\\n", "more_body": True})
        await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": body})
"""
"""`/slow?2` answers after two seconds, `/stream` never ends, `/ws` is an echo."""

DJANGO = """
import json, os, sys
import django
from django.conf import settings

settings.configure(**{
    "SECRET_KEY": "x" * 50,
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["*"],
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "MIDDLEWARE": [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
} | json.loads(os.environ.get("SETTINGS", "{}")))
django.setup()

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

def page(request):
    if "user" in request.GET:
        request.session["user"] = request.GET["user"]
    facts = {"scheme": request.scheme, "host": request.get_host(), "url": request.build_absolute_uri(), "path": request.path}
    facts |= {"body": request.body.decode(), "user": request.session.get("user", "")}
    return HttpResponse("".join(f"{name}={value}\\n" for name, value in facts.items()))

urlpatterns = [path(route, page) for route in ("", "page/", "health/")]
application, asgi = get_wsgi_application(), get_asgi_application()

if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
"""`?user=ann` logs in. The variable SETTINGS holds settings as JSON."""


def django(lab: Laboratory, **settings: object) -> int:
    """DJANGO, or what the proof wrote in its place, with these settings below gunicorn; the port of its server."""
    return lab.serve("gunicorn django_app --bind 127.0.0.1:{port}", {"SETTINGS": json.dumps(settings)}).port


BUSY = """
import time
def busy(request):
    time.sleep(0.3)
    answer = page(request)
    answer.write(f"pid={os.getpid()}\\n")
    return answer
urlpatterns += [path("busy/", busy)]
"""
"""Goes below DJANGO: `/busy/` keeps a worker busy for a moment and tells its `pid`."""
