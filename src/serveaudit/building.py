"""The images that a repository builds, and by which names and Dockerfiles they are known."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.discover import Repository
from serveaudit.launch import docker_commands
from serveaudit.launch.compose import tagged
from serveaudit.launch.dockerfile import read_image
from serveaudit.launch.images import known_image, split_reference
from serveaudit.launching import Build, Image
from serveaudit.mapping import bases_of
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

_FOREIGN = re.compile(
    r"(^|/)(postgres|postgis|redis|valkey|memcached|rabbitmq|mysql|mariadb|mongo|elasticsearch|opensearch|minio|mailhog|mailpit|"
    r"adminer|pgadmin4?|grafana|prometheus|traefik|caddy|haproxy|httpd|certbot|node|busybox|alpine|debian|ubuntu|pgbouncer|"
    r"kafka|zookeeper|flower|celery|vault|keycloak|nginx-proxy|acme-companion|letsencrypt-nginx-proxy-companion)(:|@|$)"
)


class OwnImages:
    """The images of a repository (`launching.Images`). `used` collects the Dockerfiles that are come to."""

    def __init__(self, repository: Repository, used: set[str]) -> None:
        self.repository = repository
        self.used = used
        self._open: set[str] = set()
        self._tagged: dict[tuple[str, str], Build] | None = None

    def built(self, build: Build) -> Image | None:
        source = build.inline or self.repository.find(build.dockerfile)
        if source is None or source.path in self._open:
            return None
        self.used.add(build.dockerfile)
        self._open.add(source.path)
        try:
            names = (build.dockerfile + ".dockerignore", posixpath.normpath(posixpath.join(build.context, ".dockerignore")))
            ignore = next((text for name in names if (text := self.repository.find(name))), None)
            return read_image(source, build, self, self.repository.paths, ignore)
        finally:
            self._open.discard(source.path)

    def named(self, reference: Value[Any]) -> Image | None:
        """A known image, or one that is built here under that name; else the repository's own, where it has one Dockerfile and
        the name is nobody else's."""
        image = known_image(reference) or self._by_tag(reference)
        if image is not None or self._open or not isinstance(reference.x, str) or _FOREIGN.search(reference.x):
            return image
        dockerfiles = self.repository.of_kinds("dockerfile")
        own = [(path, source) for path, source in dockerfiles if self.repository.kind_of(path) == "production"]
        named_here = "/" in reference.x or any(name.startswith("env:") for name in reference.depends)
        if len(own) != 1 or not named_here:
            return None
        built = self.of_dockerfile(*own[0])
        guess: Value[Any] = Value(Unknown(f"{reference.x} is only taken for the image that is built here"))
        return replace(built, keys={**built.keys, "image.guessed": guess}) if built else None

    def of_dockerfile(self, path: str, source: SourceFile) -> Image | None:
        """The image of a Dockerfile of which nothing says how it is built."""
        return self.built(Build(self._context_of(path, source), path, Place(source.line_span(1))))

    def _context_of(self, dockerfile: str, source: SourceFile) -> str:
        """The directory that a Dockerfile is most likely built from: its own, unless what it copies lies in the root."""
        wanted = re.findall(r"(?m)^\s*(?:COPY|ADD)\s+(?!--from)([\w./-]+)\s", source.text)
        wanted += re.findall(r"(?<![\w./-])[\w-][\w.-]*/[\w./-]+(?![\w/])", source.text)

        def fitting(context: str) -> int:
            return sum(self._exists(posixpath.join(context, word)) for word in wanted)

        root, *others = bases_of(dockerfile)
        return max((*others, root), key=fitting) if others else root

    def _exists(self, path: str) -> bool:
        path = posixpath.normpath(path)
        return self.repository.exists(path) or self.repository.is_dir(path)

    def _by_tag(self, reference: Value[Any]) -> Image | None:
        """An image that compose or a script builds under that name."""
        if not isinstance(reference.x, str):
            return None
        if self._tagged is None:
            self._tagged = {}
            for name, build in self._tags():
                self._tagged.setdefault(_full_name(name), build)
        found = self._tagged.get(_full_name(reference.x))
        return self.built(found) if found else None

    def _tags(self) -> Iterator[tuple[str, Build]]:
        for path, _ in self.repository.of_kinds("compose"):
            yield from tagged((path,), self.repository.find, self)
        for _, text in commanding(self.repository):
            yield from docker_commands.builds(text)


def commanding(repository: Repository) -> Iterator[tuple[str, SourceFile]]:
    """The files in which commands of Docker's may stand, each by its path."""
    for path in filter(docker_commands.may_tell, repository.paths):
        source = repository.glance(path)
        if source is not None and "docker" in source.text.lower():
            yield path, source


def _full_name(reference: str) -> tuple[str, str]:
    name, tag = split_reference(reference)
    return name, tag or "latest"
