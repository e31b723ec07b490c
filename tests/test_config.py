"""[tool.serveaudit] and serveaudit.toml."""

from pathlib import Path

import pytest

from serveaudit.config import Config, ConfigError, load, matches, read
from serveaudit.finding import Severity
from serveaudit.source import SourceFile

EVERYTHING = """
[tool.serveaudit]
select = ["tls", "timeouts"]
ignore = ["no-tls-anywhere"]
exclude = ["legacy/**"]
baseline = "baseline.json"
rules = ["ops/rules"]
fail-on = "error"
min-severity = "warning"

[tool.serveaudit.per-file-ignores]
"deploy/*.conf" = ["exposure"]

[tool.serveaudit.deployment]
cpus = 2
memory = "512m"
memory-per-worker = "1Gi"
tls = "external"
proxy = "none"
trusted-proxies = ["10.0.0.0/8"]
python = "3.12"
gunicorn = "23"
nginx = "1.22"
"""


def config(text: str) -> Config:
    found = read(SourceFile("serveaudit.toml", text))
    assert found is not None
    return found


def test_every_documented_key_is_read() -> None:
    found = read(SourceFile("pyproject.toml", EVERYTHING), ("tool", "serveaudit"))
    assert found is not None
    assert (found.select, found.ignore, found.exclude) == (("tls", "timeouts"), ("no-tls-anywhere",), ("legacy/**",))
    assert (found.baseline, found.rules) == ("baseline.json", ("ops/rules",))
    assert (found.fail_on, found.min_severity) == (Severity.ERROR, Severity.WARNING)
    stated = found.deployment
    assert (stated.cpus.x, stated.memory.x, stated.memory_per_worker.x) == (2, 512 << 20, 1 << 30)
    assert (stated.tls.x, stated.proxy.x, stated.trusted_proxies.x) == ("external", "none", ("10.0.0.0/8",))
    assert (stated.python.x, stated.versions["gunicorn"].x, stated.versions["nginx"].x) == ("3.12", "23", "1.22")


def test_what_the_user_states_points_at_its_line() -> None:
    stated = config('ignore = []\n\n[deployment]\n# ours\ncpus = 4\ntls = "none"\n').deployment
    assert [(place.span.line, place.span.text) for place in stated.cpus.places] == [(5, "cpus = 4")]
    assert [str(place.span) for place in stated.tls.places] == ["serveaudit.toml:6"]
    assert config("deployment = {cpus = 4}").deployment.cpus.places[0].span.line == 1


def test_nothing_stated_is_nothing_known() -> None:
    assert config("").deployment.cpus.x is None
    assert config("").fail_on == Severity.WARNING


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('slect = ["tls"]', "serveaudit.toml:1: slect: unknown key; did you mean 'select'?"),
        ("\n[deployment]\ncpu = 2", "serveaudit.toml:3: deployment.cpu: unknown key; did you mean 'cpus'?"),
        ("[deployment]\ngunicron = '23'", "serveaudit.toml:2: deployment.gunicron: unknown key; did you mean 'gunicorn'?"),
        ('select = "tls"', "serveaudit.toml:1: select: must be a list of strings"),
        ("select = [1]", "serveaudit.toml:1: select: must be a list of strings"),
        ('fail-on = "warn"', "serveaudit.toml:1: fail-on: must be one of error, warning, info; did you mean 'warning'?"),
        ("deployment = 3", "serveaudit.toml:1: deployment: must be a table"),
        ("[deployment]\ncpus = true", "serveaudit.toml:2: deployment.cpus: must be a positive number"),
        ("[deployment]\ncpus = -1", "serveaudit.toml:2: deployment.cpus: must be a positive number"),
        ("[deployment]\nnginx = 1.22", 'serveaudit.toml:2: deployment.nginx: must be a version in quotes, such as "1.22"'),
        ("[deployment]\nmemory = 'lots'", 'serveaudit.toml:2: deployment.memory: must be a size, such as "512m" or "2Gi"'),
        (
            "[deployment]\ntls = 'externl'",
            "serveaudit.toml:2: deployment.tls: must be one of nginx, external, none; did you mean 'external'?",
        ),
        (
            "[deployment]\ntrusted-proxies = ['10.0.0.0/8', 'proxy']",
            "serveaudit.toml:2: deployment.trusted-proxies: 'proxy' is no address or network, such as \"10.0.0.0/8\"",
        ),
        ("[deployment]\npython = 3.12", 'serveaudit.toml:2: deployment.python: must be a version in quotes, such as "1.22"'),
        (
            "[deployment]\nproxy = 'caddy'",
            "serveaudit.toml:2: deployment.proxy: must be one of nginx, external, none",
        ),
        ("[per-file-ignores]\n'a.conf' = 'tls'", "serveaudit.toml:2: per-file-ignores.a.conf: must be a list of strings"),
        ("baseline = 1", "serveaudit.toml:1: baseline: must be a string"),
        ("all-contexts = 1", "serveaudit.toml:1: all-contexts: must be true or false"),
        ("a = \n", "serveaudit.toml:1: not valid TOML: "),
        ("a = " + "[" * 5000, "serveaudit.toml: not valid TOML: "),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(text)
    assert str(error.value).startswith(message)


def test_a_mistake_in_pyproject_is_told_with_the_line_of_its_table() -> None:
    text = '[project]\nselect = "x"\n\n[tool.serveaudit]\nselect = "x"\n'
    with pytest.raises(ConfigError, match=r"pyproject.toml:5: select"):
        read(SourceFile("pyproject.toml", text), ("tool", "serveaudit"))


def test_a_broken_pyproject_without_our_table_is_not_our_business() -> None:
    assert read(SourceFile("pyproject.toml", "[project\n"), ("tool", "serveaudit")) is None
    with pytest.raises(ConfigError, match="not valid TOML"):
        read(SourceFile("pyproject.toml", "[tool.serveaudit]\nselect = [\n"), ("tool", "serveaudit"))


def test_the_nearest_configuration_of_the_repository_holds(tmp_path: Path) -> None:
    (tmp_path / "serveaudit.toml").write_text("outside = 1")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    deploy = repository / "deploy"
    deploy.mkdir()
    assert load(deploy).source is None
    (repository / "pyproject.toml").write_text('[tool.serveaudit]\nselect = ["tls"]\n')
    (deploy / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert load(deploy).select == ("tls",)
    assert load(deploy).root == repository
    (repository / "serveaudit.toml").write_text('select = ["timeouts"]\n')
    assert load(deploy).select == ("timeouts",)


def test_a_configuration_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "serveaudit.toml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match="can't be read: not valid"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("legacy", "deploy/legacy/nginx.conf", True),
        ("legacy", "legacy2/nginx.conf", False),
        ("*.conf", "deploy/nginx.conf", True),
        ("deploy/*.conf", "deploy/nginx.conf", True),
        ("deploy/*.conf", "deploy/sites/nginx.conf", False),
        ("deploy/**/*.conf", "deploy/nginx.conf", True),
        ("deploy/**/*.conf", "deploy/a/b/nginx.conf", True),
        ("deploy/", "deploy/nginx.conf", True),
        ("a+b", "a+b", True),
        ("a?b", "a/b", False),
    ],
)
def test_a_glob_matches(pattern: str, path: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_files_are_left_out_and_rules_switched_off_by_glob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "serveaudit.toml").write_text(
        'exclude = ["old"]\n[per-file-ignores]\n"deploy/**" = ["tls"]\n"*.yml" = ["wiring"]\n'
    )
    found = load(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert found.excludes("old/nginx.conf")
    assert not found.excludes("new/nginx.conf")
    assert found.ignored_in("deploy/compose.yml") == {"tls", "wiring"}
    (tmp_path / "deploy").mkdir()
    monkeypatch.chdir(tmp_path / "deploy")
    assert found.ignored_in("compose.yml") == {"tls", "wiring"}
    assert found.ignored_in("../compose.yml") == {"wiring"}


def test_a_rule_is_asked_by_its_name_or_its_category() -> None:
    assert Config().asks("old-tls-protocols", "tls")
    assert Config(select=("tls",)).asks("old-tls-protocols", "tls")
    assert not Config(select=("timeouts",)).asks("old-tls-protocols", "tls")
    assert not Config(ignore=("tls",)).asks("old-tls-protocols", "tls")
    assert not Config(select=("tls",), ignore=("old-tls-protocols",)).asks("old-tls-protocols", "tls")
    assert Config(select=("old-tls-protocols",), ignore=("tls",)).asks("old-tls-protocols", "tls")
