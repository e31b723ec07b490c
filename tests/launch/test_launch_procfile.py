"""Procfiles: a unit for each line, with the port that the platform chooses."""

from followed import command_of
from serveaudit.command import Environment
from serveaudit.following import follow
from serveaudit.launch.procfile import read_processes
from serveaudit.launching import Unit
from serveaudit.source import SourceFile
from serveaudit.values import Value


def commands(unit: Unit) -> list[str]:
    return [command_of(each) for step in unit.steps for each in follow(step, None).commands]


def test_each_line_is_a_unit_with_its_name_and_place() -> None:
    text = "# processes\nweb: gunicorn app:app --threads 8  \nrelease: python manage.py migrate\n\nnot a line\n"
    units = read_processes(SourceFile("Procfile", text))
    assert [(unit.manager, unit.name, unit.place.span.line) for unit in units] == [
        ("procfile", "web", 2),
        ("procfile", "release", 3),
    ]
    assert [commands(unit) for unit in units] == [["gunicorn app:app --threads 8"], ["python manage.py migrate"]]


def test_the_platform_chooses_the_port() -> None:
    [unit] = read_processes(SourceFile("Procfile", "web: uvicorn app:app --port $PORT"))
    assert commands(unit) == ["uvicorn app:app --port <$PORT>"]


def test_a_port_that_somebody_sets_is_known() -> None:
    env = Environment({"PORT": Value("5000")})
    [unit] = read_processes(SourceFile("Procfile", "web: uvicorn app:app --port ${PORT:-80}"), env)
    assert commands(unit) == ["uvicorn app:app --port 5000"]


def test_a_command_points_into_the_procfile() -> None:
    [unit] = read_processes(SourceFile("Procfile", "web: gunicorn -w 4 app:app"))
    [found] = follow(unit.steps[0], None).commands
    assert [word.places[0].span.outermost.text for word in found.command.argv] == ["gunicorn", "-w", "4", "app:app"]
    assert found.command.argv[2].places[0].span.path == "Procfile"


def test_both_alternatives_of_a_template_are_units() -> None:
    text = "{%- if a %}\nweb: gunicorn a\n{%- else %}\nweb: gunicorn b\n{%- endif %}\n"
    assert [commands(unit) for unit in read_processes(SourceFile("Procfile", text))] == [["gunicorn a"], ["gunicorn b"]]
