"""Where a program's paths lie in the repository."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from serveaudit.mapping import MappedFiles
from serveaudit.source import SourceFile


class Texts:
    """A repository of empty files."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def exists(self, path: str) -> bool:
        return path in self.paths

    def read(self, path: str) -> SourceFile:
        return SourceFile(path, "")

    def is_dir(self, path: str) -> bool:
        return any(each.startswith(f"{path}/") for each in self.paths)

    def glob(self, pattern: str) -> Iterable[str]:
        return [path for path in self.paths if fnmatchcase(path, pattern)]


def module(dotted: str, cwd: str, *paths: str) -> str | None:
    found = MappedFiles(Texts(*paths)).module(dotted, cwd)
    return found.path if isinstance(found, SourceFile) else None


def test_a_module_lies_below_a_directory_that_only_the_host_has() -> None:
    assert module("proj.wsgi", "/srv/proj", "proj/wsgi.py") == "proj/wsgi.py"


def test_a_script_of_the_same_name_is_no_module_of_a_library() -> None:
    assert module("waitress.serve", "/srv/proj", "serve.py") is None
