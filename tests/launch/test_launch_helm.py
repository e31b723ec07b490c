"""Helm's charts, as far as their own values tell."""

from __future__ import annotations

import time

import pytest
from repositories import Repository, plain, variables, words

from serveaudit.launch.kubernetes import chart_of, read_manifests
from serveaudit.launching import Group, Machine
from serveaudit.source import SourceFile
from serveaudit.values import Unknown

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  replicas: {{ .Values.replicas | default 3 }}
  template:
    metadata:
      labels:
        {{- include "app.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          command: ["gunicorn", "-w", {{ .Values.workers | quote }}, "app:app"]
%s"""


def chart(template: str, values: str = "", **files: str) -> Group:
    texts = {
        "chart/Chart.yaml": "name: shop\nappVersion: '1.4'\n",
        "chart/values.yaml": values,
        "chart/templates/web.yaml": template,
        **{f"chart/{name.replace('__', '/').replace('_tpl', '.tpl')}": text for name, text in files.items()},
    }
    repository = Repository(texts)
    return read_manifests([SourceFile("chart/templates/web.yaml", template)], repository, repository.read)


def pod(more: str = "", values: str = "", **files: str) -> Machine:
    (machine,) = chart(DEPLOYMENT % more, f"image: {{repository: acme/web}}\nworkers: 4\n{values}", **files).machines
    return machine


def test_values_stand_where_the_template_names_them_and_tell_where_they_come_from() -> None:
    machine = pod()
    assert (words(machine.units[0]), plain(machine.image)) == (["gunicorn", "-w", "4", "app:app"], "acme/web:1.4")
    workers = machine.units[0].steps[0].argv[2]
    assert [str(place.span) for place in machine.image.places] == ["chart/templates/web.yaml:14", "chart/values.yaml:1"]
    assert workers.places[0].span.path == "chart/templates/web.yaml"


def test_a_default_holds_on_the_assumption_that_nothing_else_is_given() -> None:
    assert (plain(pod().replicas), pod().replicas.assumes) == (3, (".Values.replicas is not set",))
    given = pod(values="replicas: 5\n").replicas
    assert (plain(given), given.assumes) == (5, (".Values.replicas is not overridden",))


def test_what_only_the_release_knows_is_unknown_and_the_rest_of_the_text_is_not() -> None:
    assert pod().name == "{{ .Release.Name }}-web"


@pytest.mark.parametrize(("enabled", "names"), [("true", ["MODE", "EXTRA"]), ("false", ["MODE"])])
def test_a_condition_on_values_is_decided(enabled: str, names: list[str]) -> None:
    env = """\
          env:
            - name: MODE
              value: live
            {{- if .Values.extra.enabled }}
            - name: EXTRA
              value: "1"
            {{- end }}
"""
    machine = pod(env, f"extra: {{enabled: {enabled}}}")
    assert list(variables(machine.env.variables)) == names
    if enabled == "true":
        assert machine.env.variables["EXTRA"].assumes == (".Values.extra.enabled is not overridden",)


def test_ranges_with_and_to_yaml_take_what_the_values_hold() -> None:
    machine = pod(
        """\
          env:
            {{- range $key, $value := .Values.env }}
            - name: {{ $key }}
              value: {{ $value | quote }}
            {{- end }}
          {{- with .Values.limits }}
          resources:
            limits:
              {{- toYaml . | nindent 14 }}
          {{- end }}
""",
        "env: {A: x, B: 'off'}\nlimits: {memory: 256Mi}\n",
    )
    assert variables(machine.env.variables) == {"A": "x", "B": "off"}
    assert plain(machine.memory) == 256 * 1024 * 1024


def test_what_only_helm_can_fill_in_may_hold_anything() -> None:
    group = chart(
        DEPLOYMENT % '          {{- include "shop.probes" . | nindent 10 }}\n          env:\n            '
        "{{- if .Capabilities.X }}\n            - {name: A, value: x}\n            {{- end }}\n",
        "workers: 1",
    )
    unit = group.machines[0].units[0]
    assert isinstance(group.complete, Unknown)
    assert isinstance(unit.keys["readinessProbe"].x, Unknown)
    assert isinstance(group.machines[0].env.get("A").x, Unknown)


def test_a_service_finds_its_pod_by_labels_that_only_helm_knows() -> None:
    service = """---
kind: Service
metadata:
  name: {{ include "app.fullname" . }}
spec:
  type: {{ .Values.service.type }}
  selector: {{- include "app.labels" . | nindent 4 }}
  ports:
    - port: 80
      targetPort: 8000
"""
    machine = pod(service, "service: {type: LoadBalancer}\n")
    assert [(plain(each.host_ip), plain(each.port)) for each in machine.published] == [("", 8000)]


def test_named_templates_are_filled_in_where_all_of_them_is_known() -> None:
    helpers = '{{- define "app.labels" -}}\napp: {{ .Chart.Name }}\ntier: web\n{{- end }}\n'
    assert {key: plain(value) for key, value in pod(templates___helpers_tpl=helpers).labels.items()} == {
        "app": "shop",
        "tier": "web",
    }


MOUNTED = """\
          volumeMounts:
            - {name: conf, mountPath: /etc/nginx/conf.d}
      volumes:
        - name: conf
          configMap: {name: conf}
---
kind: ConfigMap
metadata: {name: conf}
data:
"""


def test_a_config_of_the_values_is_a_view_on_the_values() -> None:
    values = "conf: |\n  server {\n    listen 80;\n  }\n"
    machine = pod(MOUNTED + "  web.conf: |\n{{ .Values.conf | indent 4 }}\n", values)
    (mount,) = [mount for mount in machine.mounts if mount.content]
    assert mount.content is not None
    assert mount.content.text == "server {\n  listen 80;\n}\n"
    span = mount.content.span(mount.content.text.index("listen"), mount.content.text.index(";"))
    assert (str(span), span.outermost.text) == ("chart/values.yaml:5", "listen 80")


def test_a_config_in_a_template_is_a_view_on_it_with_its_values_in_place() -> None:
    conf = """\
  web.conf: |
    server {
      listen {{ .Values.port }};
{{- if .Release.IsUpgrade }}
      gzip on;
{{- end }}
    }
"""
    (mount,) = [mount for mount in pod(MOUNTED + conf, "port: 8080\n").mounts if mount.content]
    assert mount.content is not None
    assert "listen 8080;" in mount.content.text
    assert "{{- if .Release.IsUpgrade }}" in mount.content.text
    at = mount.content.text.index("listen")
    assert mount.content.span(at, at + 11).outermost.text == "listen {{ .Values.port }}"


@pytest.mark.parametrize(
    "template",
    [
        "kind: Pod\n{{ end }}",
        "kind: Pod\n{{ if .Values.a }}",
        "kind: Pod\nname: {{ " + "(" * 5000 + " }}",
        "{{ if .Values.a }}" * 3000 + "{{ end }}" * 3000,
        "{{ range .Values.many }}{{ range $.Values.many }}{{ range $.Values.many }}x{{ end }}{{ end }}{{ end }}",
        '{{ $a := "xxxxxxxx" }}' + '{{ $a = printf "%s%s" $a $a }}' * 100 + "a: {{ $a }}",
        "a: {{ toYaml .Values.bomb }}",
        "a: {{ .Values.many }}",
        '{{ include "loop" . }}',
        "{{" * 50_000,
    ],
)
def test_hostile_templates_end_soon(template: str) -> None:
    bomb = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "a0: &a0 [x]" for n in range(12))
    values = f"many: [{'a, ' * 200}]\n{bomb}\nbomb: *a11\n"
    begun = time.perf_counter()
    chart(template, values, templates___helpers_tpl='{{ define "loop" }}{{ include "loop" . }}{{ include "loop" . }}{{ end }}')
    assert time.perf_counter() - begun < 3


def test_a_chart_is_known_by_its_own_description() -> None:
    read = Repository({"a/Chart.yaml": ""}).read
    assert chart_of("a/templates/sub/web.yaml", read) == "a"
    assert chart_of("b/templates/web.yaml", read) is None
    assert chart_of("a/web.yaml", read) is None
