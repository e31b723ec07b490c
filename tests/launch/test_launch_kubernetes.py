"""Kubernetes manifests as pods."""

from __future__ import annotations

import pytest
from repositories import Repository, plain, variables, words

from serveaudit.launch.kubernetes import read_manifests
from serveaudit.launching import Group, Machine
from serveaudit.source import SourceFile
from serveaudit.values import Range, Unknown


def manifests(*documents: str) -> Group:
    return read_manifests([SourceFile("k8s.yaml", "\n---\n".join(documents))], Repository())


def deployment(container: str, spec: str = "", more: str = "", kind: str = "Deployment") -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web}}\nspec:\n"
        "  template:\n    metadata: {labels: {app: web, tier: x}}\n"
        f"    spec:\n      containers:\n        - {{name: app, {container}}}\n{spec}{more}"
    )


def pod(container: str, *others: str, spec: str = "", more: str = "") -> Machine:
    (machine,) = manifests(deployment(container, spec, more), *others).machines
    return machine


def published(machine: Machine) -> list[tuple[object, object, object]]:
    return [(plain(each.host_ip), plain(each.host_port), plain(each.port)) for each in machine.published]


def service(ports: str, spec: str = "", meta: str = "name: web") -> str:
    return f"kind: Service\nmetadata: {{{meta}}}\nspec: {{selector: {{app: web}}, {spec} ports: [{ports}]}}"


def test_a_container_is_a_unit_with_its_words() -> None:
    machine = pod("image: x, command: [gunicorn, -b], args: [':80', $(W)], env: [{name: W, value: '4'}], workingDir: /app")
    (unit,) = machine.units
    assert (unit.manager, unit.name, words(unit), plain(unit.steps[0].cwd)) == (
        "kubernetes",
        "app",
        ["gunicorn", "-b", ":80", "4"],
        "/app",
    )
    assert (machine.kind, machine.name, machine.names) == ("pod", "web", {"web"})
    assert [plain(v) for v in (unit.stop_timeout, unit.stop_signal, unit.restart)] == [30, "TERM", "always"]


def test_command_stands_for_the_entrypoint_and_args_for_the_command() -> None:
    assert words(pod("image: nginx").units[0]) == ["nginx", "-g", "daemon off;"]
    assert words(pod("image: nginx, args: [nginx-debug]").units[0]) == ["nginx-debug"]
    assert words(pod("image: nginx, command: [sh]").units[0]) == ["sh"]
    assert pod("image: acme/x, args: [a]").units[0].steps == ()


def test_variables_come_from_config_maps_secrets_and_services() -> None:
    machine = pod(
        "image: x, command: [a], envFrom: [{configMapRef: {name: c}, prefix: P_}], env: ["
        "{name: S, valueFrom: {secretKeyRef: {name: s, key: k}}},"
        " {name: K, valueFrom: {configMapKeyRef: {name: c, key: A}}}, {name: E}, {name: N, value: '$(P_A)$(NONE)$$(X)'}]",
        "kind: ConfigMap\nmetadata: {name: c}\ndata: {A: '1'}",
        service("{port: 80}", meta="name: uvicorn"),
    )
    assert variables(machine.env.variables) == {
        "UVICORN_SERVICE_HOST": "?",
        "UVICORN_SERVICE_PORT": "80",
        "UVICORN_PORT": "tcp://<unknown>:80",
        "P_A": "1",
        "S": "?",
        "K": "1",
        "E": "",
        "N": "1$(NONE)$(X)",
    }
    assert machine.env.complete is True


def test_without_service_links_a_pod_gets_no_variables_of_services() -> None:
    machine = pod("image: x, command: [a]", service("{port: 80}"), spec="      enableServiceLinks: false\n")
    assert machine.env.variables == {}


@pytest.mark.parametrize("source", ["{secretRef: {name: s}}", "{configMapRef: {name: gone}}", "{}"])
def test_what_is_not_in_the_repository_may_set_anything(source: str) -> None:
    assert isinstance(pod(f"image: x, command: [a], envFrom: [{source}]").env.complete, Unknown)


def test_a_config_map_s_files_are_mounted_as_texts() -> None:
    machine = pod(
        "image: nginx, volumeMounts: [{name: c, mountPath: /etc/nginx/nginx.conf, subPath: nginx.conf},"
        " {name: c, mountPath: /all/},"
        " {name: t, mountPath: /tmp}, {name: h, mountPath: /h}, {name: p, mountPath: /p, readOnly: true}]",
        "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  nginx.conf: |\n    events {}\n  b: x\n",
        spec="      volumes: [{name: c, configMap: {name: c}}, {name: t, emptyDir: {medium: Memory}},"
        " {name: h, hostPath: {path: /x}},"
        " {name: p, persistentVolumeClaim: {claimName: y}}]\n",
    )
    assert [(mount.kind, mount.source, mount.target) for mount in machine.mounts] == [
        ("text", None, "/etc/nginx/nginx.conf"),
        ("text", None, "/all/nginx.conf"),
        ("text", None, "/all/b"),
        ("tmpfs", None, "/tmp"),
        ("bind", None, "/h"),
        ("volume", "p", "/p"),
    ]
    content = machine.mounts[0].content
    assert content is not None
    assert (content.text, content.span(0, 6).line) == ("events {}\n", 17)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (service("{port: 80, targetPort: 8000}"), [("cluster", 80, 8000)]),
        (service("{port: 80, targetPort: http}"), [("cluster", 80, 8000)]),
        (service("{port: 80, targetPort: gone}"), [("cluster", 80, "?")]),
        (service("{port: 8000}"), [("cluster", 8000, 8000)]),
        (service("{port: 80, targetPort: 8000}", "type: LoadBalancer,"), [("", 80, 8000)]),
        (service("{port: 80, nodePort: 30080}", "type: NodePort,"), [("cluster", 80, 80), ("", 30080, 80)]),
        (service("{port: 80}", "type: NodePort,"), [("cluster", 80, 80), ("", "?", 80)]),
        (service("{port: 80, protocol: UDP}"), []),
        (
            service("{port: 80}", "type: LoadBalancer,", "name: web, annotations: {x/aws-load-balancer-internal: 'true'}"),
            [("cluster", 80, 80)],
        ),
        (service("{port: 80}", meta="name: web, namespace: other"), []),
        (service("{port: 80}").replace("app: web", "app: db"), []),
        ("kind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}", []),
    ],
)
def test_a_service_publishes_the_ports_of_the_pods_it_selects(text: str, expected: list[tuple[object, object, object]]) -> None:
    assert published(pod("image: x, ports: [{name: http, containerPort: 8000}]", text)) == expected


def test_a_service_gives_a_pod_its_names() -> None:
    assert pod("image: x", service("{port: 80}", meta="name: api")).names >= {"web", "api", "api.default", "api.default.svc"}


INGRESS = "kind: Ingress\nmetadata: {name: i%s}\nspec: {ingressClassName: nginx, %s "
INGRESS += "rules: [{http: {paths: [{backend: {service: {name: %s, port: {number: 80}}}}]}}]}"


@pytest.mark.parametrize(
    ("route", "signs"),
    [
        (INGRESS % ("", "", "web"), [("the Ingress i", False)]),
        (INGRESS % ("", "tls: [{hosts: [a]}],", "web"), [("the Ingress i", True)]),
        (INGRESS % (", annotations: {alb.ingress.kubernetes.io/certificate-arn: x}", "", "web"), [("the Ingress i", True)]),
        (INGRESS % ("", "", "other"), []),
        ("kind: HTTPRoute\nmetadata: {name: r}\nspec: {rules: [{backendRefs: [{name: web}]}]}", [("the HTTPRoute r", True)]),
        ("kind: Route\nmetadata: {name: r}\nspec: {to: {kind: Service, name: web}}", [("the Route r", False)]),
    ],
)
def test_what_stands_before_a_service_is_a_sign(route: str, signs: list[tuple[str, bool]]) -> None:
    machine = pod("image: x", service("{port: 80}"), route)
    assert [(sign.what, sign.terminates_tls) for sign in machine.outside] == signs


def test_the_class_and_annotations_of_an_ingress_are_kept() -> None:
    keys = pod("image: x", service("{port: 80}"), INGRESS % (", annotations: {a/b: c}", "", "web")).keys
    assert (plain(keys["ingress.class"]), plain(keys["ingress.annotations.a/b"])) == ("nginx", "c")


def test_probes_resources_and_lifecycle_are_kept_under_dotted_names() -> None:
    (unit,) = pod(
        "image: x, ports: [{name: http, containerPort: 8000}],"
        " livenessProbe: {httpGet: {path: /, port: http}, timeoutSeconds: 1},"
        " lifecycle: {preStop: {exec: {command: [sleep, '5']}}},"
        " securityContext: {readOnlyRootFilesystem: true, runAsUser: 1000}"
    ).units
    assert {name: plain(value) for name, value in unit.keys.items() if name != "image"} == {
        "livenessProbe.httpGet.path": "/",
        "livenessProbe.httpGet.port": 8000,
        "livenessProbe.timeoutSeconds": 1,
        "lifecycle.preStop.exec.command": ["sleep", "5"],
        "securityContext.readOnlyRootFilesystem": True,
        "securityContext.runAsUser": 1000,
    }
    assert plain(unit.user) == "1000"


def test_limits_are_the_sum_of_the_containers() -> None:
    one = "image: x, resources: {limits: {cpu: 500m, memory: 256Mi}}"
    assert [plain(v) for v in (pod(one).cpus, pod(one).memory)] == [0.5, 256 << 20]
    two = pod(one, spec="        - {name: b, image: y, resources: {limits: {cpu: 1, memory: 1Gi}}}\n")
    assert ([plain(v) for v in (two.cpus, two.memory)], len(two.units)) == ([1.5, (256 << 20) + (1 << 30)], 2)
    assert plain(pod(one, spec="        - {name: b, image: y}\n").cpus) is None


def test_replicas_may_depend() -> None:
    assert plain(pod("image: x", more="  replicas: 3\n").replicas) == 3
    scaler = "kind: HorizontalPodAutoscaler\nmetadata: {name: h}\n"
    scaler += "spec: {scaleTargetRef: {name: web}, minReplicas: 2, maxReplicas: 5}"
    assert pod("image: x", scaler).replicas.x == Range(2, 5)
    (daemon,) = manifests(deployment("image: x", kind="DaemonSet")).machines
    assert plain(daemon.replicas) == "?"


def test_times_ports_and_init_containers_of_a_pod() -> None:
    machine = pod(
        "image: x, command: [a], ports: [{containerPort: 80, hostPort: 8080}]",
        spec="      terminationGracePeriodSeconds: 60\n      restartPolicy: OnFailure\n      hostNetwork: true\n"
        "      initContainers: [{name: m, image: y, command: [migrate]}]\n",
    )
    (unit,) = machine.units
    assert (plain(unit.stop_timeout), plain(unit.restart), plain(machine.host_network)) == (60, "on-failure", True)
    assert ([plain(word) for word in unit.before[0].argv], published(machine)) == (["migrate"], [("", 8080, 80)])


def test_pods_jobs_lists_and_cloud_run_services() -> None:
    group = manifests(
        "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: x}]}",
        "kind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: x}]}}}}}",
        "kind: List\nitems: [{kind: Pod, metadata: {name: q}, spec: {containers: [{image: x}]}}]",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\n"
        "spec: {template: {spec: {containers: [{image: x}]}}}",
    )
    assert [(machine.name, len(machine.outside)) for machine in sorted(group.machines, key=lambda m: m.name)] == [
        ("c", 0),
        ("p", 0),
        ("q", 0),
        ("s", 1),
    ]


def test_a_template_leaves_the_group_incomplete() -> None:
    assert isinstance(manifests("kind: Pod\n{{- if .Values.x }}\na: 1\n{{- end }}\n").complete, Unknown)
    assert manifests(deployment("image: x")).complete is True


def test_a_helm_value_is_unknown_only_where_it_stands() -> None:
    machine = pod("image: '{{ .Values.image }}', command: [gunicorn, -w, '{{ .Values.workers }}']")
    assert (words(machine.units[0]), plain(machine.image)) == (["gunicorn", "-w", "?"], "?")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        "kind: Pod",
        "kind: Deployment\nspec: {template: x}",
        "kind: Deployment\nspec: {template: {spec: {containers: x}}}",
        "kind: Service\nspec: []",
        "kind: Ingress",
        "kind: List\nitems: {}",
    ],
)
def test_odd_manifests_crash_nothing(text: str) -> None:
    assert manifests(text).machines == []
