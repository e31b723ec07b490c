"""A cloud's user data."""

from __future__ import annotations

import pytest

from serveaudit.launch.cloudinit import read_user_data
from serveaudit.source import SourceFile

TEXT = """\
#cloud-config
write_files:
  - path: /etc/nginx/conf.d/app.conf
    content: |
      server {
        listen 80;
      }
  - {path: /etc/encoded, encoding: b64, content: c2VydmVyCg==}
  - {path: /etc/more, append: true, content: x}
runcmd:
  - systemctl start nginx
  - [gunicorn, -w, 3, "app:app"]
"""


def test_files_are_views_on_the_user_data() -> None:
    data = read_user_data(SourceFile("user-data", TEXT))
    assert list(data.files) == ["/etc/nginx/conf.d/app.conf"]
    text = data.files["/etc/nginx/conf.d/app.conf"]
    assert text.text == "server {\n  listen 80;\n}\n"
    at = text.text.index("listen")
    assert str(text.span(at, at + 6)) == "user-data:6"


def test_commands_are_texts_for_the_shell_or_words() -> None:
    shell, words = read_user_data(SourceFile("user-data", TEXT)).commands
    assert shell.script is not None
    assert shell.script.text == "systemctl start nginx"
    assert [word.x for word in words.argv] == ["gunicorn", "-w", "3", "app:app"]


@pytest.mark.parametrize(
    "text", ["", "- a", "write_files: x\nruncmd: {a: 1}", "write_files: [x, {path: [a], content: b}]\nruncmd: [[], {}]"]
)
def test_odd_user_data_hold_nothing(text: str) -> None:
    data = read_user_data(SourceFile("user-data", text))
    assert (data.files, data.commands) == ({}, [])
