"""What several processes do that one does not: memory of their own, jobs in each, recycling at the same time."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from applications import BUSY, DJANGO
from clients import at_once, from_each_worker
from containers import require
from laboratory import Laboratory

pytestmark = pytest.mark.proof


@contextmanager
def on_one_cpu() -> Iterator[None]:
    """What starts in here may use one CPU, as with compose's `cpuset`. A quota (`cpus`, `limits.cpu`) shows even less."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_of_them)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)


def test_workers_from_host_cpus(lab: Laboratory) -> None:
    cpus = os.cpu_count() or 1
    require(cpus > 1, "a CPU that a container may not use: it has just one")
    lab.write("before.py", "import multiprocessing\nworkers = multiprocessing.cpu_count() * 2 + 1\n")
    lab.write("after.py", "import os\nworkers = len(os.sched_getaffinity(0)) * 2 + 1\n")
    with on_one_cpu():
        before, after, told = (
            lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port} " + more)
            for more in ("--config before.py", "--config after.py", "--workers 2")
        )
    assert before.says("Booting worker", 2 * cpus + 1)
    assert after.says("Booting worker", 3)
    assert told.says("Booting worker", 2)
    assert (after.output.count("Booting worker"), told.output.count("Booting worker")) == (3, 2)


SESSIONS = """
import os, time
from flask import Flask, session
app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY") or os.urandom(24)
@app.get("/login")
def login():
    session["user"] = "ann"
    return ""
@app.get("/me")
def me():
    time.sleep(0.3)
    return f"user={session.get('user', '')}\\npid={os.getpid()}\\n"
"""


def test_secret_per_process(lab: Laboratory) -> None:
    lab.write("shop.py", SESSIONS)

    def users(env: dict[str, str]) -> list[str]:
        port = lab.serve("gunicorn shop:app --bind 127.0.0.1:{port} --workers 2", env=env).port
        cookie = lab.get(port, "/login").headers["set-cookie"].partition(";")[0]
        return sorted(answer.line("user") for answer in from_each_worker(lab, port, 2, "/me", {"Cookie": cookie}))

    assert users({}) == ["", "ann"]
    assert users({"SECRET_KEY": "known to all"}) == ["ann", "ann"]


def shared(lab: Laboratory) -> dict[str, object]:
    """Django's CACHES: one that all processes share. Files stand for Redis or Memcached here."""
    return {
        "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(lab.folder / "cache")}
    }


def test_sessions_in_process_memory(lab: Laboratory) -> None:
    lab.write("shop.py", DJANGO + BUSY)

    def users(**settings: object) -> list[str]:
        settings |= {"SESSION_ENGINE": "django.contrib.sessions.backends.cache"}
        env = {"SETTINGS": json.dumps(settings)}
        port = lab.serve("gunicorn shop:application --bind 127.0.0.1:{port} --workers 2", env=env).port
        cookie = lab.get(port, "/?user=ann").headers["set-cookie"].partition(";")[0]
        return sorted(answer.line("user") for answer in from_each_worker(lab, port, 2, "/busy/", {"Cookie": cookie}))

    assert users() == ["", "ann"]
    assert users(CACHES=shared(lab)) == ["ann", "ann"]


LIMITED = """
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView
class Limited(APIView):
    renderer_classes, throttle_classes = [JSONRenderer], [AnonRateThrottle]
    def get(self, request):
        print("arrived", flush=True)
        time.sleep(1)
        return Response("once a minute")
urlpatterns += [path("limited/", Limited.as_view())]
"""


def test_rate_limit_per_process(lab: Laboratory) -> None:
    """The second request comes while one worker is busy with the first: the other one has not counted it."""
    lab.write("api.py", DJANGO + BUSY + LIMITED)
    framework = {"DEFAULT_THROTTLE_RATES": {"anon": "1/min"}, "UNAUTHENTICATED_USER": None}

    def statuses(**settings: object) -> list[int]:
        """What the second client gets, and the first."""
        env = {"SETTINGS": json.dumps(settings | {"REST_FRAMEWORK": framework})}
        server = lab.serve("gunicorn api:application --bind 127.0.0.1:{port} --workers 2", env=env)
        from_each_worker(lab, server.port, 2, "/busy/")
        first = lab.ask(server, "/limited/")
        return [lab.get(server.port, "/limited/").status, first.result().status]

    assert statuses() == [200, 200]
    assert statuses(CACHES=shared(lab)) == [429, 200]


METRICS = """
import os, time
from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
orders = Counter("orders", "Orders taken")
def app(environ, start_response):
    time.sleep(0.3)
    orders.inc(environ["PATH_INFO"] == "/order")
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    start_response("200 OK", [])
    return [generate_latest(registry).replace(b"orders_total ", b"orders="), b"pid=%d\\n" % os.getpid()]
"""


def test_metrics_per_process(lab: Laboratory) -> None:
    """One order was taken: a scrape finds it if it comes to the worker that took it."""
    lab.write("shop.py", METRICS)
    (lab.folder / "metrics").mkdir()

    def scraped(**env: str) -> list[str]:
        port = lab.serve("gunicorn shop:app --bind 127.0.0.1:{port} --workers 2", env=env).port
        from_each_worker(lab, port, 2, "/")
        lab.get(port, "/order")
        return sorted(answer.line("orders") for answer in from_each_worker(lab, port, 2, "/metrics"))

    assert scraped() == ["0.0", "1.0"]
    assert scraped(PROMETHEUS_MULTIPROC_DIR=str(lab.folder / "metrics")) == ["1.0", "1.0"]


SCHEDULED = """
import os, threading, time
from wsgi_app import app
def job():
    while True:
        print(f"job in {os.getpid()}", flush=True)
        time.sleep(0.1)
threading.Thread(target=job, daemon=True).start()
"""


def test_job_in_every_worker(lab: Laboratory) -> None:
    lab.write("shop.py", SCHEDULED)

    def places(workers: int, more: str = "") -> tuple[int, bool]:
        """In how many processes the job runs, and whether the master is one of them."""
        server = lab.serve("gunicorn shop:app --bind 127.0.0.1:{port} " + f"--workers {workers} {more}")
        from_each_worker(lab, server.port, workers, "/slow?0.3")
        pids = set(re.findall(r"job in (\d+)", server.output))
        return len(pids), str(server.main) in pids

    assert places(3) == (3, False)
    assert places(3, "--preload") == (1, True)
    assert places(1) == (1, False)


def test_workers_recycle_together(lab: Laboratory) -> None:
    """With a second's import the site stands still that long, each time; the seed takes luck out of the jitter."""
    lab.write("heavy_app.py", "import time\nfrom wsgi_app import app\ntime.sleep(2)\n")

    def standstill(jitter: int) -> tuple[float, int]:
        """The longest that a client waited, and how many workers were recycled meanwhile."""
        config = f"workers, max_requests, max_requests_jitter = 2, 20, {jitter}\nimport random\nrandom.seed(113)\n"
        lab.write(f"jitter{jitter}.py", config)
        server = lab.serve(f"gunicorn heavy_app:app --config jitter{jitter}.py " + "--bind 127.0.0.1:{port}")
        from_each_worker(lab, server.port, 2, "/slow?0.2")
        waits = [max(at_once(2, lambda _: lab.get(server.port, "/slow?0.05").seconds)) for _ in range(30)]
        return max(waits), server.output.count("Autorestarting worker")

    together, apart = standstill(0), standstill(100)
    assert together[0] > 1.5 and together[1] == 2
    assert apart[0] < 1 and apart[1] == 1
