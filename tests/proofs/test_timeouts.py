"""Who gives up first: nginx, the server's own limit, a probe; who closes a kept connection first."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clients import Kept, at_once
from laboratory import Laboratory, Running

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "
UVICORN_WORKER = "gunicorn asgi_app:app --bind 127.0.0.1:{port} --worker-class uvicorn_worker.UvicornWorker "
UVICORN = "uvicorn asgi_app:app --port {port} "
HYPERCORN = "hypercorn asgi_app:app --bind 127.0.0.1:{port} "
UWSGI = "uwsgi --socket 127.0.0.1:{port} --module wsgi_app:app --master --need-app "
UWSGI_PASS = "include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:"
REUSE = 'proxy_http_version 1.1; proxy_set_header Connection "";'


def test_proxy_gives_up_first(lab: Laboratory) -> None:
    app = lab.serve(GUNICORN + "--workers 2 --timeout 4").port
    before = lab.site("proxy_read_timeout 1s;", app)
    after = lab.site("proxy_read_timeout 9s;", app)
    assert lab.get(before, "/slow?2").status == 504
    assert lab.get(after, "/slow?2").status == 200
    assert lab.get(after, "/slow?7").status == 500, "the worker's own limit ends the request"


def test_proxy_timeout_raised_alone(lab: Laboratory) -> None:
    app, patient_app = lab.serve(GUNICORN + "--timeout 2"), lab.serve(GUNICORN + "--timeout 9")
    before = lab.site("proxy_read_timeout 9s;", app.port)
    after = lab.site("proxy_read_timeout 9s;", patient_app.port)
    assert lab.get(before, "/slow?4").status == 500
    assert app.says("WORKER TIMEOUT")
    assert lab.get(after, "/slow?4").status == 200


STUCK = """
import time
async def app(scope, receive, send):
    assert scope["type"] == "http"
    time.sleep(60)
"""


def test_timeout_is_only_a_heartbeat(lab: Laboratory) -> None:
    """Not even `--timeout 2` ends a request of four seconds, unless it stops the event loop and everybody else with it."""
    lab.write("stuck_app.py", STUCK)
    limited, threads = lab.serve(GUNICORN + "--timeout 2"), lab.serve(GUNICORN + "--timeout 2 --threads 4")
    loop = lab.serve(UVICORN_WORKER + "--timeout 2")
    stuck = lab.serve(UVICORN_WORKER.replace("asgi_app", "stuck_app") + "--timeout 2")
    servers = [limited, threads, loop, stuck]
    answers = at_once(4, lambda number: lab.get(servers[number].port, "/slow?4"))
    assert [answer.status for answer in answers] == [500, 200, 200, 0]
    assert ["WORKER TIMEOUT" in server.output for server in servers] == [True, False, False, True]


def test_requests_never_time_out(lab: Laboratory) -> None:
    """nginx gave up on a request long ago, but the only worker is still on it and answers nobody else."""
    patience = "proxy_read_timeout 1s; uwsgi_read_timeout 1s;"
    before = [lab.site(f"{UWSGI_PASS}{lab.serve(UWSGI).port}; {patience}")]
    before += [lab.site(patience, lab.serve(GUNICORN + "--timeout 0").port)]
    after = [lab.site(f"{UWSGI_PASS}{lab.serve(UWSGI + '--harakiri 2').port}; {patience}")]
    after += [lab.site(patience, lab.serve(GUNICORN + "--timeout 2").port)]
    sites = before + after
    assert at_once(4, lambda number: lab.get(sites[number], "/slow?60").status) == [504, 504, 504, 504]
    time.sleep(4)
    assert at_once(4, lambda number: lab.get(sites[number]).status) == [504, 504, 200, 200]


def test_probe_shorter_than_request(lab: Laboratory) -> None:
    before, after = lab.serve(GUNICORN), lab.serve(GUNICORN + "--threads 4")
    lab.ask(before, "/slow?3")
    lab.ask(after, "/slow?3")
    assert lab.get(before.port, "/health", patience=1).status == 0
    assert lab.listens(before.port), "a probe that only connects is content"
    assert lab.get(after.port, "/health", patience=1).status == 200


def test_post_sent_twice(lab: Laboratory) -> None:
    app = lab.serve(GUNICORN + "--bind 127.0.0.2:{port} --threads 8")
    peers = f"upstream app {{ server 127.0.0.1:{app.port}; server 127.0.0.2:{app.port}; }}"
    before, after = lab.port(), lab.port()
    location = "location / { proxy_pass http://app; proxy_read_timeout 700ms; proxy_next_upstream error timeout"
    lab.nginx(f"{peers} server {{ listen 127.0.0.1:{before}; {location} non_idempotent; }} }}", before)
    lab.nginx(f"{peers} server {{ listen 127.0.0.1:{after}; {location}; }} }}", after)
    assert lab.get(before, "/slow?2", method="POST", body=b"order").status == 504
    assert app.output.count("arrived") == 2
    assert lab.get(after, "/slow?2", method="POST", body=b"order").status == 504
    assert app.output.count("arrived") == 3


def test_one_slow_url_stops_all(lab: Laboratory) -> None:
    """A single peer is never taken for dead, two are, one after the other: then nginx asks nobody for ten seconds."""
    port = lab.serve(GUNICORN + "--bind 127.0.0.2:{port} --threads 8").port

    def after_a_slow_one(parameter: str, *hosts: str) -> int:
        site = lab.port()
        peers = "".join(f"server {host}:{port} {parameter};" for host in hosts)
        location = "location / { proxy_pass http://app; proxy_read_timeout 500ms; }"
        lab.nginx(f"upstream app {{ {peers} }} server {{ listen 127.0.0.1:{site}; {location} }}", site)
        assert lab.get(site, "/slow?2").status == 504
        return lab.get(site, "/fast").status

    assert after_a_slow_one("", "127.0.0.1", "127.0.0.2") == 502
    assert after_a_slow_one("max_fails=0", "127.0.0.1", "127.0.0.2") == 200
    assert after_a_slow_one("", "127.0.0.1") == 200


@contextmanager
def stopped(nginx: Running) -> Iterator[None]:
    """Its worker takes notice of nothing for a while: what happens meanwhile happens at the same moment to it."""
    children = Path(f"/proc/{nginx.process.pid}/task/{nginx.process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGSTOP)
    yield
    for child in children:
        os.kill(int(child), signal.SIGCONT)


def test_idle_connection_reset(lab: Laboratory) -> None:
    """A POST reaches nginx just before the server closes the idle connection on which nginx then sends it."""
    flags = [GUNICORN + "--threads 4 --keep-alive ", UVICORN_WORKER + "--keep-alive ", UVICORN + "--timeout-keep-alive "]
    flags += [HYPERCORN + "--keep-alive "]
    servers = [lab.serve(command + seconds).port for seconds in ("1", "75") for command in flags]
    site = lab.port()
    pools = "".join(f"upstream app{port} {{ server 127.0.0.1:{port}; keepalive 8; }}" for port in servers)
    locations = "".join(f"location /{port}/ {{ proxy_pass http://app{port}; {REUSE} }}" for port in servers)
    nginx = lab.nginx(f"{pools} server {{ listen 127.0.0.1:{site}; {locations} }}", site)
    clients = {port: Kept(site) for port in servers}
    assert [client.ask("GET", f"/{port}/") for port, client in clients.items()] == [200] * 8
    time.sleep(0.2)
    with stopped(nginx):
        for port, client in clients.items():
            client.request("POST", f"/{port}/", b"order")
        time.sleep(2)
    assert [client.status() for client in clients.values()] == [502] * 4 + [200] * 4


def test_balancer_reuses_closed_connection(lab: Laboratory) -> None:
    """A balancer keeps a connection that was idle for two seconds and writes the next request to it."""
    for command in (GUNICORN + "--threads 4 --keep-alive ", UVICORN + "--timeout-keep-alive "):
        before, after = Kept(lab.serve(command + "1").port), Kept(lab.serve(command + "75").port)
        assert (before.ask(), after.ask()) == (200, 200)
        time.sleep(2)
        assert (before.ask("POST", body=b"order"), after.ask("POST", body=b"order")) == (0, 200)


LINGERING = """
import time
class Page(list):
    def close(self):
        time.sleep(1)  # the page is sent; Django closes its database connections here
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return Page([b"ok"])
"""


def test_http_socket_behind_keepalive(lab: Laboratory) -> None:
    """uWSGI closes each connection after its answer, without having said so: nginx still takes it for a free one."""
    lab.write("lingering.py", LINGERING)
    app = lab.serve("uwsgi --http-socket 127.0.0.1:{port} --module lingering:app --master").port
    before, after = lab.port(), lab.port()
    for site, pool in ((before, "keepalive 8;"), (after, "")):
        location = f"location / {{ proxy_pass http://app; {REUSE} }}"
        upstream = f"upstream app {{ server 127.0.0.1:{app}; {pool} }}"
        lab.nginx(f"{upstream} server {{ listen 127.0.0.1:{site}; {location} }}", site)
    assert lab.get(before).status == 200
    assert lab.get(before, method="POST", body=b"order").status == 502
    assert lab.get(after).status == 200
    assert lab.get(after, method="POST", body=b"order").status == 200


PEER = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(environ["REMOTE_PORT"])))])
    return [environ["REMOTE_PORT"].encode()]
"""


def test_upstream_keepalive_inert(lab: Laboratory) -> None:
    lab.write("peer_app.py", PEER)
    sync = lab.serve("gunicorn peer_app:app --bind 127.0.0.1:{port}").port
    threads = lab.serve("gunicorn peer_app:app --bind 127.0.0.1:{port} --threads 4").port

    def connections(app: int, location: str) -> int:
        site = lab.port()
        maps = "map $http_upgrade $close { default upgrade; '' close; } map $http_upgrade $keep { default upgrade; '' ''; }"
        upstream = f"upstream app {{ server 127.0.0.1:{app}; keepalive 8; }}"
        server = f"server {{ listen 127.0.0.1:{site}; location / {{ proxy_pass http://app; {location} }} }}"
        lab.nginx(f"{maps} {upstream} {server}", site)
        return len({lab.get(site).text for _ in range(6)})

    assert connections(threads, 'proxy_http_version 1.0; proxy_set_header Connection "";') == 6
    assert connections(threads, "proxy_http_version 1.1; proxy_set_header Connection close;") == 6
    assert connections(threads, "proxy_http_version 1.1; proxy_set_header Connection $close;") == 6
    assert connections(sync, REUSE) == 6
    assert connections(threads, REUSE) == 1
    assert connections(threads, "proxy_http_version 1.1; proxy_set_header Connection $keep;") == 1
    assert connections(threads, 'proxy_http_version 1.1; proxy_set_header Connection "upgrade";') == 1
