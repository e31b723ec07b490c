"""Which files are ours, by content, and how they are found and read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from folders import write
from serveaudit.config import Config
from serveaudit.discover import Repository, discover
from serveaudit.source import Unreadable

NGINX = "server {\n    listen 80;\n    location / { proxy_pass http://app; }\n}\n"
GUNICORN = "bind = '127.0.0.1:8000'\nworkers = 4\n"


def found(folder: Path, *paths: str, config: Config | None = None) -> Repository:
    return discover([Path(path) for path in paths or (".",)], config or Config(root=folder), cwd=folder)


def kinds(repository: Repository) -> dict[str, str]:
    return {each.path: each.kind for each in repository.files}


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("web/site", NGINX, "nginx"),
        ("default.conf.template", NGINX.replace("80", "${PORT}"), "nginx"),
        ("roles/nginx/templates/site.conf.j2", NGINX.replace("80", "{{ port }}"), "nginx"),
        ("gunicorn.conf.py", GUNICORN, "gunicorn"),
        ("deploy/conf.py", GUNICORN + "worker_class = 'gthread'\nkeepalive = 5\n", "gunicorn"),
        ("app.ini", "[uwsgi]\nmaster = true\n", "uwsgi"),
        ("app.yml", "uwsgi:\n  master: true\n", "uwsgi"),
        ("web.conf", "[program:web]\ncommand=gunicorn a:b\n", "supervisor"),
        ("web.service", "[Unit]\n[Service]\nExecStart=/bin/a\n", "systemd"),
        ("web.service.d/override.conf", "[Service]\nUser=www\n", "systemd"),
        ("Dockerfile", "FROM python:3.12\n", "dockerfile"),
        ("docker/Dockerfile.prod", "ARG V=3\nFROM python:$V\n", "dockerfile"),
        ("compose.prod.yml", "services:\n  web:\n    image: a\n", "compose"),
        ("stack.yaml", "services:\n  web:\n    image: a\n", "compose"),
        ("compose/dev.yml", "services:\n  web:\n    command: flask run\n", "compose"),
        ("k8s/web.yaml", "apiVersion: apps/v1\nkind: Deployment\n", "kubernetes"),
        ("Procfile", "web: gunicorn a:b\n", "procfile"),
        ("entrypoint.sh", "#!/bin/sh\nexec gunicorn a:b\n", "shell"),
        ("bin/start", "#!/usr/bin/env bash\nexec gunicorn a:b\n", "shell"),
        ("Makefile", "run:\n\tflask run\n", "makefile"),
        ("Caddyfile", "example.com {\n  reverse_proxy web:80\n}\n", "caddyfile"),
        ("fly.toml", "app = 'a'\n", "platform"),
        ("app.yaml", "runtime: python312\n", "platform"),
        ("haproxy.cfg", "frontend www\n  bind :80\n", "proxy"),
        ("hypercorn.toml", "bind = ['0.0.0.0:80']\n", "hypercorn"),
        ("proj/settings.py", "INSTALLED_APPS = []\nROOT_URLCONF = 'a'\n", "django"),
        ("serve.py", "import uvicorn\n" + "# x\n" * 5000 + "uvicorn.run('a:b')\n", "python"),
        ("requirements/prod.txt", "gunicorn==23\n", "requirements"),
        ("prod.env", "PORT=80\n", "env"),
    ],
)
def test_a_file_is_what_it_holds(tmp_path: Path, name: str, text: str, kind: str) -> None:
    write(tmp_path, {name: text})
    assert kinds(found(tmp_path)) == {name: kind}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redis.conf", "bind 127.0.0.1\nport 6379\nmaxmemory 2mb\n"),
        ("postgresql.conf", "listen_addresses = '*'\nport = 5432\n"),
        ("logging.ini", "[loggers]\nkeys = root\n"),
        ("setup.ini", "[metadata]\nname = a\n"),
        ("models.py", "class Server:\n    name = 'nginx'\n"),
        ("helpers.py", "import subprocess\nsubprocess.run(['ls'])\n"),
        ("openapi.yml", "openapi: 3.0.0\ninfo:\n  title: services\n"),
        ("LICENSE", "Permission is hereby granted, free of charge\n"),
        ("README.md", "```nginx\n" + NGINX + "```\n"),
        ("notes.conf", b"\0\1\2" * 100),
        ("server.rb", "server {\n}\n"),
    ],
)
def test_other_files_are_not_ours(tmp_path: Path, name: str, text: str | bytes) -> None:
    write(tmp_path, {name: text})
    assert kinds(found(tmp_path)) == {}


def test_apache_is_a_proxy_and_no_nginx(tmp_path: Path) -> None:
    write(tmp_path, {"site.conf": "<VirtualHost *:80>\n  ProxyPass / http://web:80/\n</VirtualHost>\n"})
    assert kinds(found(tmp_path)) == {"site.conf": "proxy"}


def test_a_named_file_counts_whatever_it_is(tmp_path: Path) -> None:
    write(tmp_path, {"README.md": "# Hello\n", "notes.txt": "x\n", "app/main.py": "x = 1\n"})
    repository = found(tmp_path, "README.md", "notes.txt", "app/main.py")
    assert kinds(repository) == {"README.md": "markdown", "notes.txt": "txt", "app/main.py": "python"}
    assert [report.status for report in repository.reports] == ["read"] * 3


def test_the_files_around_a_named_one_are_known_but_not_taken(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": NGINX, "other.conf": NGINX, "below/x.conf": NGINX})
    repository = found(tmp_path, "nginx.conf")
    assert kinds(repository) == {"nginx.conf": "nginx"}
    assert repository.read("other.conf").text == NGINX
    assert not repository.exists("below/x.conf")


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        found(tmp_path, "nope")


def test_paths_are_told_from_the_working_directory(tmp_path: Path) -> None:
    write(tmp_path, {"here/x": "", "there/nginx.conf": NGINX})
    assert kinds(found(tmp_path / "here", "../there")) == {"../there/nginx.conf": "nginx"}
    assert kinds(found(tmp_path, str(tmp_path / "there"))) == {"there/nginx.conf": "nginx"}


def test_a_file_is_taken_once(tmp_path: Path) -> None:
    write(tmp_path, {"a/nginx.conf": NGINX})
    assert kinds(found(tmp_path, "a", ".", "a/nginx.conf")) == {"a/nginx.conf": "nginx"}


def test_what_the_configuration_excludes_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"a/nginx.conf": NGINX, "b/nginx.conf": NGINX})
    assert kinds(found(tmp_path, config=Config(exclude=("a/",), root=tmp_path))) == {"b/nginx.conf": "nginx"}


def test_without_git_the_tree_is_walked(tmp_path: Path) -> None:
    write(
        tmp_path,
        dict.fromkeys(("nginx.conf", "node_modules/nginx.conf", "env/lib/nginx.conf", ".hidden/nginx.conf"), NGINX),
    )
    write(tmp_path, {"env/pyvenv.cfg": "home = /usr\n"})
    assert kinds(found(tmp_path)) == {".hidden/nginx.conf": "nginx", "nginx.conf": "nginx"}


def test_what_git_ignores_is_read_only_when_it_is_named(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {".gitignore": "local/\n", "nginx.conf": NGINX, "local/nginx.conf": NGINX, "new file/nginx.conf": NGINX})
    git(tmp_path, "add", "nginx.conf")
    assert kinds(found(tmp_path)) == {"new file/nginx.conf": "nginx", "nginx.conf": "nginx"}
    assert kinds(found(tmp_path, "local/nginx.conf")) == {"local/nginx.conf": "nginx"}
    assert kinds(found(tmp_path, "local")) == {"local/nginx.conf": "nginx"}


def test_a_tracked_file_that_is_gone_is_not_there(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"nginx.conf": NGINX, "Dockerfile": "FROM a\n"})
    git(tmp_path, "add", ".")
    (tmp_path / "nginx.conf").unlink()
    repository = found(tmp_path)
    assert kinds(repository) == {"Dockerfile": "dockerfile"}
    assert not repository.exists("nginx.conf")


def test_a_repository_in_the_repository_is_gone_through(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"sub/nginx.conf": NGINX})
    git(tmp_path / "sub", "init", "-q")
    assert kinds(found(tmp_path)) == {"sub/nginx.conf": "nginx"}


def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"nginx.conf": NGINX, "evil.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\n"})
    (tmp_path / "evil.sh").chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", f"{tmp_path}/evil.sh")
    git(tmp_path, "config", "core.hooksPath", str(tmp_path))
    assert "nginx.conf" in kinds(found(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_where_git_refuses_the_tree_is_walked(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": NGINX, ".git": "gitdir: /nowhere\n"})
    assert kinds(found(tmp_path)) == {"nginx.conf": "nginx"}


def test_a_link_is_what_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path, {"sites-available/shop": NGINX})
    (tmp_path / "sites-enabled").mkdir()
    (tmp_path / "sites-enabled/shop").symlink_to("../sites-available/shop")
    repository = found(tmp_path)
    assert kinds(repository) == {"sites-available/shop": "nginx"}
    assert repository.read("sites-enabled/shop") is repository.read("sites-available/shop")
    assert repository.glob("sites-enabled/*") == ["sites-enabled/shop"]


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    write(tmp_path, {"secret.conf": NGINX, "repo/x": ""})
    (tmp_path / "repo/nginx.conf").symlink_to(tmp_path / "secret.conf")
    (tmp_path / "repo/circle.conf").symlink_to("circle.conf")
    (tmp_path / "repo/up").symlink_to("..")
    repository = found(tmp_path / "repo")
    assert kinds(repository) == {}
    with pytest.raises(Unreadable, match="leads out"):
        repository.read("nginx.conf")
    with pytest.raises(Unreadable):
        repository.read("circle.conf")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "nginx.conf")
    assert kinds(found(tmp_path)) == {}


def test_a_file_that_is_not_text_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": NGINX.encode() + b"# caf\xe9\n"})
    repository = found(tmp_path)
    (report,) = repository.reports
    assert (report.kind, report.status, report.reason) == ("nginx", "unreadable", "not valid UTF-8: byte 0xe9 in line 5")
    assert report.span is not None
    assert report.span.line == 5


def test_a_named_file_that_is_no_text_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": b"\0\1\2"})
    (report,) = found(tmp_path, "nginx.conf").reports
    assert (report.status, report.reason) == ("unreadable", "binary, not text")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM a\n"})
    (tmp_path / "Dockerfile").chmod(0)
    assert [report.status for report in found(tmp_path).reports] == ["unreadable"]


def test_other_encodings_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": b"\xff\xfe" + NGINX.encode("utf-16-le")})
    assert kinds(found(tmp_path)) == {"nginx.conf": "nginx"}


def test_templates_are_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "site.conf.j2": "{% if tls %}\n" + NGINX + "{% endif %}\n",
            "chart/web.yaml": "apiVersion: v1\nkind: Pod\nx: {{ .Values.x }}\n",
        },
    )
    told = {report.path: (report.status, report.reason) for report in found(tmp_path).reports}
    assert told == {"site.conf.j2": ("template", "Jinja template"), "chart/web.yaml": ("template", "Helm template")}


def test_directories_and_patterns(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(("a/b/one.conf", "a/b/two.conf", "a/b/.hidden.conf", "a/three.conf", "c.conf"), "x"))
    repository = found(tmp_path)
    assert [repository.is_dir(path) for path in ("a", "a/b", ".", "a/b/one.conf", "b")] == [True, True, True, False, False]
    assert repository.glob("a/b/*.conf") == ["a/b/one.conf", "a/b/two.conf"]
    assert repository.glob("*/b/t*") == ["a/b/two.conf"]
    assert repository.glob("*.conf") == ["c.conf"]
    assert repository.glob("./a/b/.*") == ["a/b/.hidden.conf"]


def test_a_text_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": NGINX})
    repository = found(tmp_path)
    assert repository.read("nginx.conf") is repository.read("./nginx.conf")
    assert [source.path for source in repository.sources] == ["nginx.conf"]


def test_a_submodule_is_gone_through(tmp_path: Path) -> None:
    write(tmp_path, {"other/nginx.conf": NGINX, "main/Dockerfile": "FROM a\n"})
    git(tmp_path / "other", "init", "-q")
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "commit", "-qm", "x")
    git(tmp_path / "main", "init", "-q")
    git(tmp_path / "main", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "other"), "sub")
    assert kinds(found(tmp_path / "main")) == {"Dockerfile": "dockerfile", "sub/nginx.conf": "nginx"}
