"""How much fits in: sizes that one side passes on and the other refuses, and requests that others have to wait for."""

import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from clients import Kept, at_once
from containers import require
from laboratory import Laboratory

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "
UWSGI = "uwsgi --socket 127.0.0.1:{port} --module wsgi_app:app --master --need-app "
UWSGI_PASS = "include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:"

UPLOADS = """
from flask import Flask, request
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 8 * 1024 * 1024
@app.post("/")
def upload():
    return f"size={len(request.files['photo'].read())}\\n"
"""


def test_upload_limit_below_app(lab: Laboratory) -> None:
    lab.write("uploads.py", UPLOADS)
    app = lab.serve("gunicorn uploads:app --bind 127.0.0.1:{port}").port
    before, after = lab.site("", app), lab.site("client_max_body_size 8m;", app)
    part = b'Content-Disposition: form-data; name="photo"; filename="a.jpg"'
    photo = b"--cut\r\n%b\r\n\r\n%b\r\n--cut--\r\n" % (part, b"x" * 2_000_000)
    form = {"Content-Type": "multipart/form-data; boundary=cut"}
    assert lab.get(before, headers=form, method="POST", body=photo).status == 413
    assert lab.get(after, headers=form, method="POST", body=photo).line("size") == "2000000"


def test_headers_fit_only_nginx(lab: Laboratory) -> None:
    flags = "--limit-request-line 8190 --limit-request-field_size 32768"
    before, after = (
        lab.site("", lab.serve(GUNICORN + more).port, "large_client_header_buffers 4 32k;") for more in ("", flags)
    )
    path, cookie = "/?q=" + "a" * 6000, {"Cookie": "session=" + "a" * 12000}
    assert (lab.get(before, path).status, lab.get(before, headers=cookie).status) == (414, 431)
    assert (lab.get(after, path).status, lab.get(after, headers=cookie).status) == (200, 200)


def test_uwsgi_buffer_too_small(lab: Laboratory) -> None:
    before, after = (lab.site(f"{UWSGI_PASS}{lab.serve(UWSGI + more).port};") for more in ("", "--buffer-size 32768"))
    path, cookie = "/?q=" + "a" * 5000, {"Cookie": "session=" + "a" * 5000}
    assert (lab.get(before, path).status, lab.get(before, headers=cookie).status) == (502, 502)
    assert (lab.get(after, path).status, lab.get(after, headers=cookie).status) == (200, 200)


BASKET = """
import secrets
from flask import Flask, session
app = Flask(__name__)
app.secret_key = "known"
@app.get("/")
def fill():
    session["basket"] = secrets.token_urlsafe(2900)
    return "filled"
"""


def test_response_headers_overflow(lab: Laboratory) -> None:
    """A session that a browser would still take, in a cookie of less than 4093 bytes."""
    lab.write("basket.py", BASKET)
    app = lab.serve("gunicorn basket:app --bind 127.0.0.1:{port}").port
    before, after = lab.site("", app), lab.site("proxy_buffer_size 16k; proxy_buffers 8 16k;", app)
    assert lab.get(before).status == 502
    assert lab.get(after).status == 200
    assert len(lab.get(after).headers["set-cookie"]) < 4093


def test_sync_worker_without_proxy(lab: Laboratory) -> None:
    """A client that does not end its request has a sync worker for itself, unless nginx waits for the end first."""
    sync, threads = lab.serve(GUNICORN).port, lab.serve(GUNICORN + "--threads 4").port
    proxied = lab.site("", lab.serve(GUNICORN).port)
    for port in (sync, threads, proxied):
        slow_client = lab.closing.enter_context(socket.create_connection(("127.0.0.1", port)))
        slow_client.sendall(b"GET / HTTP/1.1\r\nHost: exa")
    assert [lab.get(port, patience=2).status for port in (sync, threads, proxied)] == [0, 200, 200]


READS = """
def app(environ, start_response):
    size = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Length", str(len(str(size))))])
    return [str(size).encode()]
"""


def test_slow_uploads_block_workers(lab: Laboratory) -> None:
    lab.write("reads.py", READS)
    before, after = (lab.serve("gunicorn reads:app --bind 127.0.0.1:{port}").port for _ in range(2))
    sites = lab.site("proxy_request_buffering off;", before), lab.site("", after)
    uploads = [Kept(site) for site in sites]
    for upload in uploads:
        upload.begin(100_000, b"the first of many bytes")
    time.sleep(0.5)
    assert [lab.get(site, patience=2).status for site in sites] == [0, 200]


def test_one_request_at_a_time(lab: Laboratory) -> None:
    sites = [lab.site("", lab.serve(GUNICORN + more).port) for more in ("", "--threads 4")]
    sites += [lab.site(f"{UWSGI_PASS}{lab.serve(UWSGI + more).port};") for more in ("", "--processes 4")]
    seconds = at_once(8, lambda number: lab.get(sites[number % 4], "/slow?1").seconds)
    slowest = [max(pair) for pair in zip(seconds[:4], seconds[4:], strict=True)]
    assert [slow > 1.5 for slow in slowest] == [True, False, True, False]


def test_backlog_out_of_bounds(lab: Laboratory) -> None:
    """nginx does not wait for a place in the queue of a unix socket; uWSGI wants no longer queue than the kernel's longest."""
    bind = "gunicorn wsgi_app:app --bind unix:{socket} --backlog "
    before, after = (lab.site(f"proxy_pass http://unix:{lab.serve(bind + length).socket}:;") for length in ("2", "2048"))
    assert 502 in at_once(12, lambda _: lab.get(before, "/slow?0.1").status)
    assert set(at_once(12, lambda _: lab.get(after, "/slow?0.1").status)) == {200}
    longest = int(Path("/proc/sys/net/core/somaxconn").read_text())
    uwsgi = ("uwsgi", "--http-socket", f"127.0.0.1:{lab.port()}", "--module", "wsgi_app:app", "--listen")
    refused = lab.start(*uwsgi, longest + 1)
    assert refused.wait() == 1
    assert "Listen queue size is greater than the system max" in refused.output
    assert lab.start(*uwsgi, longest).says("spawned uWSGI worker")


def test_few_nginx_connections(lab: Laboratory) -> None:
    """Each proxied request takes two connections: sixteen are not enough for fourteen clients."""
    app = lab.serve(GUNICORN + "--threads 32").port

    def served(connections: int) -> int:
        port = lab.port()
        server = f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{app}; }} }}"
        lab.nginx(server, port, connections=connections)
        return at_once(14, lambda _: lab.get(port, "/slow?1").status).count(200)

    assert served(16) < 14
    assert served(64) == 14


SILENT = """
import os
from socket import socket
def app(environ, start_response):
    peer = socket()
    peer.settimeout(1)
    peer.connect(("127.0.0.1", int(os.environ["PEER"])))
    try:
        peer.recv(1)
    except TimeoutError:
        pass
    start_response("200 OK", [])
    return [b"waited"]
"""
SCRIPT = """
import os
from gevent.pywsgi import WSGIServer
from silent import app
WSGIServer(("127.0.0.1", int(os.environ["PORT"])), app).serve_forever()
"""
PATCH = "from gevent import monkey\nmonkey.patch_all()\n"


def test_unpatched_sockets(lab: Laboratory) -> None:
    """A socket class that was imported before gevent's patch blocks everybody while it waits for a peer that says nothing."""
    peer, port, patched_port = lab.closing.enter_context(socket.create_server(("127.0.0.1", 0))), lab.port(), lab.port()
    env = {"PEER": str(peer.getsockname()[1])}
    lab.write("silent.py", SILENT)
    lab.write("patch.py", PATCH)
    lab.start(sys.executable, lab.write("serve.py", SCRIPT), port=port, env=env | {"PORT": str(port)})
    patched_script = lab.write("serve_patched.py", PATCH + SCRIPT)
    lab.start(sys.executable, patched_script, port=patched_port, env=env | {"PORT": str(patched_port)})
    gunicorn = "gunicorn silent:app --worker-class gevent --bind 127.0.0.1:{port} "
    before = [port, lab.serve(gunicorn + "--preload", env=env).port]
    after = [patched_port, *(lab.serve(gunicorn + flags, env=env).port for flags in ("", "--preload --config patch.py"))]
    sites = before + after
    seconds = at_once(3 * 5, lambda number: lab.get(sites[number % 5]).seconds)
    assert [max(seconds[number::5]) > 2 for number in range(5)] == [True, True, False, False, False]


TICKING = """
import threading, time
ticks, ticking = 0, None
def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.05)
def app(environ, start_response):
    global ticking
    if not ticking:
        ticking = threading.Thread(target=tick, daemon=True)
        ticking.start()
    start_response("200 OK", [])
    return [b"ticks=%d\\n" % ticks]
"""


def test_background_threads_never_run(lab: Laboratory) -> None:
    """Before 2.0.27 a thread of the application's own only runs while a request does; that uWSGI is the distribution's."""
    old = shutil.which("uwsgi", path="/usr/bin")
    require(bool(old), "a uWSGI of the distribution: there is no /usr/bin/uwsgi")
    version = subprocess.run([str(old), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    old_enough = [int(part) for part in re.findall(r"\d+", version)[:3]] < [2, 0, 27]
    require(old_enough, f"a uWSGI before 2.0.27: /usr/bin/uwsgi is {version}, which starts such threads by itself")
    lab.write("ticking.py", TICKING)

    def ticks(program: str) -> int:
        port = lab.serve(program + " --http-socket 127.0.0.1:{port} --module ticking:app --master --need-app").port
        lab.get(port)
        time.sleep(1)
        return int(lab.get(port).line("ticks"))

    assert ticks(f"{old} --plugin python3") <= 3
    assert ticks(f"{old} --plugin python3 --enable-threads") > 5
    assert ticks("uwsgi") > 5
    lab.seen["uwsgi"] += f" and {version}"
