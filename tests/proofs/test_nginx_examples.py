"""nginx takes every example that is a whole configuration, but for the findings of rules that say it refuses them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from laboratory import NGINX, Laboratory

from serveaudit.cards import card_files, read_card
from serveaudit.examples import marked
from serveaudit.formats.nginx import parse
from serveaudit.programs.nginx import at_least, facts, kind_of
from serveaudit.source import SourceFile
from serveaudit.values import Value

pytestmark = pytest.mark.proof

RULES = Path(__file__).parents[2] / "rules"
REFUSING = re.compile(r"nginx (?:does not|refuses to) start")
"""What the messages of rules say whose findings keep nginx from starting."""
ELSEWHERE = re.compile(r'host not found|ngx_\w+_module\.so|unknown directive "stream"')
"""What nginx complains of that is no matter of the configuration: names and modules that this machine does not have."""
NAMES = re.compile(
    r"(proxy_pass https?://|uwsgi_pass |grpc_pass grpc://|\bserver )(?!unix:|\d|\[|localhost)([a-z][\w.-]*)(?=[:/;])"
)
MADE = {r"/etc/ssl[^\s;]*\.(?:pem|crt)": "example.com.crt", r"/etc/[^\s;]*\.key": "example.com.key"}


def whole_files(card: Any) -> list[Any]:
    """(rule, example, file) of each example of a card with a whole configuration in it."""
    found = []
    for example in card.examples:
        for path, text in marked(example["files"]).files.items():
            source = SourceFile(path, text)
            tree = parse(source)
            if kind_of(tree) == "whole" and not tree.template and path.endswith(".conf") and "events" in text:
                found.append(pytest.param(card.fields["message"], example, path, id=f"{card.name}: {example['name']}"))
    return found


WHOLE = [one for path in card_files(RULES) for one in whole_files(read_card(path))]


@pytest.mark.parametrize(("message", "example", "path"), WHOLE)
def test_nginx_takes_what_an_example_shows_whole(lab: Laboratory, message: str, example: dict[str, Any], path: str) -> None:
    files = marked(example["files"]).files
    newer = set(newer_than_this(files[path]))
    if newer:
        pytest.skip(f"this nginx has no {newer}")
    lab.certificate()
    lab.note_versions(NGINX)
    for name, text in files.items():
        lab.write(name, adapted(text, lab.folder) if name.endswith((".conf", ".inc")) else text)
    told = subprocess.run([NGINX, "-t", "-p", lab.folder, "-c", lab.folder / path], capture_output=True, text=True, check=False)
    complaints = [line for line in told.stderr.splitlines() if "[emerg]" in line]
    if complaints and ELSEWHERE.search(complaints[0]):
        pytest.skip(complaints[0])
    finds = "silent" not in example and example.get("certainty", "certain") == "certain"
    if not finds or not REFUSING.search(message):
        assert not complaints, complaints
    elif not NAMES.search(files[path]) and (REFUSING.match(message) or "refuses to start" in message):
        assert complaints, "nginx takes it"


def newer_than_this(text: str) -> list[str]:
    """The directives and parameters of a text that the nginx of this machine does not have."""
    told = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr
    version = Value(told.strip().rpartition("/")[2])
    found = []
    for directive in parse(SourceFile("nginx.conf", text)).walk():
        known = facts().directives.get(directive.name)
        if known is not None and (at_least(version, known.since) is False or (known.until and at_least(version, known.until))):
            found.append(directive.name)
        found += [word for word in directive.texts if directive.name == "listen" and word == "quic"]
    return found


def adapted(text: str, folder: Path) -> str:
    """The text with files and names that this machine has."""
    upstreams = set(re.findall(r"upstream (\S+)", text))
    text = NAMES.sub(lambda found: found[0] if found[2] in upstreams else f"{found[1]}127.0.0.1", text)
    for pattern, made in MADE.items():
        text = re.sub(pattern, str(folder / made), text)
    text = re.sub(r"/var/(?:cache|log)/nginx", str(folder), text)
    text = re.sub(r"(?m)^(\s*)user [\w-]+;", r"\1user root;", text)  # the example's own is not on this machine
    return re.sub(r"include (?:/etc/nginx/)?(proxy_params|uwsgi_params|mime\.types)", r"include /etc/nginx/\1", text)
