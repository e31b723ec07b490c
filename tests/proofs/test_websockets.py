"""Websockets: from the handshake to what reaches everybody in the room."""

import json
import time
from contextlib import ExitStack

import pytest
from applications import DJANGO
from clients import at_once, echo, hears, websocket
from laboratory import Laboratory, Running
from websockets.sync.client import ClientConnection

pytestmark = pytest.mark.proof

UPGRADE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
UVICORN = "uvicorn asgi_app:app --port {port} "
HYPERCORN = "hypercorn asgi_app:app --bind 127.0.0.1:{port} "
GRANIAN = "granian asgi_app:app --interface asgi --port {port} "
DAPHNE = "daphne asgi_app:app --port {port} "
ASGI_WORKER = "gunicorn asgi_app:app --bind 127.0.0.1:{port} --worker-class asgi "
UVICORN_WORKER = "gunicorn asgi_app:app --bind 127.0.0.1:{port} --worker-class uvicorn_worker.UvicornWorker "


def test_upgrade_headers_missing(lab: Laboratory) -> None:
    app = lab.serve(UVICORN).port
    before, half, after = lab.site("", app), lab.site("proxy_set_header Upgrade $http_upgrade;", app), lab.site(UPGRADE, app)
    assert lab.handshake(app) == 101
    assert lab.handshake(before) != 101
    assert lab.handshake(half) != 101
    assert lab.handshake(after) == 101


def test_upgrade_over_http_1_0(lab: Laboratory) -> None:
    servers = [lab.serve(command).port for command in (HYPERCORN, GRANIAN, UVICORN, DAPHNE, ASGI_WORKER, UVICORN_WORKER)]
    before = [lab.site(UPGRADE.replace("1.1", "1.0"), app) for app in servers]
    after = [lab.site(UPGRADE, app) for app in servers]
    assert [echo(site) for site in before] == ["", ""] + ["echo hello"] * 4
    assert [echo(site) for site in after] == ["echo hello"] * 6


def test_idle_websocket_cut(lab: Laboratory) -> None:
    """Nobody says anything for three seconds: nginx closes, unless the server pings in time."""
    never_pings = [lab.serve(command).port for command in (HYPERCORN, GRANIAN, ASGI_WORKER)]
    pings_late = [lab.serve(UVICORN + "--ws-ping-interval 20").port, lab.serve(UVICORN_WORKER).port]
    pinging = [UVICORN + "--ws-ping-interval 1", HYPERCORN + "--websocket-ping-interval 1", DAPHNE + "--ping-interval 1"]
    pings = [lab.serve(command).port for command in pinging]
    short, long = f"{UPGRADE} proxy_read_timeout 2s;", f"{UPGRADE} proxy_read_timeout 1h;"
    before = [lab.site(short, app) for app in (*never_pings, *pings_late)]
    after = [lab.site(short, app) for app in pings] + [lab.site(long, never_pings[0])]
    sites = before + after
    told = at_once(len(sites), lambda number: echo(sites[number], idle=3))
    assert told == [""] * 5 + ["echo hello"] * 4


def test_websocket_library_missing(lab: Laboratory) -> None:
    """What `pip install uvicorn` does without `[standard]`: neither websockets nor wsproto can be imported."""
    lab.write("plain/sitecustomize.py", "import sys\nsys.modules['websockets'] = sys.modules['wsproto'] = None\n")
    before = lab.serve(UVICORN, env={"PYTHONPATH": str(lab.folder / "plain")})
    switched_off, after = lab.serve(UVICORN + "--ws none"), lab.serve(UVICORN)
    assert lab.handshake(before.port) != 101
    assert before.says("No supported WebSocket library detected")
    assert lab.handshake(switched_off.port) != 101
    assert lab.handshake(after.port) == 101


IN_WSGI = """
from simple_websocket import ConnectionClosed, Server
def app(environ, start_response):
    if "HTTP_UPGRADE" not in environ:
        start_response("200 OK", [])
        return [b"a page"]
    socket = Server(environ)
    try:
        while True:
            socket.send("echo " + socket.receive())
    except ConnectionClosed:
        return []
"""


def test_websockets_in_wsgi(lab: Laboratory) -> None:
    """Flask-Sock and Flask-SocketIO take the connection over, by simple-websocket: gunicorn's WSGI workers give it away."""
    lab.write("taken.py", IN_WSGI)
    gunicorn = "gunicorn taken:app --bind 127.0.0.1:{port} "
    after = [lab.serve(gunicorn + flags).port for flags in ("", "--threads 4", "--worker-class gevent")]
    before = [lab.serve("waitress-serve --listen 127.0.0.1:{port} taken:app").port]
    before += [lab.serve("granian taken:app --interface wsgi --port {port}").port]
    assert [lab.get(port).status for port in (*before, *after)] == [200] * 5
    assert [lab.handshake(port) for port in before] == [500, 500]
    assert [echo(port) for port in after] == ["echo hello"] * 3


ROOM = """
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter

class Room(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()
        await self.send(f"pid {os.getpid()}")
    async def receive(self, text_data=None, bytes_data=None):
        await self.channel_layer.group_send("room", {"type": "said", "text": text_data})
    async def said(self, event):
        await self.send(event["text"])

websockets = URLRouter([path("ws", Room.as_asgi())])
routed = ProtocolTypeRouter({"http": asgi, "websocket": websockets})
without_websockets = ProtocolTypeRouter({"http": asgi})
"""
LAYERS = '{"CHANNEL_LAYERS": {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}}'


def test_websocket_routes_unserved(lab: Laboratory) -> None:
    lab.write("chat.py", DJANGO + ROOM)
    env = {"SETTINGS": LAYERS}
    before = [lab.serve("gunicorn chat:application --bind 127.0.0.1:{port}", env=env)]
    before += [lab.serve(f"uvicorn chat:{name} " + "--port {port}", env=env) for name in ("asgi", "without_websockets")]
    after = lab.serve("uvicorn chat:routed --port {port}", env=env)
    assert [lab.get(server.port).status for server in (*before, after)] == [200] * 4, "pages are served all the same"
    assert 101 not in [lab.handshake(server.port) for server in before]
    assert lab.handshake(after.port) == 101


def test_in_memory_channel_layer(lab: Laboratory) -> None:
    """What one says in a room reaches those who are connected to the same process."""
    lab.write("chat.py", DJANGO + ROOM)

    def heard(workers: int) -> list[bool]:
        """For one client of each process, whether it hears what the first one says."""
        port = lab.serve("uvicorn chat:routed --port {port} " + f"--workers {workers}", env={"SETTINGS": LAYERS}).port
        with ExitStack() as clients:
            rooms: dict[object, ClientConnection] = {}
            deadline = time.monotonic() + 10
            while len(rooms) < workers and time.monotonic() < deadline:
                client = clients.enter_context(websocket(port))
                rooms.setdefault(client.recv(timeout=5), client)
            next(iter(rooms.values())).send("hello")
            return [hears(client) == "hello" for client in rooms.values()]

    assert heard(2) == [True, False]
    assert heard(1) == [True]
    without_layer = lab.serve("uvicorn chat:routed --port {port}")
    assert lab.handshake(without_layer.port) != 101
    assert without_layer.says("'NoneType' object has no attribute 'group_add'")


POLLED = """
import socketio
app = socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))
"""


def test_socketio_without_sticky_sessions(lab: Laboratory) -> None:
    """The second poll of a session must reach the process that knows it."""
    lab.write("polled.py", POLLED)
    peers = "".join(f"server 127.0.0.1:{lab.serve('uvicorn polled:app --port {port}').port};" for _ in range(2))

    def second_poll(method: str) -> int:
        site = lab.port()
        server = f"server {{ listen 127.0.0.1:{site}; location / {{ proxy_pass http://app; }} }}"
        lab.nginx(f"upstream app {{ {method} {peers} }} {server}", site)
        polling = "/socket.io/?EIO=4&transport=polling"
        session = json.loads(lab.get(site, polling).text.removeprefix("0"))["sid"]
        return lab.get(site, f"{polling}&sid={session}", {"Content-Type": "text/plain"}, "POST", b"40").status

    assert second_poll("") == 400
    assert second_poll("ip_hash;") == 200


def test_connection_limit_counts_sockets(lab: Laboratory) -> None:
    """Three open websockets are three connections of an office that shares an address, as long as they last."""
    app = lab.serve(UVICORN).port

    def status(limit: str) -> int:
        site = lab.port()
        locations = f"location /ws {{ proxy_pass http://127.0.0.1:{app}; {UPGRADE} {limit} }}"
        locations += f"location / {{ proxy_pass http://127.0.0.1:{app}; limit_conn office 3; }}"
        zones = "limit_conn_zone $binary_remote_addr zone=office:1m; limit_conn_zone $binary_remote_addr zone=sockets:1m;"
        lab.nginx(f"{zones} server {{ listen 127.0.0.1:{site}; {locations} }}", site)
        assert [lab.handshake(site) for _ in range(3)] == [101, 101, 101]
        return lab.get(site).status

    assert status("limit_conn office 3;") == 503
    assert status("") == 200
    assert status("limit_conn sockets 3;") == 200


def test_websocket_token_logged(lab: Laboratory) -> None:
    app = lab.serve(UVICORN).port

    def logged(how: str) -> str:
        site, log = lab.port(), lab.folder / f"{len(lab.running)}.log"
        location = f"location / {{ proxy_pass http://127.0.0.1:{app}; {UPGRADE} access_log {log} {how}; }}"
        formats = "log_format lean '$remote_addr $request_method $uri $status'; log_format args '$uri?$args';"
        nginx = lab.nginx(f"{formats} server {{ listen 127.0.0.1:{site}; {location} }}", site)
        assert echo(site, "/ws?token=secret") == "echo hello"
        access = Running(nginx.process, log)
        assert access.says("/ws")
        return access.output

    assert "secret" in logged("combined")
    assert "secret" in logged("args")
    assert "secret" not in logged("lean")
