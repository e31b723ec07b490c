"""Bad input ends in a clear entry, and never in a traceback or in silence."""

import json
from pathlib import Path

import pytest

from folders import write
from serveaudit.cli import main

Report = dict[str, list[dict[str, object]]]
SITE = "server {\n    listen 127.0.0.1:80;\n    location / { return 204; }\n}\n"
BROKEN = {
    "a truncated nginx file": {"nginx.conf": "server {\n    listen 80;\n    location / {\n        proxy_pass http://x"},
    "an unclosed quote": {"nginx.conf": 'server {\n    listen 80;\n    server_name "example.com;\n}\n'},
    "bytes that are no text": {"nginx.conf": b"server {\x00\x01\x02}", "gunicorn.conf.py": "workers = 2\n"},
    "bytes that are no UTF-8": {"gunicorn.conf.py": b'bind = "127.0.0.1:8000"\nworkers = 2 # \xff\n'},
    "a broken file that another includes": {
        "nginx.conf": "events {}\nhttp {\n    include sites.inc;\n}\n",
        "sites.inc": "server {\n    listen 80;\n",
    },
    "an include that includes itself": {"nginx.conf": "events {}\nhttp {\n    include nginx.conf;\n}\n"},
    "two thousand nested blocks": {"nginx.conf": "server {\n" + "location / {\n" * 2000},
    "YAML that is not closed": {"compose.yaml": "services:\n  web: [\n"},
    "Python 2": {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nworkers = 2\nprint "starting"\n'},
}
READABLE = {
    "a byte-order mark": {"nginx.conf": b"\xef\xbb\xbf" + SITE.encode()},
    "Windows line endings": {"nginx.conf": SITE.replace("\n", "\r\n").encode()},
    "an include that is not there": {"nginx.conf": "events {}\nhttp {\n    include missing.conf;\n}\n"},
    "a megabyte without a newline": {"nginx.conf": SITE + "# " + "x" * 1_000_000},
    "a word of a megabyte": {"nginx.conf": SITE.replace("204", '200 "' + "y" * 1_000_000 + '"')},
    "tags of compose": {
        "compose.yaml": "services:\n  web:\n    image: a/b\n    ports: !reset []\n    command: !override gunicorn a:b\n"
    },
    "an alias bomb": {
        "compose.yaml": "services:\n  web:\n    image: a/b\n    labels: *i\n".replace("*i", "{}")
        + "x-a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"x-{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    },
    "an empty compose file": {"compose.yaml": ""},
    "a compose file without services": {"compose.yaml": "services:\n"},
    "Jinja in Python": {
        "gunicorn.conf.py": 'bind = "{{ host }}:8000"\nworkers = {{ workers }}\n{% if x %}timeout = 3\n{% endif %}\n'
    },
    "Jinja in nginx": {"site.conf.j2": "server {\n    listen {{ port }};\n{% if tls %}\n    ssl on;\n{% endif %}\n}\n"},
    "a number without end": {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nworkers = 10 ** 10 ** 10\n'},
    "a loop without end": {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nworkers = 1\nwhile True:\n    workers += 1\n'},
}


def audit(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Report]:
    status = main(["check", *words, "--format", "json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("files", BROKEN.values(), ids=BROKEN)
def test_what_was_meant_to_be_audited_and_cannot_be_read_is_told(
    files: dict[str, str | bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    status, report = audit(capsys, ".")
    assert status == 2
    unreadable = [file for file in report["files"] if file["status"] == "unreadable"]
    assert unreadable and all(file["reason"] for file in unreadable)
    assert {finding["rule"] for finding in report["findings"]} >= {"unreadable-file"}


@pytest.mark.parametrize("files", READABLE.values(), ids=READABLE)
def test_what_can_be_read_in_part_is_no_error(
    files: dict[str, str | bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    status, report = audit(capsys, ".", "--fail-on", "error")
    assert status in (0, 1)
    assert "unreadable-file" not in {finding["rule"] for finding in report["findings"]}


def test_a_circle_of_links_is_walked_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SITE})
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop.conf").symlink_to(tmp_path / "loop.conf")
    monkeypatch.chdir(tmp_path)
    status, report = audit(capsys, ".", "--fail-on", "error")
    assert status == 0
    assert [file["path"] for file in report["files"]] == ["nginx.conf"]


def test_a_path_that_is_not_there_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_configuration_with_side_effects_leaves_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = f"import pathlib\npathlib.Path({str(tmp_path / 'touched')!r}).touch()\n"
    write(
        tmp_path,
        {"gunicorn.conf.py": touch + 'bind = "127.0.0.1:8000"\nworkers = 2\n', "run.sh": "gunicorn app:app\n", "app.py": touch},
    )
    monkeypatch.chdir(tmp_path)
    audit(capsys, ".")
    assert not (tmp_path / "touched").exists()
