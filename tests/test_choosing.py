"""The table behind the choice of a server: every cell was measured, and the advice follows from the cells."""

import json
from pathlib import Path

import pytest

from serveaudit.choosing import CANDIDATES, Candidate, Cell, Table, advice, seen, tables
from serveaudit.cli import main

RUNS = json.loads((Path(__file__).parent.parent / "src/serveaudit/data/proofs.json").read_text("utf-8"))
CELLS = [
    pytest.param(cell, id=f"{server.name} {column}")
    for table in tables()
    for server, cells in table.rows
    for column, cell in zip(table.columns, cells, strict=True)
    if cell.text
]


def cell(table: Table, server: Candidate, column: str) -> str:
    cells = next(cells for each, cells in table.rows if each == server)
    return cells[table.columns.index(column)].text


@pytest.mark.parametrize("told", CELLS)
def test_every_cell_was_seen_by_a_proof_that_has_run(told: Cell) -> None:
    assert told.proofs and all(seen(proof, RUNS) for proof in told.proofs)


@pytest.mark.parametrize("server", [each for each in CANDIDATES if each.program != "uwsgi"], ids=lambda each: each.name)
def test_what_a_server_calls_was_seen_on_that_server(server: Candidate) -> None:
    told = next(cells[0] for each, cells in tables()[0].rows if each == server)
    assert any(server.program in seen(proof, RUNS) for proof in told.proofs)


def test_the_answers_are_those_of_the_measurements() -> None:
    serves, takes, believes = tables()
    granian, sync, uvicorn = Candidate("granian"), Candidate("gunicorn", "sync"), Candidate("uvicorn")
    assert [cell(serves, each, "over 1.0") for each in (granian, uvicorn, sync)] == ["no", "yes", ""]
    assert [cell(serves, each, "pings idle") for each in (granian, uvicorn)] == ["never", "each 20 s"]
    assert [cell(takes, each, "a stream takes") for each in (sync, uvicorn)] == ["a worker", "a task"]
    assert cell(takes, sync, "ends a request") == "timeout: 30 s"
    assert [cell(believes, each, "unix peers") for each in (sync, uvicorn)] == ["yes", "no"]
    assert cell(believes, Candidate("waitress"), "scheme") == "takes it out"


def test_each_need_has_its_servers() -> None:
    told = {each.need.partition(" (")[0]: " ".join(each.sentences) for each in advice()}
    assert list(told) == ["Real time", "HTTP/2", "High concurrency", "CPU-bound Django"]
    assert "gunicorn uvicorn, uvicorn and daphne: they open websockets" in told["Real time"]
    assert "hypercorn, daphne and granian." in told["HTTP/2"]
    assert "For WSGI gunicorn gevent; with a thread" in told["High concurrency"]
    assert "none of them" not in "".join(told.values())


def test_the_chapter_is_markdown_that_fits_into_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "choosing-a-server"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    grid = [line for line in lines if line.startswith("|")]
    assert len(grid) == 3 * (len(CANDIDATES) + 2)
    assert {(line[0], line[-1]) for line in grid} == {("|", "|")}


def test_a_misspelt_chapter_is_told_as_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "chosing-a-server"]) == 2
    assert "did you mean 'choosing-a-server'?" in capsys.readouterr().err
