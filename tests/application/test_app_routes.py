"""The paths that applications answer, as `kind prefix written` lines."""

from python_texts import opened, program, told
from serveaudit.application.asgi import application_kind
from serveaudit.application.routes import Found, project_websockets, routes_of, socketio_servers, url_routes
from serveaudit.values import Unknown


def shown(found: Found) -> list[str]:
    """A line for each route: kind, literal beginning (with * where more follows), stream, view."""
    lines = []
    for route in found.routes:
        prefix = told(route.prefix).replace("'", "") + ("" if route.exact else "*")
        lines.append(" ".join(filter(None, [route.kind, prefix, route.streams, route.view])))
    return lines


def routes(attribute: str, **files: str) -> Found:
    reading = program(**files)
    module = opened(reading, "main")
    return routes_of(application_kind(module, attribute).object, module, reading.open)


FASTAPI = """
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from routers import items
from routers.users import router as users
app = FastAPI(root_path="/ignored")
app.include_router(items.router, prefix="/api")
if flag():
    app.include_router(users)
app.mount("/static", StaticFiles(directory="static"))
inner = FastAPI()
app.mount("/inner", inner)
@inner.get("/x")
def x(): ...
@app.websocket("/ws/{room}")
async def socket(ws: WebSocket): ...
@app.get("/events")
async def events():
    def numbers():
        yield 1
    return StreamingResponse(numbers(), media_type="text/event-stream")
@app.post("/download")
def download():
    return StreamingResponse(f())
app.add_api_websocket_route("/ws2", socket)
other = FastAPI()
@other.get("/other")
def not_ours(): ...
"""
ITEMS = """
from fastapi import APIRouter
router = APIRouter(prefix="/items")
@router.get("/{item}")
def get(item): ...
@router.websocket("/live")
async def live(ws): ...
"""
USERS = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/users')\ndef users(): ...\n"


def test_fastapi_with_routers_mounts_and_streams() -> None:
    found = routes("app", main=FASTAPI, routers__items=ITEMS, routers__users=USERS)
    assert shown(found) == [
        "http /api/items/* routers.items.get",
        "websocket /api/items/live routers.items.live",
        "http /users if flag() routers.users.users",
        "http /static/* fastapi.staticfiles.StaticFiles",
        "http /inner/x main.x",
        "websocket /ws/* main.socket",
        "http /events events main.events",
        "http /download body main.download",
        "websocket /ws2 main.socket",
    ]
    assert str(found.routes[1].place.span) == "routers/items.py:6" and found.routes[1].place.span.text == '"/live"'


def test_a_prefix_from_the_settings() -> None:
    text = "from fastapi import FastAPI\nfrom config import settings\nfrom routers.users import router\napp = FastAPI()\n"
    text += "app.include_router(router, prefix=settings.API)\napp.include_router(router, prefix=unknown())"
    config = "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    API: str = '/v1'\nsettings = S()"
    found = routes("app", main=text, config=config, routers__users=USERS)
    assert shown(found)[0] == "http /v1/users if $API is not set routers.users.users"
    assert shown(found)[1].startswith("http unknown: unknown() is not evaluated*")


def test_starlette_takes_a_list_of_routes() -> None:
    text = """
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
app = Starlette(routes=[Route("/", home), WebSocketRoute("/ws", ws), Mount("/api", routes=[Route("/{x}", api)])])
"""
    assert shown(routes("app", main=text)) == ["http /", "websocket /ws", "http /api/*"]


FLASK = """
from flask import Flask, Response, stream_with_context
from flask_sock import Sock
from shop.views import bp
sock = Sock()
def create_app():
    app = Flask(__name__)
    sock.init_app(app)
    app.register_blueprint(bp, url_prefix="/shop")
    app.register_blueprint(bp)
    app.add_url_rule("/added", view_func=view)
    @app.route("/stream/<int:x>")
    def stream(x):
        return Response(stream_with_context(f()), mimetype="text/event-stream")
    return app
def view(): ...
@sock.route("/echo")
def echo(ws): ...
app = create_app()
"""
VIEWS = "from flask import Blueprint\nbp = Blueprint('b', __name__, url_prefix='/own')\n@bp.get('/cart')\ndef cart(): ...\n"


def test_flask_with_factory_blueprints_and_sockets() -> None:
    expected = [
        "http /shop/cart shop.views.cart",
        "http /own/cart shop.views.cart",
        "http /added main.view",
        "http /stream/* events main.create_app.stream",
        "websocket /echo main.echo",
    ]
    assert shown(routes("app", main=FLASK, shop__views=VIEWS)) == expected
    assert shown(routes("create_app", main=FLASK, shop__views=VIEWS)) == expected


ASGI = """
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path
from chat.routing import websocket_urlpatterns
import notes.routing
application = ProtocolTypeRouter({
    "http": get_asgi_application(),
    "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(
        websocket_urlpatterns + notes.routing.patterns + [path("in/", URLRouter([path("n/<int:x>/", c)]))]
    ))),
})
"""
CHAT = r"""
from django.urls import re_path
from . import consumers
websocket_urlpatterns = [
    re_path(r"^ws/chat/(?P<room>\w+)/$", consumers.Chat.as_asgi()),
    re_path(r"ws/v1\.0/lobby/?$", consumers.Chat.as_asgi()),
]
"""
CONSUMERS = "from channels.generic.websocket import WebsocketConsumer\nclass Chat(WebsocketConsumer): ...\n"
NOTES = "from django.urls import path\npatterns = [path('ws/notes/', consumer)]\n"
PROJECT = {"main": ASGI, "chat__routing": CHAT, "chat__consumers": CONSUMERS, "notes__routing": NOTES}
SOCKETS = [
    "websocket /ws/chat/* chat.consumers.Chat",
    "websocket /ws/v1.0/lobby* chat.consumers.Chat",
    "websocket /ws/notes/",
    "websocket /in/n/*",
]


def test_channels_through_what_is_put_around_its_router() -> None:
    found = routes("application", **PROJECT)
    assert shown(found) == SOCKETS and found.complete is True
    assert str(found.routes[0].place.span) == "chat/routing.py:5"


def test_channels_without_websockets() -> None:
    text = "from channels.routing import ProtocolTypeRouter\napp = ProtocolTypeRouter({'http': x})"
    assert routes("app", main=text) == Found()


def test_all_websockets_of_a_project_each_told_once() -> None:
    reading = program(**PROJECT)
    modules = [opened(reading, name) for name in ("main", "chat.routing", "notes.routing")]
    assert sorted(shown(project_websockets(modules, reading.open))) == sorted(SOCKETS)


URLS = """
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from core import views
urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("core.urls")),
    path("v/", include(([path("stream", views.stream), path("page", views.Page.as_view())], "v"))),
    path("api/", include(router.urls)),
    re_path(r"^files/(?P<path>.*)$", views.stream),
]
if settings.DEBUG:
    urlpatterns += [path("__debug__/", include("debug_toolbar.urls"))]
"""
CORE_URLS = "from django.urls import path\nfrom . import views\nurlpatterns = [path('up/<int:id>/', views.up)]"
CORE_VIEWS = """
from django.http import StreamingHttpResponse
from django.views import View
def stream(request):
    return StreamingHttpResponse(x(), content_type="text/event-stream")
def up(request): ...
class Page(View): ...
"""


def test_django_urls_with_includes() -> None:
    reading = program(proj__urls=URLS, core__urls=CORE_URLS, core__views=CORE_VIEWS)
    found = url_routes(opened(reading, "proj.urls"), reading.open)
    assert shown(found) == [
        "http /admin/ django.contrib.admin.site.urls",
        "http /up/* core.views.up",
        "http /v/stream events core.views.stream",
        "http /v/page core.views.Page",
        "http /api/*",
        "http /files/* events core.views.stream",
        "http /__debug__/ if settings.DEBUG*",
    ]
    assert isinstance(found.complete, Unknown)


def test_socketio_beside_another_application() -> None:
    text = """
import socketio
from fastapi import FastAPI
api = FastAPI()
@api.get("/x")
def x(): ...
sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
app = socketio.ASGIApp(sio, api, socketio_path="ws/socket.io")
"""
    assert shown(routes("app", main=text)) == ["http /ws/socket.io/*", "websocket /ws/socket.io/*", "http /x main.x"]
    assert shown(routes("api", main=text)) == ["http /x main.x"]
    (server,) = socketio_servers(opened(program(main=text), "main"))
    assert (told(server.polls_first), told(server.manager)) == ("False", "None")


def test_flask_socketio_polls_first_and_may_have_a_queue() -> None:
    text = "from flask import Flask\nfrom flask_socketio import SocketIO\napp = Flask('x')\n"
    text += "sockets = SocketIO()\nsockets.init_app(app, message_queue='redis://r')"
    assert shown(routes("app", main=text)) == ["http /socket.io/*", "websocket /socket.io/*"]
    (server,) = socketio_servers(opened(program(main=text), "main"))
    assert (told(server.polls_first), told(server.manager), server.library) == ("True", "'redis://r'", "flask_socketio")
