"""How servers start, what they need to start, and how a launcher keeps them running."""

import pytest
from applications import django
from containers import as_pid_1, container, with_mounts, with_read_only_root
from laboratory import NGINX, Laboratory
from service_managers import notified, supervised

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "
UWSGI = "uwsgi --http-socket 127.0.0.1:{port} --module wsgi_app:app "


def test_daemonizes_under_supervisor(lab: Laboratory) -> None:
    """A container ends with its main process; supervisord takes that for a failure, while the daemon holds the port."""
    temporary = "".join(f"{kind}_temp_path {lab.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    config = f"pid {lab.folder}/nginx.pid; user root; events {{}} http {{ client_body_temp_path {lab.folder}/body; {temporary} "
    config += f"access_log off; server {{ listen 127.0.0.1:{lab.port()}; }} }}"
    nginx = f"{NGINX} -e {lab.folder}/error.log -c {lab.write('nginx.conf', config)}"
    for command in (f"{GUNICORN} --daemon", f"{UWSGI} --daemonize uwsgi.log", nginx):
        port = lab.port()
        assert lab.start(*as_pid_1(), *command.format(port=port).split()).wait() == 0
        assert not lab.listens(port)
    below = supervised(lab, f"{GUNICORN} --daemon")
    assert below.comes_to("FATAL")
    assert lab.get(below.port).status == 200
    assert lab.get(container(lab, GUNICORN).port).status == 200
    assert lab.get(container(lab, UWSGI).port).status == 200
    assert supervised(lab, GUNICORN).comes_to("RUNNING")


def test_variable_in_exec_form(lab: Laboratory) -> None:
    env = {"PORT": str(lab.port())}
    uvicorn = lab.start("uvicorn", "asgi_app:app", "--port", "$PORT", env=env)
    gunicorn = lab.start("gunicorn", "wsgi_app:app", "--bind", "127.0.0.1:$PORT", env=env)
    assert (uvicorn.wait(), gunicorn.wait()) == (2, 1)
    lab.start("sh", "-c", "exec uvicorn asgi_app:app --port $PORT", env=env, port=int(env["PORT"]))
    assert lab.get(int(env["PORT"])).status == 200


def test_health_check_rejected(lab: Laboratory) -> None:
    """A probe asks the address, by that name and without TLS."""

    def probe(host: str | None = None, **settings: object) -> int:
        app = django(lab, ALLOWED_HOSTS=["example.com"], **settings)
        return lab.get(app, "/health/", {"Host": host} if host else {}).status

    assert probe() == 400
    assert probe("example.com", SECURE_SSL_REDIRECT=True) == 301
    assert probe("example.com", SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=["^health/$"]) == 200


def test_broken_app_still_serves(lab: Laboratory) -> None:
    broken = "uwsgi --master --http-socket 127.0.0.1:{port} --module no_such_module:app"
    before = lab.serve(broken)
    assert lab.get(before.port).status == 500
    assert before.wait(1) is None
    after = lab.start(*f"{broken} --need-app".format(port=lab.port()).split())
    assert after.wait() not in (0, None)


def test_uwsgi_without_master(lab: Laboratory) -> None:
    """The request that takes too long ends its worker; without a master nobody starts another."""
    before, after = lab.serve(UWSGI + "--harakiri 1"), lab.serve(UWSGI + "--harakiri 1 --master")
    assert [lab.get(server.port, "/slow?9").status for server in (before, after)] == [0, 0]
    assert before.wait() is not None
    assert lab.get(before.port).status == 0
    assert lab.get(after.port).status == 200


def test_wrong_service_type(lab: Laboratory) -> None:
    """Without READY=1 systemd ends a `Type=notify` unit after TimeoutStartSec; a foreground server never lets `forking` go."""
    silent = [
        notified(lab, "uvicorn asgi_app:app --port {port}"),
        notified(lab, "hypercorn asgi_app:app --bind 127.0.0.1:{port}"),
        notified(lab, "daphne asgi_app:app --port {port}"),
        notified(lab, "granian asgi_app:app --interface asgi --port {port}"),
        notified(lab, "waitress-serve --listen 127.0.0.1:{port} wsgi_app:app"),
    ]
    assert [lab.get(server.running.port).status for server in silent] == 5 * [200]
    assert [server.ready(0.5) for server in silent] == 5 * [False]
    assert [server.running.wait(0) for server in silent] == 5 * [None]
    assert notified(lab, GUNICORN).ready(9)
    assert notified(lab, UWSGI + "--master").ready(9)


def test_stays_down_after_recycling(lab: Laboratory) -> None:
    """supervisord's `unexpected` is systemd's and docker's `on-failure`: a server that recycles itself did not fail."""
    recycling = "uvicorn asgi_app:app --port {port} --limit-max-requests 3"
    alone = lab.serve(recycling)
    assert [lab.get(alone.port).status for _ in range(3)] == [200, 200, 200]
    assert alone.wait() == 0
    before = supervised(lab, recycling, "autorestart=unexpected")
    after = supervised(lab, recycling, "autorestart=true")
    for web in (before, after):
        assert web.comes_to("RUNNING")
        assert [lab.get(web.port).status for _ in range(3)] == [200, 200, 200]
    assert before.comes_to("EXITED")
    assert after.answers(lab)
    assert lab.get(before.port).status == 0


def test_no_writable_temp_dir(lab: Laboratory) -> None:
    read_only = with_read_only_root(lab)
    before = lab.start(*read_only, *GUNICORN.format(port=lab.port()).split(), "--no-control-socket")
    assert before.wait() not in (0, None)
    assert "No usable temporary directory found" in before.output
    after = lab.serve(GUNICORN + "--no-control-socket --worker-tmp-dir /dev/shm", inside=read_only)
    assert lab.get(after.port).status == 200


def test_control_socket_unusable(lab: Laboratory) -> None:
    """By default it lies below the home directory. A second server of the same user removes that of the first."""
    read_only, trouble = with_read_only_root(lab), "Control server error: [Errno 30] Read-only file system"
    there = GUNICORN + "--worker-tmp-dir /dev/shm "
    before, after = (lab.serve(there + more, inside=read_only) for more in ("", "--no-control-socket"))
    assert before.says(trouble)
    assert [lab.get(server.port).status for server in (before, after)] == [200, 200]
    assert trouble not in after.output
    home = {"HOME": str(lab.folder), "XDG_RUNTIME_DIR": ""}
    shared, own = lab.folder / ".gunicorn/gunicorn.ctl", lab.folder / "own.ctl"
    first = lab.serve(GUNICORN, env=home)
    assert first.says(f"Control socket listening at {shared}")
    opened = shared.stat().st_ino
    second, third = lab.serve(GUNICORN, env=home), lab.serve(f"{GUNICORN} --control-socket {own}", env=home)
    assert second.says(f"Control socket listening at {shared}")
    assert third.says(f"Control socket listening at {own}")
    assert shared.stat().st_ino != opened
    assert second.stop(9) is not None
    assert not shared.exists(), "the second one takes the socket of the first with it"
    assert own.exists()
    assert lab.get(first.port).status == 200


def test_nginx_cannot_buffer_bodies(lab: Laboratory) -> None:
    """What fits into memory passes; a larger body needs a file."""
    app, cache = lab.serve("uvicorn asgi_app:app --port {port}").port, lab.folder / "cache"
    cache.mkdir()
    where = f"client_body_temp_path {cache}/client_temp;"
    empty = lab.nginx(where, inside=with_mounts(f"-o bind,ro {cache} {cache}"))
    assert empty.wait() == 1
    assert "Read-only file system" in empty.output
    (cache / "client_temp").mkdir(mode=0o777)
    before = lab.site("", app, where, inside=with_mounts(f"-o bind,ro {cache} {cache}"))
    after = lab.site("", app, where, inside=with_mounts(f"-t tmpfs none {cache}"))
    assert [lab.get(site, method="POST", body=b"x" * 1_000).status for site in (before, after)] == [200, 200]
    assert [lab.get(site, method="POST", body=b"x" * 200_000).status for site in (before, after)] == [500, 200]


def test_prints_lost(lab: Laboratory) -> None:
    """A container's log is a pipe or a file, so that Python holds back what is printed until there is a lot of it."""
    lab.write(
        "printing.py",
        "def app(environ, start_response):\n"
        "    print('printed')\n"
        "    start_response('200 OK', [('Content-Length', '0')])\n"
        "    return []\n",
    )
    command = "gunicorn printing:app --bind 127.0.0.1:{port}"
    before, after = lab.serve(command, env={"PYTHONUNBUFFERED": ""}), lab.serve(command, env={"PYTHONUNBUFFERED": "1"})
    assert [lab.get(server.port).status for server in (before, after)] == [200, 200]
    assert after.says("printed")
    before.signal("KILL")
    before.wait()
    assert "printed" not in before.output
