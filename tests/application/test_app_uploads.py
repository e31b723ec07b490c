"""Where an application takes files."""

import pytest

from python_texts import module
from serveaudit.application.uploads import in_django, in_view
from serveaudit.source import SourceFile


@pytest.mark.parametrize(
    "view",
    [
        "async def view(file: UploadFile):\n    pass\n",
        "def view():\n    return request.files['photo']\n",
        "def view(request):\n    return request.FILES['photo']\n",
        "async def view(file: bytes = File(...)):\n    pass\n",
    ],
)
def test_a_view_that_takes_a_file(view: str) -> None:
    assert in_view(module(view).functions["view"]) is not None


def test_a_view_that_takes_none_beside_one_that_does() -> None:
    text = "def view():\n    return 1\n\ndef other():\n    return request.files['photo']\n"
    read = module(text)
    assert in_view(read.functions["view"]) is None
    place = in_view(read.functions["other"])
    assert place is not None and place.span.line == 5


FIELD = "from django.db import models\nclass Photo(models.Model):\n    file = models.ImageField()\n"


@pytest.mark.parametrize(
    ("path", "lines"),
    [("shop/models.py", [3]), ("shop/migrations/0001_initial.py", []), ("shop/tests/models.py", [])],
)
def test_a_field_of_a_model_counts_where_it_is_ours(path: str, lines: list[int]) -> None:
    assert [place.span.line for place in in_django(SourceFile(path, FIELD))] == lines


def test_a_field_that_is_commented_out_is_none() -> None:
    assert list(in_django(SourceFile("models.py", "# file = models.FileField()\n"))) == []
