"""Kustomizations over manifests."""

from __future__ import annotations

import pytest
from repositories import Repository, plain, variables, words

from serveaudit.launch.kubernetes import bases, read_manifests
from serveaudit.launching import Group, Machine
from serveaudit.source import SourceFile
from serveaudit.values import Unknown

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: acme/web:1
          command: [gunicorn, app:app]
          envFrom: [{configMapRef: {name: settings}}]
"""
BASE = {"base/web.yaml": WEB, "base/kustomization.yaml": "resources: [web.yaml]\n"}


def overlay(text: str, resources: str = "../base", **files: str) -> Group:
    texts = {
        **BASE,
        "prod/kustomization.yaml": f"resources: [{resources}]\n{text}",
        **{f"prod/{name}.yaml": content for name, content in files.items()},
    }
    repository = Repository(texts)
    sources = [SourceFile(path, content) for path, content in texts.items() if path.startswith("prod/")]
    return read_manifests(sources, repository, repository.read)


def pod(text: str, **files: str) -> Machine:
    (machine,) = overlay(text, **files).machines
    return machine


def test_manifests_come_from_the_base_and_keep_their_places() -> None:
    group = overlay("")
    (machine,) = group.machines
    assert (group.name, group.complete) == ("prod/kustomization.yaml", True)
    assert set(group.files) == {"prod/kustomization.yaml", "base/kustomization.yaml", "base/web.yaml"}
    assert str(machine.place.span) == "base/web.yaml:3"


MORE = """\
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  template:
    spec:
      containers:
        - {name: app, resources: {limits: {memory: 64Mi}}}
"""


@pytest.mark.parametrize(
    "text",
    [
        "patches: [{path: more.yaml}]",
        "patchesStrategicMerge: [more.yaml]",
        "patches: [{path: more.yaml, target: {kind: Deployment}}]",
    ],
)
def test_a_strategic_patch_changes_what_it_names_and_is_no_object_itself(text: str) -> None:
    machine = pod(text, more=MORE)
    assert (plain(machine.replicas), plain(machine.memory), words(machine.units[0])) == (4, 64 << 20, ["gunicorn", "app:app"])
    assert str(machine.replicas.places[0].span) == "prod/more.yaml:4"


def test_a_json_patch_replaces_adds_and_removes() -> None:
    machine = pod("""\
patches:
  - target: {kind: Deployment, name: web}
    patch: |-
      - {op: replace, path: /spec/replicas, value: 2}
      - {op: add, path: /spec/template/spec/containers/0/command/-, value: --preload}
      - {op: remove, path: /spec/template/spec/containers/0/envFrom}
""")
    assert (plain(machine.replicas), words(machine.units[0])) == (2, ["gunicorn", "app:app", "--preload"])
    assert machine.env.complete is True


def test_a_patch_for_another_object_changes_nothing() -> None:
    assert plain(pod("patches: [{path: more.yaml}]", more=MORE.replace("name: web", "name: other")).replicas) == 1


def test_config_maps_are_generated_from_literals_and_files() -> None:
    text = "configMapGenerator: [{name: settings, literals: [PORT=80], files: [MODE=mode.yaml]}]\n"
    assert variables(pod(text, mode="live").env.variables) == {"PORT": "80", "MODE": "live"}


def test_an_image_gets_another_tag() -> None:
    image = pod("images: [{name: acme/web, newTag: '2'}]").image
    assert (plain(image), str(image.places[0].span)) == ("acme/web:2", "prod/kustomization.yaml:2")


@pytest.mark.parametrize(
    ("text", "resources"),
    [
        ("components: [../x]", "../base"),
        ("patches: [{path: missing.yaml}]", "../base"),
        ("patches: [{patch: '[{op: move, path: /a}]', target: {kind: Deployment}}]", "../base"),
        ("", "https://example.com/manifests"),
    ],
)
def test_what_can_not_be_followed_is_said(text: str, resources: str) -> None:
    assert isinstance(overlay(text, resources).complete, Unknown)


def test_kustomizations_that_take_each_other_end() -> None:
    repository = Repository({"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a]"})
    assert list(bases("a/kustomization.yaml", repository.read)) == ["b"]
    assert read_manifests([SourceFile("a/kustomization.yaml", "")], repository, repository.read).machines == []
