"""What scripts, Makefiles and documents tell Docker to do: which compose files go together, and what an image is built from.

Sources: Docker's manual, "docker compose", "docker buildx build".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from serveaudit.launching import Build
from serveaudit.source import SourceFile
from serveaudit.values import Place, Value

_COMPOSE = re.compile(r"\bdocker(?:-compose|[ \t]+compose)\b(?P<words>[^\n;&|`#()]*)")
_BUILD = re.compile(r"\b(?:docker|podman)[ \t]+(?:buildx[ \t]+|image[ \t]+)?build\b(?P<words>[^\n;&|`#()]*)")
_FILES = re.compile(r"\bCOMPOSE_FILE[ \t]*[:?]?=[ \t]*[\"']?(?P<files>[\w./:-]+)")
_COMPOSE_VALUED = frozenset("-p --project-name --profile --env-file --project-directory --ansi --progress --parallel".split())
_BUILD_VALUED = frozenset(
    """--label --cache-from --cache-to --platform --network --secret --ssh --output -o --progress --builder --iidfile --memory
    -m --shm-size --ulimit --add-host --build-context --metadata-file --pull-policy --annotation --attest""".split()
)
_TELLING = re.compile(
    r"(^|/)((README|INSTALL|DEPLOY)[^/]*\.(md|rst|txt)|(GNU)?[Mm]akefile|[Jj]ustfile|[^/]*\.(mk|sh)|\.envrc|Taskfile\.ya?ml)$"
    r"|^(\.github/workflows|\.circleci)/[^/]*\.ya?ml$|(^|/)\.gitlab-ci\.ya?ml$"
)


def may_tell(path: str) -> bool:
    """Whether commands of Docker's may stand in a file of that name."""
    return _TELLING.search(path) is not None


def compose_files(source: SourceFile) -> Iterator[tuple[str, ...]]:
    """The files that are given to `docker compose -f … -f …` together, as written; nothing where one of them is a variable."""
    text = _joined(source.text)
    for command in _COMPOSE.finditer(text):
        options, _ = _options(command["words"], _COMPOSE_VALUED | {"-f", "--file"})
        yield from _plain(tuple(value for name, value in options if name in ("-f", "--file")))
    for named in _FILES.finditer(text):
        yield from _plain(tuple(filter(None, named["files"].split(":"))))


def builds(source: SourceFile) -> Iterator[tuple[str, Build]]:
    """What `docker build -t NAME -f DOCKERFILE CONTEXT` builds; paths are meant from the root."""
    text = _joined(source.text)
    for command in _BUILD.finditer(text):
        valued = _BUILD_VALUED | {"-t", "--tag", "-f", "--file", "--target", "--build-arg"}
        options, context = _options(command["words"], valued, whole=True)
        given = dict(options)
        file = given.get("-f") or given.get("--file") or ""
        tags = [value for name, value in options if name in ("-t", "--tag")]
        if not context or any("$" in word for word in (context, file, *tags)) or "://" in context:
            continue
        place = Place(source.span(command.start(), command.end()))
        directory = posixpath.normpath(context)
        dockerfile = posixpath.normpath(file or posixpath.join(directory, "Dockerfile"))
        for tag in tags:
            yield tag, Build(directory, dockerfile, place, given.get("--target", ""), _arguments(options, place))


def _arguments(options: list[tuple[str, str]], place: Place) -> dict[str, Value[Any]]:
    pairs = (value.partition("=") for name, value in options if name == "--build-arg")
    return {name: Value(text, (place,)) for name, sign, text in pairs if sign and "$" not in text}


def _joined(text: str) -> str:
    """The text with continued lines on one; every character keeps its place."""
    return text.replace("\\\n", "  ")


def _plain(files: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if files and not any(re.search(r"[$<>{}*]", file) for file in files):
        yield files


def _options(text: str, valued: frozenset[str], whole: bool = False) -> tuple[list[tuple[str, str]], str]:
    """The options before the first other word, and that word. `whole`: also those behind it."""
    words = iter(word.strip("\"'") for word in text.split())
    options: list[tuple[str, str]] = []
    first = ""
    for word in words:
        name, sign, value = word.partition("=")
        if not word.startswith("-"):
            first = first or word
            if not whole:
                break
        else:
            options.append((name, value if sign else next(words, "") if name in valued else ""))
    return options, first
