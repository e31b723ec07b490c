"""What the files of a repository start: text in, commands out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from folders import gathered
from followed import chain, command_of, with_conditions
from serveaudit.gathering import Gathered
from serveaudit.starting import Started
from serveaudit.values import Items, Unknown, Value

Files = dict[str, str]
IMAGE = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["python", "start.py"]\n'


def groups(folder: Path, files: Files) -> list[Gathered]:
    return gathered(folder, {name: dedent(text) for name, text in files.items()})


def commands(folder: Path, files: Files) -> list[Started]:
    return [each for group in groups(folder, files) for starting in group.startings for each in starting.commands]


def told(folder: Path, files: Files) -> list[str]:
    """Every command that is come to, with its conditions."""
    return [with_conditions(each.followed) for each in commands(folder, files)]


def servers(folder: Path, files: Files) -> list[str]:
    """The servers that run: program, addresses, processes."""
    every = groups(folder, files)
    found = [each.reading for group in every for starting in group.startings for each in starting.started if each.reading]
    alone = [reading for group in every for reading, _ in group.alone]
    return [_shown(reading.server.program, reading.server.listeners, reading.server.processes) for reading in (*found, *alone)]


def _shown(program: str, listeners: Value[Items], processes: Value[int]) -> str:
    def plain(value: Value[object]) -> str:
        return "?" if isinstance(value.x, Unknown) else str(value.x)

    where = " ".join(plain(each.address) for each in listeners.x) if isinstance(listeners.x, Items) else "?"
    return f"{program} {where} x{plain(processes)}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('import subprocess\nsubprocess.run(["gunicorn", "-w", str(4), "a:b"])', ["gunicorn -w 4 a:b"]),
        ('from subprocess import Popen\nPopen("uvicorn a:b", shell=True)', ["uvicorn a:b"]),
        ('import os\nos.system("cd src && gunicorn a:b")', ["gunicorn a:b"]),
        ('import os\nos.execvp("gunicorn", ["gunicorn", "a:b"])', ["gunicorn a:b"]),
        ('import os\nos.execlp("gunicorn", "gunicorn", "a:b")', ["gunicorn a:b"]),
        ('import subprocess, sys\nsubprocess.call([sys.executable, "-m", "gunicorn", "a:b"])', ["python -m gunicorn a:b"]),
        ("import shlex, subprocess\nsubprocess.run(shlex.split(\"gunicorn 'a:b'\"))", ["gunicorn a:b"]),
        (
            'import os, subprocess\ncmd = ["gunicorn"]\ncmd += ["-b", f":{os.environ.get(\'PORT\', 80)}"]\ncmd.append("a:b")\n'
            "subprocess.check_call(cmd)",
            ["gunicorn -b :80 a:b"],
        ),
        (
            'from django.core.management import call_command\ncall_command("migrate")\ncall_command("runserver", "0.0.0.0:8")',
            ["django-admin migrate", "django-admin runserver 0.0.0.0:8"],
        ),
        (
            'import subprocess\ndef serve():\n    subprocess.run(["gunicorn", "a:b"])\ndef other():\n'
            '    subprocess.run(["daphne", "a:b"])\nif __name__ == "__main__":\n    serve()',
            ["gunicorn a:b"],
        ),
        ("import subprocess\nsubprocess.run(unknown)", []),
        ("import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)", []),
    ],
)
def test_a_python_file_starts_programs(here: Path, text: str, expected: list[str]) -> None:
    assert told(here, {"Dockerfile": IMAGE, "start.py": text}) == ["python start.py", *expected]


def test_what_python_hands_on_to_its_program(here: Path) -> None:
    text = """\
        import os, subprocess
        os.environ["A"] = "1"
        os.chdir("src")
        subprocess.run(["gunicorn", "a:b"])
        subprocess.run(["gunicorn", "a:b"], cwd="/srv", env={"B": "2"})
        os.execvp("gunicorn", ["gunicorn", "a:b"])
        """
    first, second, third = [each.followed for each in commands(here, {"Dockerfile": IMAGE, "start.py": text})][1:]
    assert (first.command.cwd.x, first.command.env.get("A").x) == ("/app/src", "1")
    assert (second.command.cwd.x, second.command.env.get("B").x, second.command.env.get("A").x) == ("/srv", "2", None)
    assert [chain(each) for each in (second, third)] == ["start.py stays", "start.py becomes"]
    assert [each.last for each in (first, second, third)] == [False, False, True]


def test_a_command_of_a_python_file_is_the_one_that_is_named(here: Path) -> None:
    text = """\
        import subprocess, typer
        app = typer.Typer()
        @app.command()
        def serve(): subprocess.run(["gunicorn", "a:b"])
        @app.command()
        def work(): subprocess.run(["celery", "worker"])
        app()
        """
    assert told(here, {"Procfile": "web: python cli.py serve", "cli.py": text}) == ["python cli.py serve", "gunicorn a:b"]


def test_a_python_file_that_nothing_starts_is_a_launch_where_it_starts_a_server(here: Path) -> None:
    files = {
        "start.py": 'import subprocess\nsubprocess.run(["gunicorn", "-b", ":80", "a:b"])\n',
        "convert.py": 'import subprocess\nsubprocess.run(["ffmpeg", "x"])\n',
    }
    assert told(here, files) == ["gunicorn -b :80 a:b"]


@pytest.mark.parametrize(
    ("options", "load", "expected"),
    [
        ('{"bind": "0.0.0.0:80", "workers": 3, "mine": 1}', "pass", "gunicorn 0.0.0.0:80 x3"),
        ("None", 'self.cfg.set("bind", ":81")\n        self.cfg.set("workers", 2)', "gunicorn 0.0.0.0:81 x2"),
        ("vars(parser.parse_args())", "pass", "gunicorn ? x?"),
    ],
)
def test_an_application_that_brings_gunicorn_along(here: Path, options: str, load: str, expected: str) -> None:
    text = f"""\
from gunicorn.app.base import BaseApplication

class Served(BaseApplication):
    def __init__(self, app, options=None):
        self.options = options or {{}}
        super().__init__()
    def load_config(self):
        for name, value in self.options.items():
            self.cfg.set(name, value)
        {load}

Served(app, {options}).run()
"""
    assert servers(here, {"Dockerfile": IMAGE, "start.py": text}) == [expected]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (r"RUN echo '#!/bin/sh\nexec gunicorn -w 3 a:b' > /start.sh", "gunicorn -w 3 a:b"),
        ("RUN printf '%s\\n' 'gunicorn a:b' > /start.sh", "gunicorn a:b"),
        ("COPY <<'EOF' /start.sh\n#!/bin/sh\nW=5\ngunicorn -w $W a:b\nEOF", "gunicorn -w 5 a:b"),
        ("ENV W=4\nCOPY <<EOF /start.sh\n#!/bin/sh\ngunicorn -w $W a:b\nEOF", "gunicorn -w 4 a:b"),
        ("COPY start.sh /\nRUN sed -i 's/\\r$//' /start.sh && chmod +x /start.sh", "gunicorn repository:app"),
        ("COPY start.sh /\nRUN sed -i 's/repository/other/' /start.sh", "gunicorn other:app"),
        ("RUN echo nothing > /start.sh\nCOPY start.sh /", "gunicorn repository:app"),
        ("COPY start.sh /\nRUN sed -i '/gunicorn/d' /start.sh", "/start.sh"),
    ],
)
def test_a_script_that_the_build_writes_or_changes(here: Path, build: str, expected: str) -> None:
    files = {
        "Dockerfile": f'FROM python:3.12\n{build}\nCMD ["/start.sh"]\n',
        "start.sh": "#!/bin/sh\ngunicorn repository:app\n",
    }
    assert told(here, files)[:1] == [expected]


def test_a_configuration_that_a_build_argument_decides_is_not_known(here: Path) -> None:
    text = (
        'FROM python:3.12\nARG PORT\nCOPY <<EOF /g.py\nbind = \':$PORT\'\nworkers = 2\nEOF\nCMD ["gunicorn", "-c", "/g.py"]\n'
    )
    assert servers(here, {"Dockerfile": text}) == ["gunicorn ? x?"]


SUPERVISED = 'FROM python:3.12\nWORKDIR /app\nCOPY s.conf {target}\nCMD ["supervisord", {options}]\n'


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("/etc/supervisord.conf", '"-n"'),
        ("/etc/supervisor/conf.d/web.conf", '"-n"'),
        ("/etc/supervisor/conf.d/", '"-c", "/etc/supervisor/supervisord.conf"'),
        ("/x.conf", '"-nc", "/x.conf"'),
        ("/x.conf", '"--configuration=/x.conf"'),
    ],
)
def test_the_file_of_supervisord(here: Path, target: str, options: str) -> None:
    files = {"Dockerfile": SUPERVISED.format(target=target, options=options), "s.conf": "[program:web]\ncommand=gunicorn a:b\n"}
    assert told(here, files)[1:] == ["gunicorn a:b"]


def test_here_is_the_directory_of_the_file_in_which_it_stands(here: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["supervisord", "-c", "/app/main.conf"]\n',
        "main.conf": "[supervisord]\nnodaemon=true\n[include]\nfiles = %(here)s/parts/*.conf\n",
        "parts/web.conf": "[program:web]\ncommand=%(here)s/run.sh\n",
        "parts/run.sh": "#!/bin/sh\nexec gunicorn a:b\n",
    }
    assert told(here, files)[1:] == ["gunicorn a:b"]


def test_compose_files_go_together_as_a_script_or_document_says(here: Path) -> None:
    files = {
        "compose.yml": "services: {web: {image: python, command: gunicorn a:b}}\n",
        "compose.tls.yml": "services: {web: {command: gunicorn -w 2 a:b}}\n",
        "compose.more.yml": "services: {web: {environment: {X: 1}}}\n",
        "README.md": "    docker compose -f compose.yml -f compose.tls.yml \\\n      --file=compose.more.yml -p x up -d\n",
    }
    assert told(here, files) == ["gunicorn -w 2 a:b", "gunicorn a:b"]


BASE = 'FROM python:3.12\nWORKDIR /srv\nENV W=3\nENTRYPOINT ["gunicorn"]\n'


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yml": "services: {base: {build: ./base, image: 'acme/base:1'}, web: {build: .}}\n"},
        {"Makefile": "build:\n\tdocker build -t acme/base:1 -f base/Dockerfile base\n"},
        {".github/workflows/x.yml": "run: docker buildx build --tag=acme/base:1 base/\n"},
    ],
)
def test_an_image_that_is_built_here_is_known_by_its_name(here: Path, files: Files) -> None:
    child = 'FROM acme/base:1\nCMD ["a:b"]\n'
    found = [each.followed for each in commands(here, {**files, "base/Dockerfile": BASE, "Dockerfile": child})]
    web = next(each for each in found if command_of(each) == "gunicorn a:b")
    assert (web.command.cwd.x, web.command.env.get("W").x) == ("/srv", "3")


IN_APP = "FROM python:3.12\nWORKDIR /app\nCOPY . .\n"


def test_honcho_starts_the_lines_of_its_procfile_with_ports_of_their_own(here: Path) -> None:
    files = {
        "Dockerfile": IN_APP + 'CMD ["honcho", "start", "-f", "Procfile.prod"]\n',
        "Procfile.prod": "web: gunicorn -b :$PORT a:b\napi: uvicorn --port $PORT --workers $W a:b\n",
        ".env": "PORT=3000\nW=2\n",
    }
    assert told(here, files)[1:] == ["gunicorn -b :3000 a:b", "uvicorn --port 3100 --workers 2 a:b"]


def test_make_runs_a_target_with_what_it_needs_and_is_given(here: Path) -> None:
    files = {
        "Dockerfile": IN_APP + 'CMD ["make", "-C", "src", "serve", "PORT=9"]\n',
        "src/Makefile": (
            "PORT ?= 8\nFLAGS = --bind :$(PORT) \\\n\t--timeout 60\nserve: first\n\tgunicorn $(FLAGS) a:b\nfirst:\n\tinit\n"
        ),
    }
    found = [each.followed for each in commands(here, files) if each.unit.manager == "docker"]
    assert [command_of(each) for each in found] == [
        "make -C src serve PORT=9",
        "init",
        "gunicorn --bind :9 --timeout 60 a:b",
    ]
    assert (found[-1].command.cwd.x, chain(found[-1])) == ("/app/src", "make stays > sh stays")


@pytest.mark.parametrize(
    ("start", "path", "text", "expected"),
    [
        (
            "/init",
            "etc/services.d/web/run",
            "#!/usr/bin/with-contenv bash\nexec s6-setuidgid app gunicorn a:b\n",
            "gunicorn a:b",
        ),
        (
            "/init",
            "etc/s6-overlay/s6-rc.d/web/run",
            "#!/command/execlineb -P\nwith-contenv\ncd /srv\ngunicorn a:b\n",
            "gunicorn a:b",
        ),
        ("/init", "etc/services.d/web/run", "#!/bin/execlineb\nforeground { a { b } }\ngunicorn a:b\n", "gunicorn a:b"),
        ("/init", "etc/services.d/web/run", "#!/bin/execlineb\nimportas -i HOME HOME\ngunicorn a:b\n", "gunicorn a:b"),
        ("/init", "etc/services.d/web/run", "#!/bin/execlineb\nimportas PORT PORT\ngunicorn -b :$PORT a:b\n", None),
        ("/init", "etc/services.d/web/run", "#!/bin/execlineb\nbacktick A { a }\ngunicorn a:b\n", None),
        ("/sbin/my_init", "etc/service/web/run", "#!/bin/sh\nexec chpst -u app gunicorn a:b\n", "gunicorn a:b"),
        ("runsvdir -P /etc/service", "etc/service/web/run", "#!/bin/sh\nexec gunicorn a:b\n", "gunicorn a:b"),
    ],
)
def test_services_that_an_init_starts(here: Path, start: str, path: str, text: str, expected: str | None) -> None:
    files = {
        "Dockerfile": f"FROM python:3.12\nCOPY root/ /\nENTRYPOINT {start.split()!r}\n".replace("'", '"'),
        f"root/{path}": text,
    }
    assert told(here, files) == [start, *([expected] if expected else [])]


def test_a_script_of_the_name_of_a_packaged_program_does_not_start_itself(here: Path) -> None:
    files = {"init/nginx": "#!/bin/sh\nmake-config\nexec /usr/sbin/nginx -e stderr\n"}
    assert told(here, files) == ["make-config", "/usr/sbin/nginx -e stderr"]


def test_supervisord_starts_what_a_script_links_for_it(here: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nCOPY etc /etc\nCOPY start.sh /start.sh\nCMD ["/start.sh"]\n',
        "start.sh": """\
            #!/bin/sh
            CONF=/run/conf.d/
            find /etc/supervisor -type f -name '*.conf' ! -name 'supervisord.conf' -exec ln -s -t "$CONF" {} +
            exec supervisord --configuration=/etc/supervisor/supervisord.conf
            """,
        "etc/supervisor/supervisord.conf": "[supervisord]\nnodaemon=true\n[include]\nfiles = /run/conf.d/*.conf\n",
        "etc/supervisor/web.conf": "[program:web]\ncommand=gunicorn a:b\n",
    }
    assert told(here, files)[-1] == "gunicorn a:b"


@pytest.mark.parametrize(
    ("ignored", "workers"),
    [
        ("gunicorn.conf.py", 1),
        ("*.conf.py", 1),
        ("**/*.conf.py\n", 1),
        ("/gunicorn.*", 1),
        ("*\n", 1),
        ("*\n!gunicorn.conf.py\n", 5),
        ("gunicorn.conf.py\n!*.py\n", 5),
        ("deploy/*.py\n# gunicorn.conf.py\n", 5),
        ("gunicorn\n", 5),
    ],
)
def test_what_a_dockerignore_leaves_out_is_not_in_the_image(here: Path, ignored: str, workers: int) -> None:
    files = {
        "Dockerfile": IN_APP + 'CMD ["gunicorn", "a:b"]\n',
        ".dockerignore": ignored,
        "gunicorn.conf.py": "workers = 5\nbind = ':80'\ntimeout = 9\n",
    }
    assert servers(here, files)[0].endswith(f" x{workers}")
