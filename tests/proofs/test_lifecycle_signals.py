"""What a signal ends, and what it does not: stopping, reloading, and the requests that are under way."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from containers import container
from laboratory import Laboratory, Running
from service_managers import supervised

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "
UVICORN = "uvicorn asgi_app:app --port {port} "
HYPERCORN = "hypercorn asgi_app:app --bind 127.0.0.1:{port} "
DAPHNE = "daphne asgi_app:app --port {port} "
GRANIAN = "granian asgi_app:app --interface asgi --port {port} "
WAITRESS = "waitress-serve --listen 127.0.0.1:{port} wsgi_app:app "
UWSGI = "uwsgi --http-socket 127.0.0.1:{port} --module wsgi_app:app --master --need-app "
GEVENT = """
import sys
from gevent.pywsgi import WSGIServer
from wsgi_app import app
WSGIServer(("127.0.0.1", int(sys.argv[1])), app).serve_forever()
"""

WAITING = """
import asyncio, asgi_app
async def app(scope, receive, send):
    if scope["type"] != "websocket":
        return await asgi_app.app(scope, receive, send)
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()
"""


def ended_by(signal: str, server: Running, lab: Laboratory, seconds: float = 2) -> bool:
    """Whether a server that answers ends of its own, this long after the signal."""
    assert lab.get(server.port).status == 200
    return server.stop(seconds, signal) is not None


def all_ended_by(signal: str, servers: list[Running], lab: Laboratory) -> list[bool]:
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(lambda server: ended_by(signal, server, lab), servers))


def answer_at(signal: str, server: Running, lab: Laboratory, seconds: float = 9) -> int:
    """The status of a request that the application is busy with when the server gets the signal."""
    answer = lab.ask(server, "/slow?2")
    server.stop(seconds, signal)
    return answer.result().status


def answers_at(signal: str, commands: list[str], lab: Laboratory) -> list[int]:
    servers = [lab.serve(command) for command in commands]
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(lambda server: answer_at(signal, server, lab), servers))


def test_shell_swallows_sigterm(lab: Laboratory) -> None:
    lab.write("start.sh", f"#!/bin/sh\ntrue\n{GUNICORN.format(port='$1')}\n")
    lab.write("exec.sh", f"#!/bin/sh\ntrue\nexec {GUNICORN.format(port='$1')}\n")
    handler = "#!/bin/bash\ntrap 'kill -TERM $server; wait $server' TERM\n"
    lab.write("late.sh", f"{handler}{GUNICORN.format(port='$1')}\n")
    lab.write("waits.sh", f"{handler}{GUNICORN.format(port='$1')} &\nserver=$!\nwait $server\n")
    before = [f"sh -c 'true && {GUNICORN}'", f"sh -c '{GUNICORN} | cat'", "sh start.sh {port}", "bash late.sh {port}"]
    after = [GUNICORN, f"sh -c 'true && exec {GUNICORN}'", "sh exec.sh {port}", "bash waits.sh {port}"]
    assert all_ended_by("TERM", [container(lab, command) for command in before], lab) == 4 * [False]
    assert all_ended_by("TERM", [container(lab, command) for command in after], lab) == 4 * [True]


def test_stopped_before_graceful_timeout(lab: Laboratory) -> None:
    """Scaled down: `docker stop` waits ten seconds, gunicorn thirty."""
    before, after = container(lab, GUNICORN + "--graceful-timeout 30"), container(lab, GUNICORN + "--graceful-timeout 4")
    assert answer_at("TERM", before, lab, seconds=1) == 0
    assert answer_at("TERM", after, lab, seconds=5) == 200


def test_sigterm_reloads_uwsgi(lab: Laboratory) -> None:
    before, after = container(lab, UWSGI), container(lab, UWSGI + "--die-on-term")
    before.signal("TERM")
    assert before.wait(2) is None
    assert lab.get(before.port).status == 200
    assert after.stop(5) == 0
    assert not lab.listens(after.port)
    others = [UWSGI + "--exit-on-reload", UWSGI.replace("--master", "")]
    assert all_ended_by("TERM", [container(lab, command) for command in others], lab) == [True, True]
    below = supervised(lab, UWSGI, "stopwaitsecs=2"), supervised(lab, UWSGI, "stopwaitsecs=2\nstopsignal=QUIT")
    assert [web.comes_to("RUNNING") for web in below] == [True, True]
    assert [web.killed_at_stop() for web in below] == [True, False]


def test_ignores_sigterm_as_pid_1(lab: Laboratory) -> None:
    """They set no handler and count on the kernel's, which PID 1 does not have."""
    lab.write("flask_app.py", "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home():\n    return ''\n")
    lab.write("gevent_app.py", GEVENT)
    commands = [
        WAITRESS,
        "flask --app flask_app run --port {port}",
        "python django_app.py runserver --noreload 127.0.0.1:{port}",
        "python gevent_app.py {port}",
    ]
    assert all_ended_by("TERM", [container(lab, command) for command in commands], lab) == 4 * [False]
    assert all_ended_by("INT", [container(lab, command) for command in commands], lab) == 4 * [True]
    assert all_ended_by("TERM", [lab.serve(command) for command in commands], lab) == 4 * [True]
    reloading = ["flask --app flask_app run --reload --port {port}", "python django_app.py runserver 127.0.0.1:{port}"]
    others = [GUNICORN, UVICORN, HYPERCORN, DAPHNE, GRANIAN, *reloading]
    assert all_ended_by("TERM", [container(lab, command) for command in others], lab) == 7 * [True]


def test_shutdown_never_ends(lab: Laboratory) -> None:
    """uvicorn waits for streams, and for handlers of websockets that wait for something else than their client."""
    lab.write("waiting_app.py", WAITING)
    command = UVICORN.replace("asgi_app", "waiting_app")
    before, after = [lab.serve(command) for _ in range(2)], lab.serve(command + "--timeout-graceful-shutdown 1")
    assert lab.handshake(before[0].port) == lab.handshake(after.port) == 101
    assert b"200 OK" in lab.open(before[1].port, "/stream")
    assert b"200 OK" in lab.open(after.port, "/stream")
    assert [server.stop(3) for server in before] == [None, None]
    assert after.stop(5) is not None
    echo = lab.serve(UVICORN)
    assert lab.handshake(echo.port) == 101
    assert echo.stop(5) is not None, "a handler that receives is told of the end"


def test_wrong_stop_signal(lab: Laboratory) -> None:
    assert 200 not in answers_at("QUIT", [GUNICORN, UVICORN, DAPHNE], lab)
    others = [GUNICORN + "-k gevent", GUNICORN.replace("wsgi_app", "asgi_app") + "-k asgi"]
    assert 200 not in answers_at("QUIT", others, lab) + answers_at("INT", others, lab)
    assert answers_at("INT", [GUNICORN + "--threads 2"], lab) == [200]
    assert 200 not in answers_at("INT", [GUNICORN, DAPHNE], lab)
    assert answers_at("TERM", [GUNICORN, UVICORN], lab) == [200, 200]
    for orphaning in (HYPERCORN, GRANIAN):
        before, after = lab.serve(orphaning), lab.serve(orphaning)
        assert ended_by("QUIT", before, lab)
        assert lab.get(before.port).status == 200, "a worker lives on and keeps the port"
        assert ended_by("TERM", after, lab)
        assert not lab.listens(after.port)


def test_reload_signal_kills_server(lab: Laboratory) -> None:
    assert all_ended_by("HUP", [lab.serve(UVICORN), lab.serve(DAPHNE), lab.serve(WAITRESS)], lab) == [True, True, True]
    assert all_ended_by("USR1", [lab.serve(UVICORN), lab.serve(HYPERCORN), lab.serve(WAITRESS)], lab) == [True, True, True]
    workers = lab.serve(UVICORN + "--workers 2")
    assert workers.says("Application startup complete", 2)
    assert all_ended_by("HUP", [lab.serve(GUNICORN), lab.serve(UWSGI), workers], lab) == [False, False, False]
    assert all_ended_by("USR1", [lab.serve(GUNICORN), lab.serve(UWSGI)], lab) == [False, False]


def test_reload_keeps_old_code(lab: Laboratory) -> None:
    version = "def app(environ, start_response):\n    start_response('200 OK', [('Content-Length', '3')])\n    return [b'%s']\n"
    lab.write("versioned.py", version % "old")
    command = "gunicorn versioned:app --bind 127.0.0.1:{port} "
    before, after = lab.serve(command + "--preload"), lab.serve(command)
    assert [lab.get(server.port).text for server in (before, after)] == ["old", "old"]
    lab.write("versioned.py", version % "new" + "# longer: bytecode is told by time and length\n")
    for server in (before, after):
        server.signal("HUP")
        assert server.says("Booting worker", 2)
        assert server.says("Worker exiting")
    assert [lab.get(server.port).text for server in (before, after)] == ["old", "new"]


def test_supervisor_stops_only_the_shell(lab: Laboratory) -> None:
    before = supervised(lab, f'sh -c "true && {GUNICORN}"')
    after = [
        supervised(lab, f'sh -c "true && {GUNICORN}"', "stopasgroup=true"),
        supervised(lab, f'sh -c "true && exec {GUNICORN}"'),
    ]
    for web in (before, *after):
        assert web.comes_to("RUNNING")
        assert lab.get(web.port).status == 200
        assert web.control("stop", "web") == "web: stopped"
    assert lab.get(before.port).status == 200, "the server lives on and keeps the port"
    assert [lab.get(web.port).status for web in after] == [0, 0]


def test_requests_cut_on_stop(lab: Laboratory) -> None:
    lab.write("gevent_app.py", GEVENT)
    cut = [DAPHNE, WAITRESS, UWSGI + "--die-on-term", "python gevent_app.py {port}"]
    whole = [GUNICORN, UVICORN, GRANIAN, UWSGI + "--hook-master-start 'unix_signal:15 gracefully_kill_them_all'"]
    assert answers_at("TERM", cut, lab) == 4 * [0]
    assert answers_at("TERM", whole, lab) == 4 * [200]
