"""What well-known images start by themselves. Everything else is not known: it may have an entrypoint of its own.

Sources: the images' Dockerfiles, in docker-library/python, nginxinc/docker-nginx, nginxinc/docker-nginx-unprivileged,
tiangolo/uvicorn-gunicorn-docker, tiangolo/uwsgi-nginx-docker and tiangolo/uwsgi-nginx-flask-docker.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.launching import Image, Mount, Sign
from serveaudit.source import Piece, SourceFile
from serveaudit.values import How, Place, Value, unknown

_REGISTRY = re.compile(
    r"^(?:docker\.io/|index\.docker\.io/|registry-1\.docker\.io/|public\.ecr\.aws/docker/|mirror\.gcr\.io/)?(?:library/)?"
)
_OFFICIAL_NGINX = re.compile(r"(docker\.io/)?(library/)?nginx(:[\w.-]+)?(@.*)?")
_BARE = frozenset(
    """python pypy debian ubuntu alpine fedora centos rockylinux almalinux amazonlinux busybox buildpack-deps node scratch
    ghcr.io/astral-sh/uv continuumio/miniconda3 continuumio/anaconda3 condaforge/miniforge3 mambaorg/micromamba
    nikolaik/python-nodejs""".split()
)
_START = """\
if [ -f /app/app/main.py ]; then
    DEFAULT_MODULE_NAME=app.main
else
    DEFAULT_MODULE_NAME=main
fi
if [ -f /app/gunicorn_conf.py ]; then
    DEFAULT_GUNICORN_CONF=/app/gunicorn_conf.py
elif [ -f /app/app/gunicorn_conf.py ]; then
    DEFAULT_GUNICORN_CONF=/app/app/gunicorn_conf.py
else
    DEFAULT_GUNICORN_CONF=/gunicorn_conf.py
fi
exec gunicorn -c "${GUNICORN_CONF:-$DEFAULT_GUNICORN_CONF}" \\
    "${APP_MODULE:-${MODULE_NAME:-$DEFAULT_MODULE_NAME}:${VARIABLE_NAME:-app}}"
"""
_GUNICORN_CONF = """\
import multiprocessing
import os

cores = multiprocessing.cpu_count()
workers = int(os.getenv("WEB_CONCURRENCY") or max(int(float(os.getenv("WORKERS_PER_CORE", "1")) * cores), 2))
bind = os.getenv("BIND") or os.getenv("HOST", "0.0.0.0") + ":" + os.getenv("PORT", "80")
worker_class = os.getenv("WORKER_CLASS", "uvicorn.workers.UvicornWorker")
worker_tmp_dir = "/dev/shm"
errorlog = "-"
graceful_timeout = int(os.getenv("GRACEFUL_TIMEOUT", "120"))
timeout = int(os.getenv("TIMEOUT", "120"))
keepalive = int(os.getenv("KEEP_ALIVE", "5"))
loglevel = os.getenv("LOG_LEVEL", "info")
"""
_UWSGI_INI = """\
[uwsgi]
socket = /tmp/uwsgi.sock
chown-socket = nginx:nginx
chmod-socket = 664
hook-master-start = unix_signal:15 gracefully_kill_them_all
need-app = true
die-on-term = true
show-config = true
"""


def known_image(reference: Value[str]) -> Image | None:
    """The image of that name, where it is one that is known; None for every other one, and where the name is not known."""
    if not isinstance(reference.x, str) or not reference.places:
        return None
    name, tag = split_reference(reference.x)
    image = Image(reference, _told(reference), env=_environment(reference))
    if name in _BARE:
        return image
    make = next((make for pattern, make in _KNOWN.items() if fnmatchcase(name, pattern)), None)
    return make(image, tag) if make else None


def is_official_nginx(reference: object) -> bool:
    """Whether it is the name of nginx's official image."""
    return isinstance(reference, str) and _OFFICIAL_NGINX.fullmatch(reference) is not None


def split_reference(reference: str) -> tuple[str, str]:
    """An image's name, without the registry of official images, and its tag; the tag is empty where none is written."""
    reference = _REGISTRY.sub("", reference.partition("@")[0])
    head, slash, last = reference.rpartition("/")
    name, _, tag = last.partition(":")
    return head + slash + name, tag


def _nginx(image: Image, tag: str) -> Image:
    """nginx: QUIT stops it gracefully, port 80 is exposed."""
    command = Step(image.place, argv=tuple(_said(image, word) for word in ("nginx", "-g", "daemon off;")))
    stop, port = _said(image, "QUIT"), _said(image, 80)
    return replace(image, command=command, stop_signal=stop, exposed=(port,))


def _nginx_unprivileged(image: Image, tag: str) -> Image:
    return replace(_nginx(image, tag), exposed=(_said(image, 8080),), user=_said(image, "101"))


def _uvicorn_gunicorn(image: Image, tag: str) -> Image:
    script = _standing_for(image, _START)
    conf = Mount("text", None, "/gunicorn_conf.py", image.place, _standing_for(image, _GUNICORN_CONF))
    env = image.env.over({"PYTHONPATH": _said(image, "/app")})
    command = Step(image.place, script=script)
    return replace(image, command=command, mounts=(conf,), env=env, workdir=_said(image, "/app"), exposed=(_said(image, 80),))


def _uwsgi_nginx(image: Image, tag: str) -> Image:
    """supervisord with nginx on port 80, which passes on to uWSGI's socket."""
    ini = Mount("text", None, "/etc/uwsgi/uwsgi.ini", image.place, _standing_for(image, _UWSGI_INI))
    command = Step(
        image.place, argv=tuple(_said(image, word) for word in ("/usr/local/bin/uwsgi", "--ini", "/etc/uwsgi/uwsgi.ini"))
    )
    variables = {"UWSGI_INI": "/app/uwsgi.ini", "UWSGI_CHEAPER": "2", "UWSGI_PROCESSES": "16", "PYTHONUNBUFFERED": "1"}
    env = image.env.over({name: _said(image, text) for name, text in variables.items()})
    sign = Sign("the nginx inside of this image", image.place, proxies=True, terminates_tls=False)
    return replace(image, command=command, mounts=(ini,), env=env, workdir=_said(image, "/app"), outside=(sign,))


def _python(image: Image, tag: str) -> Image:
    """Images without a shell, whose entrypoint is the interpreter."""
    return replace(image, entrypoint=Step(image.place, argv=(_said(image, "python3"),)))


_KNOWN: dict[str, Callable[[Image, str], Image]] = {
    "nginxinc/nginx-unprivileged": _nginx_unprivileged,
    "nginx": _nginx,
    "tiangolo/uvicorn-gunicorn*": _uvicorn_gunicorn,
    "tiangolo/uwsgi-nginx*": _uwsgi_nginx,
    "gcr.io/distroless/python3*": _python,
    "cgr.dev/chainguard/python": _python,
}


def _told(reference: Value[Any]) -> Place:
    return replace(reference.places[0], how=How.DEFAULT, note="this image's own")


def _said(image: Image, x: Any) -> Value[Any]:
    """A value that the image itself brings along."""
    return Value(x, (image.place,))


def _standing_for(image: Image, text: str) -> SourceFile:
    """A text of the image's own, every part of which is told at the image's name."""
    span = image.place.span
    length = span.end - span.start
    return span.source.view(text, [Piece(index, span.start, length) for index in range(len(text))])


def _environment(reference: Value[Any]) -> Environment:
    return Environment({"PATH": unknown("the image's own PATH is not known", *reference.places[:1], about="$PATH")})
