"""Compose projects as machines."""

from __future__ import annotations

from typing import Any

import pytest
from repositories import Repository, plain, variables, words

from serveaudit.launch.compose import read_profiles, read_project
from serveaudit.launching import Group, Machine
from serveaudit.values import Unknown

APP = 'FROM python:3.12\nWORKDIR /app\nENV A=image B=image\nCOPY . .\nEXPOSE 8000\nUSER app\nCMD ["gunicorn", "app:app"]\n'


def project(*files: str, **texts: str) -> Group:
    """A project of these files; a keyword's `__` is a slash and its `_` a dot."""
    repository = Repository({name.replace("__", "/").replace("_", "."): text for name, text in texts.items()})
    return read_project(files or ("compose.yaml",), repository.read, repository)


def service(text: str, **texts: str) -> Machine:
    """The only service, described by the text in flow or block style."""
    indented = "\n".join("    " + line for line in text.splitlines())
    (machine,) = project(compose_yaml=f"services:\n  web:\n{indented}\n", **texts).machines
    return machine


def published(machine: Machine) -> list[tuple[Any, Any, Any]]:
    return [(plain(each.host_ip), plain(each.host_port), plain(each.port)) for each in machine.published]


def mounts(machine: Machine) -> list[tuple[str, str | None, str]]:
    return [(mount.kind, mount.source, mount.target) for mount in machine.mounts]


def test_a_service_runs_what_its_image_runs() -> None:
    machine = service("build: .", Dockerfile=APP)
    (unit,) = machine.units
    assert (words(unit), plain(unit.steps[0].cwd), plain(unit.user)) == (["gunicorn", "app:app"], "/app", "app")
    assert (machine.dockerfile, plain(machine.image), [plain(port) for port in machine.exposed]) == (
        "Dockerfile",
        "python:3.12",
        [8000],
    )
    assert str(unit.steps[0].place.span) == "Dockerfile:7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("command: gunicorn -b 0.0.0.0:8000 'a b'", ["gunicorn", "-b", "0.0.0.0:8000", "a b"]),
        ("command: [gunicorn, -b, ':80']", ["gunicorn", "-b", ":80"]),
        ("entrypoint: /e.sh", ["/e.sh"]),
        ("entrypoint: [/e.sh]\ncommand: x y", ["/e.sh", "x", "y"]),
        ("command: >\n  gunicorn\n  --bind :80", ["gunicorn", "--bind", ":80"]),
        ("command:", ["gunicorn", "app:app"]),
    ],
)
def test_command_and_entrypoint_take_the_place_of_the_image_s(text: str, expected: list[str]) -> None:
    assert words(service(f"build: .\n{text}", Dockerfile=APP).units[0]) == expected


def test_an_empty_command_takes_the_image_s_away() -> None:
    assert service("build: .\ncommand: []", Dockerfile=APP).units[0].steps == ()


def test_a_command_alone_keeps_the_entrypoint_of_the_image() -> None:
    machine = service("build: .\ncommand: daphne x", Dockerfile='FROM python\nENTRYPOINT ["/e.sh"]\nCMD ["a"]\n')
    assert words(machine.units[0]) == ["/e.sh", "daphne", "x"]


def test_arguments_for_an_entrypoint_that_is_not_known_start_nothing_that_is_known() -> None:
    assert service("image: traefik:v3\ncommand: [--providers.docker=true]").units[0].steps == ()


def test_words_of_a_folded_command_keep_their_lines() -> None:
    machine = service("image: x\ncommand: >\n  gunicorn\n  --bind :80")
    assert [word.places[0].span.line for word in machine.units[0].steps[0].argv] == [5, 6, 6]


def test_variables_come_from_the_committed_env_or_have_a_default() -> None:
    text = "image: app:${TAG}\ncommand: gunicorn -w ${WORKERS:-4} -b :${PORT}\nenvironment: {X: '${WORKERS-1}', Y: $$HOME}"
    machine = service(text, _env="TAG=1.2\n")
    assert plain(machine.image) == "app:1.2"
    assert words(machine.units[0]) == ["gunicorn", "-w", "4", "-b", ":<$PORT>"]
    assert machine.units[0].steps[0].argv[2].assumes == ("$WORKERS is not set",)
    assert variables(machine.env.variables) == {"X": "1", "Y": "$HOME"}


def test_environment_wins_over_env_file_and_that_over_the_image() -> None:
    text = "build: .\nenv_file: [a.env, b.env]\nenvironment:\n  - D=own\n  - E\n  - F=${A}"
    machine = service(text, Dockerfile=APP, a_env="B=a\nC=a\nD=a\n", b_env="C=b\n", _env="E=dotenv\n")
    assert variables(machine.env.variables) == {"A": "image", "B": "a", "C": "b", "D": "own", "E": "dotenv", "F": "?"}
    assert machine.env.complete is True
    assert str(machine.env.variables["C"].places[0].span) == "b.env:1"


def test_variables_in_an_env_file_are_those_of_the_project_and_of_earlier_lines_and_files() -> None:
    text = "image: x\nenv_file: [a.env, b.env, {path: raw.env, format: raw}]"
    machine = service(text, a_env="A=1\nB=$A$$\n", b_env="C=${A}-$P\nD='$A'\n", raw_env="E=$A\n", _env="P=p\n")
    assert variables(machine.env.variables) == {"A": "1", "B": "1$", "C": "1-p", "D": "$A", "E": "$A"}


def test_a_link_gives_a_service_one_more_name() -> None:
    text = "services: {front: {image: nginx, links: ['web:app', db]}, web: {image: x}, db: {image: y}}\n"
    assert {machine.name: sorted(machine.names) for machine in project(compose_yaml=text).machines} == {
        "front": ["front"],
        "web": ["app", "web"],
        "db": ["db"],
    }


@pytest.mark.parametrize("entry", ["gone.env", "[gone.env]", "[{path: gone.env, required: false}]", "$FILE"])
def test_an_env_file_that_is_not_there_may_set_anything(entry: str) -> None:
    env = service(f"image: x\nenv_file: {entry}\nenvironment: {{A: 1}}").env
    assert isinstance(env.complete, Unknown)
    assert plain(env.get("GUNICORN_CMD_ARGS")) == "?"
    assert plain(env.get("A")) == "1"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('"8000:80"', [("", 8000, 80)]),
        ('"127.0.0.1:8000:80"', [("127.0.0.1", 8000, 80)]),
        ('"[::1]:8000:80/tcp"', [("::1", 8000, 80)]),
        ('"80"', [("", "?", 80)]),
        ("80", [("", "?", 80)]),
        ('"127.0.0.1::80"', [("127.0.0.1", "?", 80)]),
        ('"3000-3002:80-82"', [("", 3000, 80), ("", 3001, 81), ("", 3002, 82)]),
        ('"${PORT:-8080}:80"', [("", 8080, 80)]),
        ('"${PORT}:80"', [("", "?", 80)]),
        ('"${IP:-127.0.0.1}:80:80"', [("127.0.0.1", 80, 80)]),
        ("$PORTS", [("?", "?", "?")]),
        ('"443:443/udp"', []),
        ("{target: 80, published: '8080', host_ip: 127.0.0.1, protocol: tcp, mode: host}", [("127.0.0.1", 8080, 80)]),
        ("{target: 80}", [("", "?", 80)]),
        ("nonsense", []),
        ("[80]", []),
    ],
)
def test_ports_in_every_spelling(entry: str, expected: list[tuple[Any, Any, Any]]) -> None:
    assert published(service(f"image: x\nports: [{entry}]")) == expected


def test_on_the_host_s_network_ports_are_not_published() -> None:
    machine = service("image: x\nnetwork_mode: host\nports: ['80:80']")
    assert (plain(machine.host_network), machine.published) == (True, [])
    assert str(machine.keys["ports"].places[0].span) == "compose.yaml:5"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("./nginx.conf:/etc/nginx/nginx.conf:ro", ("bind", "deploy/nginx.conf", "/etc/nginx/nginx.conf")),
        ("../static/:/static/", ("bind", "static", "/static")),
        ("${PWD}/a:/a", ("bind", "deploy/a", "/a")),
        ("../../out:/a", ("bind", None, "/a")),
        ("/var/run/docker.sock:/x", ("bind", None, "/x")),
        ("${DIR}/a:/a", ("bind", None, "/a")),
        ("${DIR:-./b}:/a", ("bind", "deploy/b", "/a")),
        ("data:/data", ("volume", "data", "/data")),
        ("/anonymous", ("volume", None, "/anonymous")),
        ("{type: bind, source: conf, target: /c, read_only: true}", ("bind", "deploy/conf", "/c")),
        ("{type: tmpfs, target: /t}", ("tmpfs", None, "/t")),
    ],
)
def test_volumes_in_every_spelling(entry: str, expected: tuple[str, str | None, str]) -> None:
    text = f"services: {{web: {{image: x, volumes: ['{entry}']}}}}" if "{" not in entry[:1] else None
    text = text or f"services: {{web: {{image: x, volumes: [{entry}]}}}}"
    (machine,) = project("deploy/compose.yaml", deploy__compose_yaml=text).machines
    assert mounts(machine) == [expected]


def test_tmpfs_configs_and_secrets_are_mounts() -> None:
    group = project(
        compose_yaml="services:\n  web:\n    image: nginx\n    tmpfs: [/tmp:size=1m, /run]\n    secrets: [key]\n"
        "    configs: [{source: site, target: /etc/nginx/conf.d/a.conf}, file]\n"
        "configs:\n  site:\n    content: |\n      server {\n        listen ${PORT:-80};\n      }\n  file: {file: ./f.conf}\n"
        "secrets: {key: {file: ./key.pem}}\n"
    )
    (machine,) = group.machines
    assert set(mounts(machine)) == {
        ("tmpfs", None, "/tmp"),
        ("tmpfs", None, "/run"),
        ("text", None, "/etc/nginx/conf.d/a.conf"),
        ("bind", "f.conf", "/file"),
        ("bind", "key.pem", "/run/secrets/key"),
    }
    content = next(mount.content for mount in machine.mounts if mount.content)
    assert content.text == "server {\n  listen 80;\n}\n"
    assert content.span(content.text.index("80"), content.text.index("80") + 2).line == 11


def test_names_and_networks_by_which_peers_reach_a_service() -> None:
    text = "services:\n  web:\n    image: x\n    container_name: app_web\n    hostname: h\n    "
    text += "networks: {back: {aliases: [api, app]}, front: }\n"
    text += "networks: {back: {ipam: {config: [{subnet: 10.0.0.0/16}]}}, front: {external: true, name: traefik_proxy}}\n"
    (machine,) = project(compose_yaml=text).machines
    assert machine.names == {"web", "app_web", "h", "api", "app"}
    assert plain(machine.networks) == ["back", "front"]
    assert (plain(machine.keys["subnets"]), plain(machine.keys["external_networks"])) == (["10.0.0.0/16"], ["traefik_proxy"])
    assert plain(service("image: x").networks) == ["default"]


def test_a_service_in_another_one_s_network_joins_its_machine() -> None:
    group = project(compose_yaml="services: {a: {image: x, command: p}, b: {image: y, command: q, network_mode: 'service:a'}}")
    (machine,) = group.machines
    assert ([unit.name for unit in machine.units], machine.names) == (["a", "b"], {"a", "b"})


def test_limits_stopping_and_restarting() -> None:
    machine = service(
        "image: x\nstop_grace_period: 1m30s\nstop_signal: SIGQUIT\nrestart: on-failure:3\nscale: 2\nuser: '1000:1000'\n"
        "deploy: {resources: {limits: {cpus: '0.50', memory: 512M}}}"
    )
    (unit,) = machine.units
    assert [plain(v) for v in (unit.stop_timeout, unit.stop_signal, unit.restart, unit.user)] == [
        90,
        "QUIT",
        "on-failure",
        "1000",
    ]
    assert [plain(v) for v in (machine.cpus, machine.memory, machine.replicas)] == [0.5, 512 << 20, 2]


def test_what_is_not_said_has_docker_s_defaults_and_says_so() -> None:
    (unit,) = service("image: x").units
    assert [plain(v) for v in (unit.stop_timeout, unit.stop_signal, unit.restart, unit.user)] == [10, "TERM", "no", None]
    assert unit.stop_timeout.places[0].how == "default"


def test_everything_else_is_kept_under_its_own_name() -> None:
    keys = service(
        "image: x\ninit: true\nread_only: true\nprofiles: [dev]\ndepends_on: {db: {condition: service_started}}\n"
        "healthcheck: {test: [CMD, curl, localhost], interval: 5s}\n"
        "sysctls: {net.core.somaxconn: 1024}\nextra_hosts: ['a:1.2.3.4']"
    ).keys
    assert {name: plain(value) for name, value in keys.items() if name != "image"} == {
        "init": True,
        "read_only": True,
        "profiles": ["dev"],
        "depends_on.db.condition": "service_started",
        "healthcheck.test": ["CMD", "curl", "localhost"],
        "healthcheck.interval": "5s",
        "sysctls.net.core.somaxconn": 1024,
        "extra_hosts": ["a:1.2.3.4"],
    }


def test_labels_as_list_or_mapping() -> None:
    listed = service("image: x\nlabels: ['traefik.enable=true', 'traefik.http.routers.a.rule=Host(`x`)']")
    mapped = service("image: x\nlabels: {traefik.enable: 'true', 'traefik.http.routers.a.rule': 'Host(`x`)'}")
    assert (
        variables(listed.labels)
        == variables(mapped.labels)
        == {"traefik.enable": "true", "traefik.http.routers.a.rule": "Host(`x`)"}
    )


def test_a_stronger_file_replaces_adds_resets_and_overrides() -> None:
    group = project(
        "compose.yaml",
        "compose.prod.yaml",
        compose_yaml="services:\n  web: {image: a, command: dev, ports: ['8000:8000'], "
        "environment: {A: 1, B: 1}, volumes: ['.:/app']}\n  db: {image: db}\n",
        compose_prod_yaml="services:\n  web:\n    command: prod\n    ports: !override ['127.0.0.1:8000:8000']\n"
        "    environment: [B=2]\n    volumes: !reset []\n  cache: {image: redis}\n",
    )
    web, db, cache = group.machines
    assert (words(web.units[0]), published(web), mounts(web)) == (["prod"], [("127.0.0.1", 8000, 8000)], [])
    assert (variables(web.env.variables), db.name, cache.name) == ({"A": "1", "B": "2"}, "db", "cache")
    assert (group.files, group.complete) == (("compose.yaml", "compose.prod.yaml"), True)


def test_extends_merges_what_another_file_says_with_its_own_paths() -> None:
    group = project(
        compose_yaml="services:\n  web: {extends: {file: base/c.yaml, service: app}, command: own}\n"
        "  job: {extends: web, command: job}\n",
        base__c_yaml="services: {app: {build: ., command: theirs, env_file: x.env}}\n",
        base__Dockerfile=APP,
        base__x_env="X=1\n",
    )
    web, job = group.machines
    assert (words(web.units[0]), web.dockerfile, plain(web.env.get("X"))) == (["own"], "base/Dockerfile", "1")
    assert (words(job.units[0]), job.dockerfile) == (["job"], "base/Dockerfile")


def test_include_brings_the_services_of_other_files() -> None:
    group = project(
        compose_yaml="include: [a/c.yaml, {path: b.yaml}, 'oci://x/y']\nservices: {web: {image: x}}\n",
        a__c_yaml="services: {one: {image: y, volumes: ['./d:/d']}}\n",
        b_yaml="services: {two: {image: z}}\n",
    )
    assert [machine.name for machine in group.machines] == ["one", "two", "web"]
    assert mounts(group.machines[0]) == [("bind", "a/d", "/d")]
    assert isinstance(group.complete, Unknown)


def test_anchors_and_merge_keys() -> None:
    group = project(
        compose_yaml="x-a: &a {image: x, restart: always}\nservices:\n  web: {<<: *a, command: b}\n"
        "  job: {<<: *a, restart: 'no'}\n"
    )
    assert [(plain(m.image), plain(m.units[0].restart)) for m in group.machines] == [("x", "always"), ("x", "no")]


def test_build_has_context_target_arguments_and_inline_dockerfiles() -> None:
    text = "build: {context: ./app, dockerfile: docker/Dockerfile, target: prod, args: {V: '3.11'}}"
    dockerfile = 'ARG V=3.12\nFROM python:$V AS prod\nCMD ["a"]\nFROM prod AS dev\nCMD ["b"]\n'
    machine = service(text, app__docker__Dockerfile=dockerfile)
    assert (machine.dockerfile, plain(machine.image), words(machine.units[0])) == (
        "app/docker/Dockerfile",
        "python:3.11",
        ["a"],
    )
    inline = service("build:\n  dockerfile_inline: |\n    FROM python\n    CMD gunicorn\n")
    script = inline.units[0].steps[0].script
    assert script is not None
    assert (script.text, script.whole().line) == ("gunicorn", 6)


def test_the_oldest_format_has_services_at_the_top() -> None:
    assert [machine.name for machine in project(compose_yaml="web: {build: .}\ndb: {image: x}\n").machines] == ["web", "db"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "services:",
        "services: {web: , api: {}}",
        "services: [a]",
        "[]",
        "services: {web: text}",
        "version: '3'",
        "x: 1",
        "services: {a: {ports: 1, volumes: x, environment: y, networks: z, deploy: [], build: [], labels: 3}}",
    ],
)
def test_empty_and_odd_files_crash_nothing(text: str) -> None:
    assert len(project(compose_yaml=text).machines) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {extends: a, image: x}}",
        "services: {a: {extends: b}, b: {extends: a}}",
        "include: [compose.yaml]\nservices: {a: {image: x}}",
    ],
)
def test_circles_end(text: str) -> None:
    assert project(compose_yaml=text).machines


def test_a_file_that_aliases_make_endless_ends() -> None:
    environment = "".join(f"  V{number}: x\n" for number in range(5000))
    services = "".join(f"  s{number}: *web\n" for number in range(5000))
    group = project(
        compose_yaml=f"x-env: &env\n{environment}services:\n  web: &web {{image: x, environment: *env}}\n{services}"
    )
    assert len(group.machines) == 500
    assert isinstance(group.complete, Unknown)


def test_what_can_not_be_read_leaves_the_project_incomplete() -> None:
    for texts in ({}, {"compose_yaml": "services: ["}, {"compose_yaml": "services:\n  {% if a %}\n  web: {image: x}\n"}):
        group = project(**texts)
        assert isinstance(group.complete, Unknown)


def test_a_placeholder_of_a_template_is_unknown_only_where_it_stands() -> None:
    machine = service("image: 'app:{{ tag }}'\ncommand: gunicorn -w {{ workers }} app:app")
    assert words(machine.units[0]) == ["gunicorn", "-w", "?", "app:app"]
    assert plain(machine.image).startswith("app:")


def test_development_profiles_are_read_apart_with_what_is_always_started() -> None:
    text = (
        "services:\n  db: {image: postgres}\n  web: {image: x, profiles: [live]}\n  dev: {image: x, profiles: [dev, debug]}\n"
    )
    repository = Repository({"compose.yaml": text})
    found = read_profiles(["compose.yaml"], repository.read, repository)
    assert [(kind, [machine.name for machine in group.machines]) for group, kind in found] == [
        ("production", ["db", "web"]),
        ("development", ["db", "dev"]),
    ]
