"""What Ansible's playbooks and roles put onto hosts."""

from __future__ import annotations

import time

import pytest

from serveaudit.launch.ansible import Placed, read_playbooks
from serveaudit.source import SourceFile

SITE = "server { listen {{ port }}; root {{ root | default('/srv/www') }}; }\n"
TASK = "- template: {src: site.conf.j2, dest: /etc/nginx/sites-enabled/site}\n"


def placed(files: dict[str, str]) -> list[Placed]:
    sources = {path: SourceFile(path, text) for path, text in files.items()}
    return [each for group in read_playbooks(sources, sources.get).values() for each in group]


def role(variables: str = "", task: str = TASK, site: str = SITE, **more: str) -> list[Placed]:
    files = {
        "roles/web/tasks/main.yml": task,
        "roles/web/templates/site.conf.j2": site,
        "roles/web/defaults/main.yml": variables,
        **{name.replace("__", "/") + ".yml": text for name, text in more.items()},
    }
    return placed(files)


def test_a_template_lies_where_its_task_puts_it_with_the_variables_in_place() -> None:
    (site,) = role("port: 8080\n")
    assert (site.path, site.template) == ("/etc/nginx/sites-enabled/site", "roles/web/templates/site.conf.j2")
    assert site.text.text == "server { listen 8080; root /srv/www; }\n"
    at = site.text.text.index("8080")
    assert site.text.span(at, at + 4).outermost.text == "{{ port }}"


def test_a_variable_of_other_variables_is_filled_in_all_the_way() -> None:
    (site,) = role("port: '{{ base_port }}'\nbase_port: 80\nroot: '{{ app }}/static'\n", group_vars__all="app: /srv/app\n")
    assert site.text.text == "server { listen 80; root /srv/app/static; }\n"


@pytest.mark.parametrize(
    "variables",
    ["", "port: '{{ port }}'\n", "port: '{{ other }}'\n", "port: [80]\n", "port: '{{ (a == 1) | ternary(80, 81) }}'\n"],
)
def test_what_is_not_plainly_defined_stays_as_it_is_written(variables: str) -> None:
    (site,) = role(variables)
    assert "listen {{ port }};" in site.text.text


def test_a_variable_that_is_defined_twice_is_known_only_where_both_say_the_same() -> None:
    assert "listen 80;" in role("port: 80\n", group_vars__all="port: 80\n")[0].text.text
    assert "listen {{ port }};" in role("port: 80\n", group_vars__all="port: 81\n")[0].text.text


def test_copies_contents_blocks_and_links_are_put_too() -> None:
    tasks = """\
- block:
    - ansible.builtin.copy: {content: "[Service]\\n", dest: /etc/systemd/system/app.service}
- ansible.builtin.template: {src: site.conf.j2, dest: /etc/nginx/sites-available/}
- file: {src: /etc/nginx/sites-available/site.conf, path: /etc/nginx/sites-enabled/site, state: link}
- copy: {src: missing, dest: /etc/x}
- template: {src: site.conf.j2, dest: "{{ unknown }}/site"}
"""
    files = role("port: 80\n", tasks)
    assert [each.path for each in files] == [
        "/etc/systemd/system/app.service",
        "/etc/nginx/sites-available/site.conf",
        "/etc/nginx/sites-enabled/site",
    ]
    assert files[1].text is files[2].text


def test_a_playbook_finds_its_templates_beside_it() -> None:
    play = "- hosts: web\n  tasks:\n    - template: {src: a.j2, dest: /etc/nginx/conf.d/a.conf}\n"
    files = placed({"deploy/site.yml": play, "deploy/templates/a.j2": "server { }\n"})
    assert [each.template for each in files] == ["deploy/templates/a.j2"]


@pytest.mark.parametrize(
    "tasks",
    [
        "",
        "a: 1",
        "- template: x",
        "- [template]",
        "- template: {src: [a], dest: {b: c}}",
        "{{ x }}",
        "- template: {src: '', dest: /}",
    ],
)
def test_odd_tasks_put_nothing(tasks: str) -> None:
    assert role(task=tasks) == []


def test_variables_that_grow_without_end_are_not_known() -> None:
    variables = "a0: " + "x" * 100 + "\n" + "".join(f"a{n}: '{f'{{{{ a{n - 1} }}}}' * 50}'\n" for n in range(1, 30))
    begun = time.perf_counter()
    (site,) = role(variables + "port: '{{ a29 }}'\n", site="{{ port }}" * 200)
    assert site.text.text == "{{ port }}" * 200
    assert time.perf_counter() - begun < 2
