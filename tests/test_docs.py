"""What the papers say has to be so."""

import re
from pathlib import Path

import pytest
import yaml

from serveaudit import config, options
from serveaudit.cli import main

ROOT = Path(__file__).parent.parent
README, CONTRIBUTING, ARCHITECTURE = (
    (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
)


def test_every_option_of_the_readme_exists() -> None:
    known = {flag for action in options._PARSERS["check"]("check")._actions for flag in action.option_strings}
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--fix", "--unsafe"}
    assert used and used <= known


def test_every_option_of_check_is_in_the_readme_or_needs_no_word() -> None:
    known = {
        flag
        for action in options._PARSERS["check"]("check")._actions
        for flag in action.option_strings
        if flag.startswith("--")
    }
    assert {flag for flag in known if flag not in README} == {"--help", "--version", "--color"}


def test_every_command_is_in_the_readme() -> None:
    assert [command for command in options.COMMANDS if command != "check" and f"serveaudit {command}" not in README] == []


def test_every_key_of_the_configuration_is_in_the_readme() -> None:
    keys = [name for name in config.Config.__dataclass_fields__ if name not in ("root", "source")]
    keys += [name for name in config.Stated.__dataclass_fields__ if name != "versions"]
    section = README.split("## Configure")[1].split("## More")[0]
    assert [key for key in keys if key.replace("_", "-") not in section] == []


def test_the_configuration_of_the_readme_can_be_read() -> None:
    block = re.search(r"((?:^    .*\n|^\n)+)", README.split("which wins:\n")[1].split("Further keys")[0], re.MULTILINE)
    assert block
    text = re.sub(r"^    ", "", block[0], flags=re.MULTILINE)
    found = config.read(config.SourceFile("pyproject.toml", text), ("tool", "serveaudit"))
    assert found and found.deployment.cpus.x == 2


def test_every_category_of_the_readme_is_a_folder_of_rules() -> None:
    table = README.split("| category |")[1].split("`serveaudit rules`")[0]
    named = {name for row in re.findall(r"^\| ([a-z, -]+) \|", table, re.MULTILINE) for name in row.split(", ")} - {"---"}
    assert {path.name for path in (ROOT / "rules").iterdir() if any(path.iterdir())} <= named


def test_the_readme_has_the_commands_that_ci_runs() -> None:
    (command,) = re.findall(r"^    (pip install .*pytest.*)$", README, re.MULTILINE)
    assert "sed -n 's/^    \\(pip install .*pytest.*\\)$/\\1/p' README.md" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert command == "pip install -e '.[dev]' && pytest"


@pytest.mark.parametrize("paper", [README, CONTRIBUTING, ARCHITECTURE], ids=["README", "CONTRIBUTING", "ARCHITECTURE"])
def test_every_path_that_a_paper_names_exists(paper: str) -> None:
    named = set(re.findall(r"`([\w.]+(?:/[\w.-]+)*(?:/|\.(?:md|py|toml|yaml|svg)))`", paper))
    named |= set(re.findall(r"serveaudit (fixtures/\S+)", paper))
    ours = {path for path in named if not path.startswith("serveaudit") and path not in ("data/", "name/")}
    assert sorted(path for path in ours if not (ROOT / path).exists()) == []


def test_the_hook_runs_once_for_the_whole_repository() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert (hook["entry"], hook["types"]) == ("serveaudit check", ["text"])
    assert (hook["pass_filenames"], hook["require_serial"]) == (False, True)


def test_ci_does_what_everybody_can_do() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step] == [".ci/run"]


def test_the_first_command_of_the_readme_has_something_to_show(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["fixtures/slow-reports"]) == 1
    assert "proxy-gives-up-first" in capsys.readouterr().out
