"""Who reaches whom: addresses, sockets, protocols, names."""

import pytest
from containers import another_user, in_own_network, listening_ports, with_hosts, with_mounts
from laboratory import NGINX, Laboratory
from nameserver import nameserver
from service_managers import activated

pytestmark = pytest.mark.proof

UWSGI_PARAMS = "include /etc/nginx/uwsgi_params;"
GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "
GUNICORN_SOCKET = "gunicorn wsgi_app:app --bind unix:{socket} "
UWSGI = "uwsgi --module wsgi_app:app --master --need-app "


def test_upstream_nobody_listens(lab: Laboratory) -> None:
    written = lab.port()
    lab.write("gunicorn.conf.py", f'bind = "127.0.0.1:{written}"\n')
    app = lab.serve(GUNICORN).port  # the command line wins over the file
    at_socket = lab.serve(GUNICORN_SOCKET).socket
    before = lab.site("", written), lab.site(f"proxy_pass http://unix:{at_socket}.old:;")
    after = lab.site("", app), lab.site(f"proxy_pass http://unix:{at_socket}:;")
    assert [lab.get(port).status for port in before] == [502, 502]
    assert [lab.get(port).status for port in after] == [200, 200]


def test_wrong_app_interface(lab: Laboratory) -> None:
    def statuses(*commands: str) -> list[int]:
        return [lab.get(lab.serve(command).port).status for command in commands]

    assert 200 not in statuses(
        "gunicorn asgi_app:app --bind 127.0.0.1:{port}",
        "uwsgi --http-socket 127.0.0.1:{port} --module asgi_app:app",
        "waitress-serve --listen 127.0.0.1:{port} asgi_app:app",
        "uvicorn wsgi_app:app --port {port}",
        "daphne wsgi_app:app --port {port}",
        "granian wsgi_app:app --port {port}",
        "granian asgi_app:app --port {port}",
    )
    assert statuses(
        "gunicorn asgi_app:app --bind 127.0.0.1:{port} --worker-class uvicorn_worker.UvicornWorker",
        "uvicorn wsgi_app:app --port {port} --interface wsgi",
        "granian wsgi_app:app --port {port} --interface wsgi",
        "granian asgi_app:app --port {port} --interface asgi",
        "hypercorn wsgi_app:app --bind 127.0.0.1:{port}",
    ) == 5 * [200]


def test_loopback_bind_in_container(lab: Laboratory) -> None:
    """127.0.0.2 stands for the container's address on its network: a listener on 127.0.0.1 is not there."""
    servers = "uvicorn asgi_app:app --port {port}", "daphne asgi_app:app --port {port}", GUNICORN
    before = [lab.site(f"proxy_pass http://127.0.0.2:{lab.serve(command).port};") for command in servers]
    mended = f"{servers[0]} --host 0.0.0.0", f"{servers[1]} --bind 0.0.0.0", GUNICORN.replace("127.0.0.1", "0.0.0.0")
    after = [lab.site(f"proxy_pass http://127.0.0.2:{lab.serve(command).port};") for command in mended]
    assert [lab.get(port).status for port in before] == [502, 502, 502]
    assert [lab.get(port).status for port in after] == [200, 200, 200]


def test_published_port_unserved(lab: Laboratory) -> None:
    app, https = lab.serve(GUNICORN).port, lab.port()
    certificate, key = lab.certificate()
    before = lab.site("", app)
    assert lab.get(before).status == 200
    assert lab.get(https, tls=True).status == 0
    lab.site("", app, f"listen 127.0.0.1:{https} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};")
    assert lab.get(https, tls=True).status == 200


def test_upstream_host_unknown(lab: Laboratory) -> None:
    app, port = lab.serve(GUNICORN).port, lab.port()
    http = f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://web:{app}; }} }}"
    refused = lab.nginx(http, inside=with_hosts(lab, "127.0.0.1 app\n"))
    assert refused.wait() == 1
    assert "host not found in upstream" in refused.output
    lab.nginx(http, port, inside=with_hosts(lab, "127.0.0.1 web\n"))
    assert lab.get(port).status == 200


def test_protocol_mismatch(lab: Laboratory) -> None:
    uwsgi, http = lab.serve(UWSGI + "--socket 127.0.0.1:{port}").port, lab.serve(GUNICORN).port
    before = lab.site("", uwsgi), lab.site(f"{UWSGI_PARAMS} uwsgi_pass 127.0.0.1:{http}; uwsgi_read_timeout 1s;")
    after = lab.site("", http), lab.site(f"{UWSGI_PARAMS} uwsgi_pass 127.0.0.1:{uwsgi};")
    assert [lab.get(port).status for port in before] == [502, 504]
    assert [lab.get(port).status for port in after] == [200, 200]


def test_directive_for_other_protocol(lab: Laboratory) -> None:
    app = lab.serve(UWSGI + "--processes 2 --socket 127.0.0.1:{port}").port
    target = f"{UWSGI_PARAMS} uwsgi_pass 127.0.0.1:{app};"
    before = lab.site(f"{target} proxy_read_timeout 1s; proxy_set_header X-Real-IP $remote_addr;")
    after = lab.site(f"{target} uwsgi_read_timeout 1s; uwsgi_param HTTP_X_REAL_IP $remote_addr;")
    assert lab.get(before, "/slow?2").status == 200
    assert lab.get(before).line("HTTP_X_REAL_IP") == ""
    assert lab.get(after, "/slow?2").status == 504
    assert lab.get(after).line("HTTP_X_REAL_IP") == "127.0.0.1"


def test_uwsgi_params_missing(lab: Laboratory) -> None:
    app = lab.serve(UWSGI + "--socket 127.0.0.1:{port}").port
    before = lab.site(f"uwsgi_pass 127.0.0.1:{app};")
    after = lab.site(f"{UWSGI_PARAMS} uwsgi_pass 127.0.0.1:{app};")
    assert lab.get(before).status >= 500
    assert lab.get(after).status == 200


def test_config_mounted_in_wrong_place(lab: Laboratory) -> None:
    """nginx.conf stands for the file at /etc/nginx/nginx.conf, site.conf for one in conf.d."""
    site, whole = f"server {{ listen 127.0.0.1:{lab.port()}; }}\n", "events {}\nhttp { include site.conf; }\n"

    def told(main: str, drop_in: str) -> str:
        lab.write("nginx.conf", main)
        lab.write("site.conf", drop_in)
        test = lab.start(NGINX, "-t", "-p", lab.folder, "-c", lab.folder / "nginx.conf")
        test.wait()
        return test.output

    assert '"server" directive is not allowed here' in told(site, "")
    assert '"events" directive is not allowed here' in told(whole, "events {}\nhttp {}\n")
    assert 'no "events" section in configuration' in told("http { include site.conf; }\n", site)
    assert "syntax is ok" in told(whole, site)


def test_socket_unit_overrides_bind(lab: Laboratory) -> None:
    listen_stream, bind = lab.port(), lab.port()
    activated(lab, listen_stream, "gunicorn", "wsgi_app:app", "--bind", f"127.0.0.1:{bind}")
    before, after = lab.site("", bind), lab.site("", listen_stream)
    assert lab.get(after).status == 200
    assert lab.get(before).status == 502


def test_socket_in_private_tmp(lab: Laboratory) -> None:
    """A folder stands for /tmp, which `PrivateTmp=` covers with one of the service's own."""
    tmp, run = lab.folder / "tmp", lab.folder / "run"
    tmp.mkdir()
    run.mkdir()
    private = with_mounts(f"-t tmpfs none {tmp}")
    hidden = lab.start(*private, "gunicorn", "wsgi_app:app", "--bind", f"unix:{tmp}/app.sock")
    lab.start(*private, "gunicorn", "wsgi_app:app", "--bind", f"unix:{run}/app.sock", socket_path=f"{run}/app.sock")
    before, after = lab.site(f"proxy_pass http://unix:{tmp}/app.sock:;"), lab.site(f"proxy_pass http://unix:{run}/app.sock:;")
    assert hidden.says("Listening at")
    assert lab.get(before).status == 502
    assert lab.get(after).status == 200


def test_socket_not_accessible(lab: Laboratory) -> None:
    user = another_user()

    def status(command: str) -> int:
        path = f"{lab.public_folder()}/app.sock"
        lab.start(*command.format(path).split(), socket_path=path)
        return lab.get(lab.site(f"proxy_pass http://unix:{path}:;", user=user)).status

    assert status("gunicorn wsgi_app:app --umask 077 --bind unix:{}") == 502
    assert status("gunicorn wsgi_app:app --bind unix:{}") == 200
    assert status("waitress-serve --unix-socket {} wsgi_app:app") == 502
    assert status("waitress-serve --unix-socket {} --unix-socket-perms 666 wsgi_app:app") == 200
    assert status("uwsgi --http-socket {} --module wsgi_app:app --master") == 502
    assert status("uwsgi --http-socket {} --module wsgi_app:app --master --chmod-socket=666") == 200


def test_localhost_means_two_peers(lab: Laboratory) -> None:
    """One slow request marks both peers as failed, the one that nobody listens on and the one that works."""
    app = lab.serve(GUNICORN + "--threads 4").port
    inside = with_hosts(lab, "::1 localhost\n127.0.0.1 localhost\n")
    before = lab.site(f"proxy_pass http://localhost:{app}; proxy_read_timeout 1s;", inside=inside)
    after = lab.site(f"proxy_pass http://127.0.0.1:{app}; proxy_read_timeout 1s;", inside=inside)
    assert [lab.get(port, "/slow?2").status for port in (before, after)] == [504, 504]
    assert 502 in [lab.get(before).status for _ in range(3)]
    assert [lab.get(after).status for _ in range(3)] == [200, 200, 200]


def test_tls_on_one_side(lab: Laboratory) -> None:
    certificate, key = lab.certificate()
    plain, tls = lab.serve(GUNICORN).port, lab.serve(GUNICORN + f"--certfile {certificate} --keyfile {key}").port
    before = lab.site(f"proxy_pass http://127.0.0.1:{tls};"), lab.site(f"proxy_pass https://127.0.0.1:{plain};")
    after = lab.site(f"proxy_pass https://127.0.0.1:{tls};"), lab.site(f"proxy_pass http://127.0.0.1:{plain};")
    assert all(lab.get(port).status in (400, 502) for port in before)
    assert [lab.get(port).status for port in after] == [200, 200]


def test_proxy_protocol_on_one_side(lab: Laboratory) -> None:
    app, expecting, plain = lab.serve(GUNICORN).port, lab.port(), lab.port()
    location = f"location / {{ proxy_pass http://127.0.0.1:{app}; proxy_set_header X-Real-IP $remote_addr; }}"
    real_ip = "set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;"
    lab.nginx(f"server {{ listen 127.0.0.1:{expecting} proxy_protocol; {real_ip} {location} }}", expecting)
    lab.nginx(f"server {{ listen 127.0.0.1:{plain}; {real_ip} {location} }}", plain)
    told = b"PROXY TCP4 203.0.113.9 127.0.0.1 1111 80\r\n"
    assert lab.get(expecting).status == 0
    assert lab.get(plain, preface=told).status == 400
    assert lab.get(plain).line("HTTP_X_REAL_IP") == "127.0.0.1"
    assert lab.get(expecting, preface=told).line("HTTP_X_REAL_IP") == "203.0.113.9"


def test_resolver_missing(lab: Laboratory) -> None:
    app = lab.serve(GUNICORN).port
    location = f"set $backend web.internal; proxy_pass http://$backend:{app};"
    before = lab.site(location)
    after = lab.site(location, server=f"resolver 127.0.0.1:{nameserver(lab)} ipv6=off;")
    assert lab.get(before).status == 502
    assert "no resolver defined" in (lab.folder / "error.log").read_text()
    assert lab.get(after).status == 200


def test_platform_port_ignored(lab: Laboratory) -> None:
    """What a platform starts from `web:` of a Procfile, with the port that its router will ask in $PORT."""

    def listens(command: str, port: int) -> bool:
        server = lab.start(*in_own_network(), "sh", "-c", f"exec {command}", env={"PORT": "5000"})
        return server.says(f":{port}") and listening_ports(server) == {port}

    assert listens("uvicorn asgi_app:app", 8000)
    assert listens("daphne asgi_app:app", 8000)
    assert listens("waitress-serve wsgi_app:app", 8080)
    assert listens("uvicorn asgi_app:app --port $PORT", 5000)
    assert listens("gunicorn wsgi_app:app", 5000)
