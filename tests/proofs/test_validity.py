"""What a configuration says and a server does not do: names and files that nobody reads, values that stop the start."""

import shutil
import sys
import time

import pytest
from containers import children
from laboratory import Laboratory, Running

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "


def workers(server: Running) -> int:
    """How many processes the server has started."""
    deadline = time.monotonic() + 5
    counts = [0]
    while time.monotonic() < deadline and (len(counts) < 8 or len(set(counts[-8:])) > 1):
        time.sleep(0.15)
        counts.append(sum(1 for _ in children(server.main)))
    return counts[-1]


def test_unknown_flag(lab: Laboratory) -> None:
    app = lab.port()
    refused = lab.start("uvicorn", "asgi_app:app", "--port", app, "--daemon")
    assert refused.wait() == 2
    assert "No such option" in refused.output
    lab.start("uvicorn", "asgi_app:app", "--port", app, port=app)
    assert lab.get(app).status == 200


def test_unknown_setting(lab: Laboratory) -> None:
    """A misspelt name is ignored without a word; the right one counts."""
    lab.write("before.py", "worker = 3\ntime_out = 1\n")
    lab.write("after.py", "workers = 3\ntimeout = 1\n")
    before, after = (lab.serve(GUNICORN + f"-c {name}.py") for name in ("before", "after"))
    assert (workers(before), workers(after)) == (1, 3)
    assert "time_out" not in before.output
    assert lab.get(before.port, "/slow?2").status == 200
    assert lab.get(after.port, "/slow?2").status != 200


def test_config_never_read(lab: Laboratory) -> None:
    """Only ./gunicorn.conf.py is found without -c, and --chdir does not move the search."""
    lab.write("conf/gunicorn.conf.py", "workers = 3\n")
    shutil.copy(lab.folder / "wsgi_app.py", lab.folder / "conf")
    assert workers(lab.serve(GUNICORN)) == 1
    assert workers(lab.serve(GUNICORN + "--chdir conf")) == 1
    assert workers(lab.serve(GUNICORN + "-c conf/gunicorn.conf.py")) == 3
    lab.write("gunicorn.conf.py", "workers = 2\n")
    assert workers(lab.serve(GUNICORN)) == 2
    missing = lab.start("gunicorn", "-c", "config/gunicorn.conf.py", "wsgi_app:app")
    assert missing.wait() == 1
    assert "doesn't exist" in missing.output


def test_setting_overridden(lab: Laboratory) -> None:
    """gunicorn's command line beats its file and replaces its list of addresses; with uWSGI the file behind wins."""
    inside, outside = lab.port(), lab.port()
    lab.write("gunicorn.conf.py", f'bind = "127.0.0.1:{inside}"\nworkers = 3\n')
    server = lab.start("gunicorn", "--bind", f"127.0.0.1:{outside}", "--workers", 2, "wsgi_app:app", port=outside)
    assert (workers(server), lab.listens(inside)) == (2, False)
    lab.write("uwsgi.ini", "[uwsgi]\nmodule = wsgi_app:app\nmaster = true\nprocesses = 2\n")
    before = lab.serve("uwsgi uwsgi.ini --http-socket 127.0.0.1:{port} --processes 4")
    after = lab.serve("uwsgi --ini uwsgi.ini --http-socket 127.0.0.1:{port} --processes 4")
    assert (workers(before), workers(after)) == (2, 4)


def test_setting_without_effect(lab: Laboratory) -> None:
    """gevent workers use no threads, uvicorn's reloader no workers, and jitter alone renews nobody."""
    lab.write("count.py", COUNTS_THREADS)
    gevent = lab.serve("gunicorn count:app --bind 127.0.0.1:{port} -k gevent --threads 8")
    gthread = lab.serve("gunicorn count:app --bind 127.0.0.1:{port} -k gthread --threads 8")
    assert lab.get(gevent.port).line("pool") == "False"
    assert lab.get(gthread.port).line("pool") == "True"
    alone = lab.serve(GUNICORN + "--max-requests-jitter 3")
    beside = lab.serve(GUNICORN + "--max-requests 3 --max-requests-jitter 1")
    assert len({lab.get(alone.port).line("pid") for _ in range(10)}) == 1
    assert len({_pid(lab, beside) for _ in range(10)}) > 1
    reloading = lab.serve("uvicorn asgi_app:app --port {port} --reload --workers 3")
    assert reloading.says('"workers" flag is ignored')


COUNTS_THREADS = """
import threading
def app(environ, start_response):
    pooled = "ThreadPoolExecutor" in threading.current_thread().name
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"pool={pooled}\\n".encode()]
"""


def _pid(lab: Laboratory, server: Running) -> str:
    time.sleep(0.2)
    return lab.get(server.port).line("pid")


def test_worker_class_unavailable(lab: Laboratory) -> None:
    """A worker class that there is not passes --check-config and stops the start."""
    for name in ("gevnt", "eventlet"):
        checked = lab.start("gunicorn", "--check-config", "-k", name, "wsgi_app:app")
        started = lab.start("gunicorn", "--bind", f"127.0.0.1:{lab.port()}", "-k", name, "wsgi_app:app")
        assert (checked.wait(), started.wait()) == (0, 1)
        assert "invalid or not found" in started.output
    assert lab.get(lab.serve(GUNICORN + "-k gevent").port).status == 200


def test_option_swallows_app(lab: Laboratory) -> None:
    """--proxy-protocol takes the word behind it."""
    before = lab.start("gunicorn", "--bind", f"127.0.0.1:{lab.port()}", "--proxy-protocol", "wsgi_app:app")
    assert before.wait() == 1
    assert "proxy_protocol" in before.output
    after = lab.serve("gunicorn --bind 127.0.0.1:{port} --proxy-protocol auto wsgi_app:app")
    assert lab.get(after.port, preface=b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 80\r\n").status == 200


def test_environment_variable_unread(lab: Laboratory) -> None:
    """WEB_CONCURRENCY is a default of gunicorn's; hypercorn has no variables, and uvicorn.run() reads none of UVICORN_*."""
    many = {"WEB_CONCURRENCY": "3"}
    assert workers(lab.serve(GUNICORN + "--workers 2", many)) == 2
    assert workers(lab.serve(GUNICORN, many)) == 3
    hypercorn = "hypercorn asgi_app:app --bind 127.0.0.1:{port} "
    unread = lab.serve(hypercorn, {"HYPERCORN_WORKERS": "3", **many})
    read = lab.serve(hypercorn + "--workers 3")
    assert workers(read) > workers(unread)
    port, other = lab.port(), lab.port()
    lab.write("serve.py", f"import uvicorn\nuvicorn.run('asgi_app:app', port={port})\n")
    lab.start(sys.executable, "serve.py", port=port, env={"UVICORN_PORT": str(other)})
    assert (lab.get(port).status, lab.listens(other)) == (200, False)
    lab.start("uvicorn", "asgi_app:app", port=other, env={"UVICORN_PORT": str(other)})
    assert lab.get(other).status == 200


def test_workers_need_import_string(lab: Laboratory) -> None:
    port = lab.port()
    run = "import uvicorn\nfrom asgi_app import app\nif __name__ == '__main__':\n    uvicorn.run({}, port={}, workers=2)\n"
    lab.write("before.py", run.format("app", port))
    lab.write("after.py", run.format("'asgi_app:app'", port))
    before = lab.start(sys.executable, "before.py")
    assert before.wait() not in (0, None)
    assert "import string" in before.output
    lab.start(sys.executable, "after.py", port=port)
    assert lab.get(port).status == 200


def test_factory_not_called(lab: Laboratory) -> None:
    """gunicorn and waitress call what they are given for each request; uvicorn notices a factory."""
    lab.write("shop.py", "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n"
                         "    app.add_url_rule('/', view_func=lambda: 'hello')\n    return app\n")  # fmt: skip
    before = lab.serve("gunicorn --bind 127.0.0.1:{port} shop:create_app")
    after = lab.serve("gunicorn --bind 127.0.0.1:{port} shop:create_app()")
    assert (lab.get(before.port).status, lab.get(after.port).status) == (500, 200)
    waitress = "waitress-serve --listen 127.0.0.1:{port} "
    before, after = lab.serve(waitress + "shop:create_app"), lab.serve(waitress + "--call shop:create_app")
    assert (lab.get(before.port).status, lab.get(after.port).status) == (500, 200)
    lab.write("service.py", "from asgi_app import app\ndef create_app():\n    return app\n")
    assert lab.get(lab.serve("uvicorn service:create_app --port {port}").port).status == 200


def test_invalid_value(lab: Laboratory) -> None:
    """Values that look right and end the start, beside the ones that do."""
    for line in (
        "gunicorn wsgi_app:app --bind 127.0.0.1:{port} --forwarded-allow-ips 10.0.0.1/8",
        "uvicorn asgi_app:app --port {port} --log-level INFO",
        "uvicorn asgi_app:app --port {port} --loop gevent",
        "uvicorn asgi_app:app --port {port} --header X-Served-By",
        "hypercorn asgi_app:app --bind 127.0.0.1:http",
        "granian --interface asgi --host localhost --port {port} asgi_app:app",
        "granian --interface asgi --blocking-threads 4 --port {port} asgi_app:app",
    ):
        assert lab.start(*line.format(port=lab.port()).split()).wait() not in (0, None)
    for line in (
        GUNICORN + "--forwarded-allow-ips 10.0.0.0/8",
        "uvicorn asgi_app:app --port {port} --log-level info --loop asyncio --header X-Served-By:shop",
        "hypercorn asgi_app:app --bind 127.0.0.1:{port}",
        "granian --interface asgi --host 127.0.0.1 --port {port} asgi_app:app",
    ):
        assert lab.get(lab.serve(line).port).status == 200
