"""Where an application takes files from its clients."""

from __future__ import annotations

import re
from collections.abc import Iterator

from serveaudit.formats.python import Function
from serveaudit.source import SourceFile
from serveaudit.values import Place

_IN_VIEWS = re.compile(r"\bUploadFile\b|\brequest\.(files|FILES)\b|\bFile\(\s*(\.\.\.)?\s*\)")
_IN_DJANGO = re.compile(
    r"\b(?:models|forms|serializers)\.(?:File|Image)Field\(|\brequest\.FILES\b|\b(?:Image|File)Field\(upload_to"
)
_NOT_OURS = re.compile(r"(^|/)(migrations|tests?|node_modules|docs?)/|(^|/)(test_|conftest)")


def in_view(function: Function) -> Place | None:
    """Where a view of FastAPI, Starlette or Flask takes a file; None where it does not."""
    if function.module is None or function.node is None:
        return None
    source = function.module.source
    start = source.offset(function.node.lineno)
    end = source.offset((function.node.end_lineno or function.node.lineno) + 1)
    found = _IN_VIEWS.search(source.text, start, end)
    return Place(source.span(found.start(), found.end())) if found else None


def in_django(source: SourceFile) -> Iterator[Place]:
    """The fields of models, forms and serializers that hold files, and views that take them."""
    if _NOT_OURS.search(source.path):
        return
    for found in _IN_DJANGO.finditer(source.text):
        if "#" not in source.text[source.text.rfind("\n", 0, found.start()) + 1 : found.start()]:
            yield Place(source.span(found.start(), found.end()))
