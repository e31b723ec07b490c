"""Makefiles: targets, recipes, variables."""

import pytest

from followed import command_of
from serveaudit.following import follow
from serveaudit.launch.makefile import read_targets
from serveaudit.source import SourceFile


def commands(text: str) -> dict[str, list[str]]:
    """What each target comes to."""
    units = read_targets(SourceFile("Makefile", text))
    return {unit.name: [command_of(each) for step in unit.steps for each in follow(step, None).commands] for unit in units}


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("run:\n\tgunicorn app:app\n", {"run": ["gunicorn app:app"]}),
        ("run: ## help\n\t@-gunicorn app:app\n", {"run": ["gunicorn app:app"]}),
        ("a b:\n\tgunicorn app\n", {"a": ["gunicorn app"], "b": ["gunicorn app"]}),
        ("run: ; uvicorn app:app\n", {"run": ["uvicorn app:app"]}),
        ("run:\n\ta\n\n# c\n\tb\nother:\n\tc\n", {"run": ["a", "b"], "other": ["c"]}),
        (".PHONY: run\nrun: build\n%.o: %.c\n\tcc\n", {}),
        ("run:\n\tgunicorn \\\n\t\t-w 4 \\\n\t\tapp\n", {"run": ["gunicorn -w 4 app"]}),
    ],
)
def test_targets_with_a_recipe_are_units(text: str, targets: dict[str, list[str]]) -> None:
    assert commands(text) == targets


@pytest.mark.parametrize(
    ("setting", "recipe", "command"),
    [
        ("PORT := 8000", "gunicorn -b :$(PORT)", "gunicorn -b :8000"),
        ("PORT ?= 8000", "gunicorn -b :${PORT}", "gunicorn -b :8000"),
        ("H = 0.0.0.0\nADDR = $(H):80", "gunicorn -b $(ADDR)", "gunicorn -b 0.0.0.0:80"),
        ("A = x\nA += y", "gunicorn $(A)", "gunicorn x y"),
        ("", "gunicorn -b :$(PORT)", "gunicorn -b :<$PORT>"),
        ("ifdef CI\nW = 3\nendif", "gunicorn -w $(W)", "gunicorn -w <$W>"),
        ("", "gunicorn -w $(shell nproc)", "gunicorn -w at least 1"),
        ("", "W=4; gunicorn -w $$W $@", "gunicorn -w 4 run"),
        ("A = $(B)\nB = $(A)", "gunicorn $(C)", "gunicorn <$C>"),
        ("export PORT = 90", "gunicorn -b :$$PORT", "gunicorn -b :90"),
        ("run: export PORT = 91", "gunicorn -b :$$PORT", "gunicorn -b :91"),
    ],
)
def test_variables_of_the_file_are_put_in(setting: str, recipe: str, command: str) -> None:
    assert commands(f"{setting}\nrun:\n\t{recipe}\n") == {"run": [command]}


def test_what_a_target_needs_is_made_before_it() -> None:
    text = "run: migrate\n\tgunicorn app\nmigrate: install\n\tmigrate it\ninstall:\n\tpip install\n"
    run = next(unit for unit in read_targets(SourceFile("Makefile", text)) if unit.name == "run")
    found = [command_of(each) for step in run.before for each in follow(step, None).commands]
    assert found == ["pip install", "migrate it"]
    assert str(run.place.span) == "Makefile:1"


def test_targets_that_need_each_other_come_to_an_end() -> None:
    assert commands("a: b\n\tx\nb: a\n\ty\n") == {"a": ["x"], "b": ["y"]}


def test_the_shell_is_the_one_that_the_file_names() -> None:
    [unit] = read_targets(SourceFile("Makefile", "SHELL := /bin/bash\nrun:\n\tgunicorn app\n"))
    assert unit.steps[0].shell == "bash"


def test_a_word_points_at_what_is_written() -> None:
    [unit] = read_targets(SourceFile("Makefile", "P = 80\nrun:\n\tgunicorn -b :$(P) app\n"))
    argv = follow(unit.steps[0], None).commands[0].command.argv
    assert [word.places[0].span.outermost.text for word in argv] == ["gunicorn", "-b", ":$(P)", "app"]
