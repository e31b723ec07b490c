"""Several processes and one database: too many connections, one for all of them, writers that lock each other out."""

import json
import os
import signal
import sqlite3
import time

import pytest
from applications import BUSY, DJANGO
from clients import Kept, at_once, from_each_worker
from databases import postgres
from laboratory import Laboratory

pytestmark = pytest.mark.proof

QUERY = (
    DJANGO
    + BUSY
    + """
from django.db import connection
def query(request):
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.3)")
    return HttpResponse(f"pid={os.getpid()}\\n")
urlpatterns += [path("query/", query)]
"""
)


def test_more_connections_than_database(lab: Laboratory) -> None:
    """Each worker keeps its connection between requests."""
    lab.write("shop.py", QUERY)
    database = postgres(lab, max_connections=2)
    env = {"SETTINGS": json.dumps({"DATABASES": database.django(CONN_MAX_AGE=60)})}

    def statuses(workers: int) -> set[int]:
        server = lab.serve("gunicorn shop:application --bind 127.0.0.1:{port} " + f"--workers {workers}", env=env)
        from_each_worker(lab, server.port, workers, "/busy/")
        seen = set(at_once(workers, lambda _: lab.get(server.port, "/query/").status))
        server.stop(5)
        return seen

    assert statuses(2) == {200}
    assert statuses(3) == {200, 500}


def test_persistent_connections_under_asgi(lab: Laboratory) -> None:
    """Each request has a thread of its own, and leaves it with a connection that nobody will use again."""
    lab.write("shop.py", QUERY)
    database = postgres(lab, max_connections=30)

    def left_open(**options: object) -> int:
        env = {"SETTINGS": json.dumps({"DATABASES": database.django(**options)})}
        port = lab.serve("uvicorn shop:asgi --port {port}", env=env).port
        for _ in range(3):
            assert set(at_once(4, lambda _: lab.get(port, "/query/").status)) == {200}
        time.sleep(0.5)
        return database.connections()

    assert left_open(CONN_MAX_AGE=0) == 0
    assert left_open(CONN_MAX_AGE=60) > 4


STOCK = (
    DJANGO
    + """
import time
from django.db import connection, transaction
@transaction.atomic
def buy(request):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from stock")
        time.sleep(0.5)
        cursor.execute("insert into stock values (1)")
    return HttpResponse(f"pid={os.getpid()}\\n")
urlpatterns += [path("buy/", buy)]
"""
)


def test_sqlite_with_many_writers(lab: Laboratory) -> None:
    """A transaction that reads before it writes fails at once when another one wants to write, however long it would wait."""
    lab.write("shop.py", STOCK)
    file = lab.folder / "stock.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("create table stock (amount)")

    def shop(workers: int, **options: object) -> int:
        place = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}
        env = {"SETTINGS": json.dumps({"DATABASES": {"default": place}})}
        return lab.serve("gunicorn shop:application --bind 127.0.0.1:{port} " + f"--workers {workers}", env=env).port

    one, two, patient, immediate = shop(1), shop(2), shop(2, timeout=60), shop(2, transaction_mode="IMMEDIATE")
    assert at_once(2, lambda _: lab.get(one, "/buy/").status) == [200, 200]
    assert {answer.status for answer in from_each_worker(lab, two, 2, "/buy/")} == {200, 500}
    assert {answer.status for answer in from_each_worker(lab, patient, 2, "/buy/")} == {200, 500}
    assert {answer.status for answer in from_each_worker(lab, immediate, 2, "/buy/")} == {200}


SHARED = """
import os
import psycopg
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
def app(environ, start_response):
    print(f"pid={os.getpid()}", flush=True)
    order, pause = environ["QUERY_STRING"].split("&")
    row = connection.execute("select %s::text, pg_sleep(%s)", [order, float(pause)]).fetchone()
    start_response("200 OK", [("Content-Length", str(len(row[0])))])
    return [row[0].encode()]
"""


def test_connection_shared_by_fork(lab: Laboratory) -> None:
    """One worker has asked the database and is held up; the other one asks, and reads what is there: the first one's row."""
    lab.write("shop.py", SHARED)
    database = postgres(lab, max_connections=10)

    def order_seen_by_second(flags: str) -> str:
        command = "gunicorn shop:app --workers 2 --bind 127.0.0.1:{port} "
        server = lab.serve(command + flags, env={"DSN": database.dsn})
        assert server.says("Booting worker", 2)
        first = Kept(server.port)
        first.request("GET", "/?first&1")
        assert server.says("pid=")
        time.sleep(0.5)
        os.kill(int(server.output.partition("\npid=")[2].split()[0]), signal.SIGSTOP)
        return lab.get(server.port, "/?second&0").text

    assert order_seen_by_second("--preload") == "first"
    assert order_seen_by_second("") == "second"


DRIVER = """
import os
import psycopg
import psycopg2
driver = {"psycopg": psycopg, "psycopg2": psycopg2}[os.environ["DRIVER"]]
def app(environ, start_response):
    if environ["PATH_INFO"] == "/query":
        connection = driver.connect(os.environ["DSN"])
        connection.cursor().execute("select pg_sleep(1)")
        connection.close()
    start_response("200 OK", [])
    return [b"ok"]
"""


def test_gevent_with_blocking_driver(lab: Laboratory) -> None:
    """psycopg2 waits in C, where gevent can't switch: three queries of a second take three. psycopg 3 lets it."""
    lab.write("shop.py", DRIVER)
    database = postgres(lab, max_connections=10)
    command = "gunicorn shop:app --worker-class gevent --bind 127.0.0.1:{port}"

    def slowest(driver: str) -> float:
        port = lab.serve(command, env={"DSN": database.dsn, "DRIVER": driver}).port
        assert lab.get(port, "/ready").status == 200
        return max(at_once(3, lambda _: lab.get(port, "/query").seconds))

    assert slowest("psycopg2") > 2
    assert slowest("psycopg") < 2
