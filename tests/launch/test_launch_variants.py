"""Which compose files make up a project."""

from serveaudit.launch.compose import variants
from serveaudit.source import SourceFile

WHOLE = "services: {web: {build: ., command: a}, db: {image: b}}\n"
PART = "services: {web: {command: c}}\n"


def sets(told: list[tuple[str, ...]] | None = None, /, **texts: str) -> list[tuple[str, ...]]:
    named = {name.replace("__", "/").replace("_", "."): text for name, text in texts.items()}
    return variants({path: SourceFile(path, text) for path, text in named.items()}, told or [])


def test_a_file_alone_is_a_project() -> None:
    assert sets(compose_yaml=WHOLE) == [("compose.yaml",)]
    assert sets(deploy__stack_yml=WHOLE) == [("deploy/stack.yml",)]


def test_an_override_is_put_over_the_base_which_stands_alone_too() -> None:
    assert sets(compose_yaml=WHOLE, compose_override_yaml=PART) == [
        ("compose.yaml", "compose.override.yaml"),
        ("compose.yaml",),
    ]


def test_a_file_that_only_changes_services_is_put_over_the_base() -> None:
    found = sets(docker__compose_yml=WHOLE, docker__compose_prod_yml=PART)
    assert found == [("docker/compose.yml", "docker/compose.prod.yml"), ("docker/compose.yml",)]


def test_a_whole_file_next_to_the_base_stands_alone() -> None:
    assert ("compose.prod.yml",) in sets(compose_yml=WHOLE, compose_prod_yml=WHOLE)


def test_a_file_that_means_what_it_does_not_define_is_put_over_the_base() -> None:
    part = "services: {web: {image: x, depends_on: [db]}, extra: {image: y}}\n"
    assert ("compose.yml", "compose.prod.yml") in sets(compose_yml=WHOLE, compose_prod_yml=part)


def test_a_base_that_has_nothing_to_run_is_no_project() -> None:
    base = "services: {web: {restart: always}, db: {image: b}}\n"
    assert sets(compose_yml=base, compose_prod_yml=PART) == [("compose.yml", "compose.prod.yml")]


def test_a_base_is_started_alone_where_only_an_example_is_put_over_it() -> None:
    base = "services: {web: {restart: always}, db: {image: b}}\n"
    found = sets(compose_yml=base, compose_override_example_yml=PART)
    assert found == [("compose.yml", "compose.override.example.yml"), ("compose.yml",)]


def test_a_common_part_of_several_projects_is_none_itself() -> None:
    assert sets(compose__base_yml=WHOLE, compose__prod_yml=PART) == [("compose/base.yml", "compose/prod.yml")]


def test_files_that_others_extend_or_include_are_parts() -> None:
    assert sets(
        compose_yml="include: [a.yml]\nservices: {web: {extends: {file: common/b.yml, service: x}}}\n",
        a_yml=WHOLE,
        common__b_yml=WHOLE,
    ) == [("compose.yml",)]


def test_what_a_script_or_the_env_file_says_settles_it() -> None:
    told = [("compose.yml", "compose.prod.yml")]
    assert sets(told, compose_yml=WHOLE, compose_prod_yml=WHOLE) == [*told, ("compose.yml",)]
    assert sets(compose_yml=WHOLE, compose_prod_yml=WHOLE, _env="COMPOSE_FILE=compose.yml:compose.prod.yml\n") == told


def test_empty_and_broken_files_make_no_project() -> None:
    assert sets(compose_yml="", compose_prod_yml="services: [") == []
