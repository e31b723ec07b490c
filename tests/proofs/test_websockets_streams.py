"""Event streams: whether they come piece by piece, and who has to wait meanwhile."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from applications import DJANGO
from clients import at_once, pauses
from laboratory import Laboratory

pytestmark = pytest.mark.proof

EVENTS = """
import time
def app(environ, start_response):
    headers = [("Content-Type", "text/event-stream")]
    if "unbuffered" in environ["PATH_INFO"]:
        headers.append(("X-Accel-Buffering", "no"))
    start_response("200 OK", headers)
    for number in range(4):
        yield b"data: %d\\n\\n" % number
        time.sleep(0.3)
"""
UWSGI_PASS = "include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:"
GZIP = "gzip on; gzip_types text/event-stream; gzip_min_length 1;"


def live(port: int, path: str = "/") -> bool:
    """Whether the events come as they are sent, 0.3 s apart, rather than together at the end."""
    return sum(pause > 0.15 for pause in pauses(port, path, "Accept-Encoding: gzip\r\n")) >= 2


def test_event_stream_buffered(lab: Laboratory) -> None:
    lab.write("events.py", EVENTS)
    app = lab.serve("gunicorn events:app --bind 127.0.0.1:{port} --threads 8").port
    uwsgi = lab.serve("uwsgi --socket 127.0.0.1:{port} --module events:app --master --processes 2").port
    http_socket = lab.serve("uwsgi --http-socket 127.0.0.1:{port} --module events:app --master --processes 2").port
    http_1_0, http_1_1, off = "proxy_http_version 1.0;", "proxy_http_version 1.1;", "proxy_buffering off;"
    before = [lab.site(http_1_0, app), lab.site(http_1_1, http_socket)]
    before += [lab.site(f"{UWSGI_PASS}{uwsgi};"), lab.site(http_1_1, app, GZIP)]
    after = [lab.site(http_1_0 + off, app), lab.site(http_1_1 + off, http_socket)]
    after += [lab.site(f"{UWSGI_PASS}{uwsgi}; uwsgi_buffering off;"), lab.site(http_1_1 + off, app, GZIP)]
    sites = before + after
    assert at_once(8, lambda number: live(sites[number])) == [False] * 4 + [True] * 4
    assert live(lab.site(http_1_1, app)), "chunks pass through the buffers at once"
    assert live(lab.site(http_1_0, app), "/unbuffered")


def test_streams_on_sync_workers(lab: Laboratory) -> None:
    """A stream takes a sync worker for as long as it lasts: two of them, and nobody else is served."""
    lab.write("events.py", EVENTS.replace("range(4)", "range(100 if environ['PATH_INFO'] == '/stream' else 1)"))
    command = "gunicorn events:app --bind 127.0.0.1:{port} "
    for flags, status in (("--workers 2", 0), ("--threads 8", 200), ("--worker-class gevent", 200)):
        port = lab.serve(command + flags).port
        assert all(lab.open(port, "/stream").startswith(b"HTTP/1.1 200") for _ in range(2))
        assert lab.get(port, patience=2).status == status


POLLED = """
import socketio
app = socketio.WSGIApp(socketio.Server(async_mode="threading"))
"""


def test_polls_on_sync_workers(lab: Laboratory) -> None:
    """A poll of Socket.IO waits for news, and keeps a sync worker meanwhile."""
    lab.write("polled.py", POLLED)
    polling = "/socket.io/?EIO=4&transport=polling"
    for flags, status in (("", 0), ("--threads 8", 200)):
        port = lab.serve("gunicorn polled:app --bind 127.0.0.1:{port} " + flags).port
        polls = f"{polling}&sid={json.loads(lab.get(port, polling).text.removeprefix('0'))['sid']}"
        assert lab.get(port, polls, {"Content-Type": "text/plain"}, "POST", b"40").status == 200
        assert lab.get(port, polls).status == 200, "the answer to the first message waits already"
        pool = ThreadPoolExecutor(1)
        pool.submit(lab.get, port, polls)
        pool.shutdown(wait=False)
        time.sleep(0.5)
        assert lab.get(port, polling, patience=2).status == status


def test_what_an_open_stream_takes(lab: Laboratory) -> None:
    """Two streams stay open: whether a third request is answered tells what each of them has taken."""
    lab.write("events.py", EVENTS.replace("range(4)", "range(100 if environ['PATH_INFO'] == '/stream' else 1)"))
    gunicorn, gunicorn_asgi = "gunicorn events:app --bind 127.0.0.1:{port} ", "gunicorn asgi_app:app --bind 127.0.0.1:{port} "
    takes_a_thread = [gunicorn + "--threads 2", "waitress-serve --listen 127.0.0.1:{port} --threads 2 events:app"]
    takes_a_worker = [
        gunicorn + "--workers 2",
        "uwsgi --http-socket 127.0.0.1:{port} --module events:app --master --processes 2",
    ]
    takes_neither = [gunicorn + "--worker-class gevent", gunicorn_asgi + "--worker-class asgi"]
    takes_neither += [gunicorn_asgi + "--worker-class uvicorn_worker.UvicornWorker", "uvicorn asgi_app:app --port {port}"]
    takes_neither += ["hypercorn asgi_app:app --bind 127.0.0.1:{port}", "daphne asgi_app:app --port {port}"]
    takes_neither += ["granian asgi_app:app --interface asgi --port {port}"]
    for command in (*takes_a_worker, *takes_a_thread, *takes_neither):
        port = lab.serve(command).port
        assert all(lab.open(port, "/stream").startswith(b"HTTP/1.1 200") for _ in range(2)), command
        assert lab.get(port, patience=2).status == (200 if command in takes_neither else 0), command


COLLECTED = """
import asyncio, time
from django.http import StreamingHttpResponse
def plain():
    for number in range(4):
        yield f"data: {number}\\n\\n"
        time.sleep(0.3)
async def asynchronous():
    for number in range(4):
        yield f"data: {number}\\n\\n"
        await asyncio.sleep(0.3)
urlpatterns += [
    path("plain/", lambda request: StreamingHttpResponse(plain(), content_type="text/event-stream")),
    path("async/", lambda request: StreamingHttpResponse(asynchronous(), content_type="text/event-stream")),
]
"""


def test_stream_collected_first(lab: Laboratory) -> None:
    lab.write("shop.py", DJANGO + COLLECTED)
    asgi = lab.serve("uvicorn shop:asgi --port {port}").port
    wsgi = lab.serve("gunicorn shop:application --bind 127.0.0.1:{port} --threads 4").port
    streams = [(asgi, "/plain/"), (wsgi, "/async/"), (asgi, "/async/"), (wsgi, "/plain/")]
    assert at_once(4, lambda number: live(*streams[number])) == [False, False, True, True]
