"""The floors of ARCHITECTURE.md: imports go down only, and never in a circle."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "serveaudit"
FLOORS = {
    name: float(floor)
    for name, floor in re.findall(
        r"^    (\S+(?:\.py|/|/\*))\s+([\d.]+)(?:\s|$)", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE
    )
}
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> tuple[str, float] | None:
    """The part of the list that a module belongs to, and its floor. Members of `name/*` are rooms of their own."""
    top = module.split("/")[0]
    if module in FLOORS:
        return module, FLOORS[module]
    if f"{top}/" in FLOORS:
        return f"{top}/", FLOORS[f"{top}/"]
    if f"{top}/*" in FLOORS:
        return "/".join(module.split("/")[:2]).removesuffix(".py"), FLOORS[f"{top}/*"]
    return None


def module_of(dotted: str) -> str | None:
    """`serveaudit.report.text` as `report/text.py`; None for what is no module of ours."""
    path = "/".join(dotted.split(".")[1:])
    return next((name for name in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if name in MODULES), None)


def imports(module: str, text: str) -> Iterator[str]:
    """The modules of ours that a module imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (found for alias in node.names if (found := ours(alias.name)))
        elif isinstance(node, ast.ImportFrom):
            base = "serveaudit" if node.level else node.module or ""
            if node.level:
                parents = ["serveaudit", *module.split("/")[:-1]]
                base = ".".join([*parents[: len(parents) - node.level + 1], *([node.module] if node.module else [])])
            yield from (found for alias in node.names if (found := ours(f"{base}.{alias.name}") or ours(base)))


def ours(dotted: str) -> str | None:
    return module_of(dotted) if dotted.split(".")[0] == "serveaudit" else None


GRAPH = {module: set(imports(module, path.read_text("utf-8"))) - {module} for module, path in MODULES.items()}


def shelves_only(module: str) -> bool:
    """Whether it is the empty `__init__.py` of the package or of a list of members: it stands on no floor."""
    return module in ("__init__.py", *(name.replace("*", "__init__.py") for name in FLOORS if name.endswith("/*")))


@pytest.mark.parametrize("module", [module for module in MODULES if not shelves_only(module)])
def test_a_module_imports_only_from_floors_below(module: str) -> None:
    here = room(module)
    assert here, f"{module} stands on no floor: add it to ARCHITECTURE.md"
    for imported in sorted(name for name in GRAPH[module] if not shelves_only(name)):
        there = room(imported)
        assert there, f"{imported} stands on no floor"
        assert there[0] == here[0] or there[1] < here[1], f"{module} ({here[1]:g}) imports {imported} ({there[1]:g})"


def test_every_line_of_the_list_is_a_module() -> None:
    assert [name for name in FLOORS if not (PACKAGE / name.rstrip("/*")).exists()] == []


def test_nothing_imports_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for imported in sorted(GRAPH[module]):
                visit(imported, [*path, module])
            done.add(module)

    for module in MODULES:
        visit(module, [])


def test_no_module_is_called_by_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "common", "helpers", "helper", "base", "core", "manager", "misc"}
    assert [module for module in MODULES if Path(module).stem in empty] == []


def test_the_test_sees_imports_wherever_they_stand() -> None:
    text = (
        "from serveaudit import cli\nimport serveaudit.source\n"
        "if TYPE_CHECKING:\n    from serveaudit.report.text import plain\n"
        "def f():\n    from ..values import Value\n    from . import frame\nimport os\n"
    )
    assert set(imports("report/x.py", text)) == {"cli.py", "source.py", "report/text.py", "values.py", "report/frame.py"}
