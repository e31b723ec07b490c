"""What servers do, as measured: the table is whole, and a release chooses its cell."""

import pytest

from proof_names import functions
from serveaudit.behaviour import Fact, behaves, facts
from serveaudit.serving import Server, Setting
from serveaudit.source import SourceFile
from serveaudit.tables import facts as table
from serveaudit.values import Branch, Place, Unknown, Value

CELLS = [
    pytest.param(program, cell, id=f"{program} {name}")
    for program, rows in facts().items()
    for name, cells in rows.items()
    for cell in cells
]
HEAD = Place(SourceFile("run.sh", "server").whole())


def server(program: str, worker: str = "", version: str | None = None, **settings: object) -> Server:
    made = {name: Setting(name, Value(x), "written", HEAD) for name, x in settings.items()}
    return Server(program, HEAD, version=Value(version), worker_class=Value(worker), settings=made)


@pytest.mark.parametrize(("program", "cell"), CELLS)
def test_every_cell_names_a_proof_that_exists(program: str, cell: Fact) -> None:
    path, _, name = cell.proof.partition("::")
    assert name in functions(path)


@pytest.mark.parametrize(("program", "cell"), [case for case in CELLS if case.values[1].setting])
def test_every_setting_is_one_of_the_program_or_of_uvicorn(program: str, cell: Fact) -> None:
    programs = [program.partition("/")[0], "uvicorn"]
    assert any(table(name).row(cell.setting) for name in programs)


def test_a_setting_speaks_for_itself() -> None:
    assert behaves(server("uvicorn", ws_ping_interval=90.0), "websocket_ping").x == 90.0


def test_a_kind_of_worker_has_cells_of_its_own() -> None:
    assert behaves(server("gunicorn", "sync"), "keeps_connections").x is False
    assert isinstance(behaves(server("gunicorn", "gthread"), "keeps_connections").x, Unknown)


@pytest.mark.parametrize(("version", "runs"), [("2.0.26", False), ("2.0.27", True), ("2.0.31", True)])
def test_a_release_chooses_its_cell(version: str, runs: bool) -> None:
    assert behaves(server("uwsgi", version=version), "runs_threads_of_the_application").x is runs


def test_an_unknown_release_leaves_a_choice() -> None:
    found = behaves(server("uwsgi"), "runs_threads_of_the_application").x
    assert isinstance(found, Branch)
    assert [label for label, _ in found.cases] == ["uwsgi before 2.0.27", "uwsgi 2.0.27 or newer"]


def test_an_unknown_worker_leaves_it_unknown() -> None:
    made = server("gunicorn")
    made.worker_class = Value(Unknown("a class that was not read"))
    assert isinstance(behaves(made, "websocket_ping").x, Unknown)


def test_a_release_that_decides_is_told_with_its_place() -> None:
    pin = Place(SourceFile("requirements.txt", "uwsgi==2.0.26").whole())
    found = behaves(Server("uwsgi", HEAD, version=Value("2.0.26", (pin,))), "runs_threads_of_the_application")
    assert (found.x, [str(place.span) for place in found.places]) == (False, ["run.sh:1", "requirements.txt:1"])


@pytest.mark.parametrize(("asked", "runs"), [("uwsgi>=2.0.28", True), ("uwsgi<2.0.27", False), ("uwsgi>=2.0", Branch)])
def test_a_requirement_may_leave_one_cell_only(asked: str, runs: bool | type) -> None:
    left_open = Server("uwsgi", HEAD, version=Value(Unknown("left open"), (HEAD,)), asked=asked)
    found = behaves(left_open, "runs_threads_of_the_application").x
    assert found is runs or (isinstance(runs, type) and isinstance(found, runs))
