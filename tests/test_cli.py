"""The command line: options, exit status, what goes where. The audit itself is replaced by findings made by hand."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from serveaudit import __version__
from serveaudit.cards import Card
from serveaudit.cli import main
from serveaudit.config import Config
from serveaudit.finding import Certainty, FileReport, Finding, Location, Severity
from serveaudit.fingerprint import stamp
from serveaudit.graph import Graph
from serveaudit.result import Launched, Result
from serveaudit.serving import Server
from serveaudit.source import SourceFile
from serveaudit.values import Place

SOURCE = SourceFile("nginx.conf", "listen 80;\n")
Capture = pytest.CaptureFixture[str]
CARDS = [
    Card(
        "no-tls-anywhere",
        "tls",
        Path(),
        {"summary": "no TLS", "severity": "warning", "references": ["https://example.com/tls"]},
    ),
    Card("proxy-gives-up-first", "timeouts", Path(), {"summary": "504", "severity": "warning", "examples": []}),
]
OWN = """
summary: a rule of our own
severity: info
for: server
when: server.daemon
message: it hides
"""


def finding(severity: Severity = Severity.WARNING, certainty: Certainty = Certainty.CERTAIN) -> Finding:
    location = Location(SOURCE.line_span(1), "here", "primary")
    return Finding("no-tls-anywhere", "tls", severity, certainty, "it will hurt", (location,), f"{severity}")


class Audit:
    """Stands in for the audit: remembers how it was called, returns what it was given."""

    def __init__(self) -> None:
        self.result = Result()
        self.paths: list[str] = []
        self.config = Config()

    def audit(self, paths: list[str], config: Config) -> Result:
        self.paths, self.config = paths, config
        return self.result

    def finds(self, *findings: Finding, status: str = "read") -> None:
        self.result = Result(stamp(findings), files=[FileReport("nginx.conf", "nginx", status, "")])  # type: ignore[arg-type]


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Audit:
    fake = Audit()
    module = ModuleType("serveaudit.audit")
    module.audit = fake.audit  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "serveaudit.audit", module)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr("serveaudit.catalogue.own_cards", lambda: CARDS)
    return fake


@pytest.mark.parametrize(
    ("findings", "options", "expected"),
    [
        ([], "", 0),
        ([finding()], "", 1),
        ([finding(Severity.INFO)], "", 0),
        ([finding(Severity.INFO)], "--fail-on info", 1),
        ([finding()], "--fail-on error", 0),
        ([finding(Severity.ERROR)], "--fail-on error", 1),
        ([finding()], "--exit-zero", 0),
        ([finding(certainty=Certainty.POSSIBLE)], "", 0),
        ([finding(certainty=Certainty.POSSIBLE)], "--possible", 0),
        ([finding()], "--min-severity error", 1),
    ],
)
def test_the_exit_status_tells_whether_something_was_found(
    audit: Audit, findings: list[Finding], options: str, expected: int
) -> None:
    audit.finds(*findings)
    assert main(["check", *options.split()]) == expected


@pytest.mark.parametrize(("options", "expected"), [("", 2), ("--exit-zero", 0)])
def test_what_could_not_be_read_is_worse_than_a_finding(audit: Audit, options: str, expected: int) -> None:
    audit.finds(finding(), status="unreadable")
    assert main(options.split()) == expected


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        ("--formt json", "unrecognized argument --formt; did you mean '--format'?"),
        ("--formt=json", "unrecognized argument --formt; did you mean '--format'?"),
        ("--format jsn", "argument --format: 'jsn' is not one of text, concise, json; did you mean 'json'?"),
        ("--fail-on warn", "argument --fail-on: 'warn' is not one of error, warning, info; did you mean 'warning'?"),
        ("--output json", "argument --output: 'json' is not FORMAT:FILE, such as json:report.json"),
        ("--output xml:x", "argument --output: 'xml' is not one of text, concise, json"),
        ("settngs", "settngs: no such file or directory; did you mean the command 'settings'?"),
        ("check nowhere", "nowhere: no such file or directory"),
        ("check " + "n" * 5000, ": no such file or directory"),
        ("map --formt=json", "unrecognized argument --formt; did you mean '--format'?"),
        ("explain", "the following arguments are required: RULE"),
        ("--baseline nowhere.json x", "x: no such file or directory"),
        ("--select tsl", "there is no rule or category 'tsl'; did you mean 'tls'?"),
        ("--ignore no-tls-anywher", "there is no rule or category 'no-tls-anywher'; did you mean 'no-tls-anywhere'?"),
        ("--rules nowhere", "nowhere: no such directory of rules"),
        ("explain no-tls-anywher", "there is no rule 'no-tls-anywher'; did you mean 'no-tls-anywhere'?"),
        ("rules test nowhere", "nowhere: no such directory of rules"),
        ("--exit-zero --fail-on", "argument --fail-on: expected one argument"),
    ],
)
def test_a_wrong_call_is_answered_with_two_and_with_what_was_meant(
    audit: Audit, capsys: Capture, argv: str, complaint: str
) -> None:
    assert main(argv.split()) == 2
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.err.startswith("serveaudit: error: ") and told.err.count("\n") == 1
    assert told.out == ""


def test_exit_zero_does_not_excuse_a_wrong_call(audit: Audit) -> None:
    assert main(["--exit-zero", "nowhere"]) == 2


def test_a_mistake_in_the_configuration_is_a_wrong_call(audit: Audit, capsys: Capture) -> None:
    Path("serveaudit.toml").write_text("slect = []\n")
    assert main([]) == 2
    assert capsys.readouterr().err == "serveaudit: error: serveaudit.toml:1: slect: unknown key; did you mean 'select'?\n"


def test_the_version_and_help_go_to_stdout(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"serveaudit {__version__}\n"
    assert main(["--help"]) == 0
    help_text = capsys.readouterr().out
    assert all(command in help_text for command in ("settings", "map", "explain", "rules", "baseline"))


def test_the_working_directory_is_audited_unless_paths_are_given(audit: Audit) -> None:
    main([])
    assert audit.paths == ["."]
    Path("deploy").mkdir()
    Path("nginx.conf").touch()
    main(["check", "deploy", "--possible", "nginx.conf"])
    assert audit.paths == ["deploy", "nginx.conf"]


def test_options_go_over_the_configuration(audit: Audit) -> None:
    Path("ours").mkdir()
    Path("more").mkdir()
    text = """
        select = ["tls"]
        ignore = ["no-tls-anywhere"]
        rules = ["ours"]
        min-severity = "warning"
        fail-on = "error"
        baseline = "old"
    """
    Path("serveaudit.toml").write_text(text)
    main([])
    assert (audit.config.select, audit.config.min_severity, audit.config.fail_on) == (
        ("tls",),
        Severity.WARNING,
        Severity.ERROR,
    )
    main("--select timeouts,unused-ignore --select tls --ignore validity --rules more".split())
    assert audit.config.select == ("timeouts", "unused-ignore", "tls")
    assert audit.config.ignore == ("no-tls-anywhere", "validity")
    assert audit.config.rules == (str(Path("ours").absolute()), str(Path("more").absolute()))
    main("--min-severity info --fail-on info --baseline b".split())
    assert (audit.config.min_severity, audit.config.fail_on) == (Severity.INFO, Severity.INFO)
    assert audit.config.baseline == str(Path("b").absolute())


def test_the_configuration_of_the_audited_directory_holds(audit: Audit) -> None:
    Path("project").mkdir()
    Path("project/serveaudit.toml").write_text('select = ["tls"]\n')
    main(["project"])
    assert audit.config.select == ("tls",)


def test_possible_findings_are_told_when_asked_for(audit: Audit, capsys: Capture) -> None:
    audit.finds(finding(certainty=Certainty.POSSIBLE))
    main([])
    assert capsys.readouterr().out.endswith("Not shown: 1 possible finding (--possible).\n")
    main(["--possible"])
    assert "warning[no-tls-anywhere]: it will hurt (possible)\n" in capsys.readouterr().out
    for name in ("concise", "json"):
        main(["--format", name])
        assert "it will hurt" not in capsys.readouterr().out


def test_a_report_is_one_document_on_stdout(audit: Audit, capsys: Capture) -> None:
    audit.finds(finding())
    assert main(["--format", "json"]) == 1
    told = capsys.readouterr()
    (one,) = json.loads(told.out)["findings"]
    assert (one["rule"], one["url"]) == ("no-tls-anywhere", "https://example.com/tls")
    assert told.err == ""
    main(["--format", "concise"])
    assert capsys.readouterr().out == "nginx.conf:1:1: warning[no-tls-anywhere] it will hurt\n"


def test_further_reports_are_written_to_files(audit: Audit, capsys: Capture) -> None:
    audit.finds(finding())
    main("--output json:a.json --output concise:b.txt --output text:c.txt".split())
    assert json.loads(Path("a.json").read_text())["findings"]
    assert Path("b.txt").read_text() == "nginx.conf:1:1: warning[no-tls-anywhere] it will hurt\n"
    assert Path("c.txt").read_text() == capsys.readouterr().out
    assert main(["--output", "json:nowhere/a.json"]) == 2
    assert capsys.readouterr().err == "serveaudit: error: can't write nowhere/a.json: No such file or directory\n"


def test_colours_are_written_when_forced(audit: Audit, capsys: Capture) -> None:
    audit.finds(finding())
    main(["--color", "always"])
    assert "\x1b[" in capsys.readouterr().out
    main([])
    assert "\x1b[" not in capsys.readouterr().out


def test_a_baseline_is_written_where_the_configuration_says(audit: Audit, capsys: Capture) -> None:
    audit.finds(finding(), finding(certainty=Certainty.POSSIBLE))
    assert main(["baseline"]) == 0
    assert len(json.loads(Path("serveaudit-baseline.json").read_text())["findings"]) == 1
    assert capsys.readouterr().out.startswith("Wrote 1 findings to serveaudit-baseline.json.\n")
    Path("serveaudit.toml").write_text('baseline = "known.json"\n')
    assert main(["baseline", "--possible"]) == 0
    assert audit.config.baseline is None
    assert len(json.loads(Path("known.json").read_text())["findings"]) == 2


def test_settings_and_map_are_told_in_each_of_their_formats(audit: Audit, capsys: Capture) -> None:
    place = Place(SOURCE.line_span(1))
    audit.result.launched = [Launched(Server("gunicorn", place)), Launched(Server("daphne", place))]
    audit.result.map = [Graph("host", "production")]
    assert main(["settings", "--program", "Daphne"]) == 0
    assert capsys.readouterr().out == "daphne  nginx.conf:1\n  started by  nothing that was read\n"
    assert main(["settings", "--format", "json"]) == 0
    assert [one["program"] for one in json.loads(capsys.readouterr().out)["servers"]] == ["gunicorn", "daphne"]
    assert main(["map"]) == 0
    assert capsys.readouterr().out == "host  production\n"
    assert main(["map", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["contexts"][0]["name"] == "host"
    assert main(["map", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart LR\n")
    assert main(["map", "--format", "svg"]) == 0
    assert capsys.readouterr().out.startswith("<svg ")


def test_a_selection_in_the_configuration_is_checked_as_well(audit: Audit, capsys: Capture) -> None:
    Path("serveaudit.toml").write_text('[per-file-ignores]\n"*" = ["tlss"]\n')
    assert main([]) == 2
    assert capsys.readouterr().err.endswith("there is no rule or category 'tlss'; did you mean 'tls'?\n")


def test_rules_are_explained_and_listed(audit: Audit, capsys: Capture) -> None:
    Path("ours/wiring").mkdir(parents=True)
    Path("ours/wiring/own-rule.yaml").write_text(OWN)
    assert main(["explain", "own-rule", "--rules", "ours"]) == 0
    assert capsys.readouterr().out.startswith("own-rule  wiring\na rule of our own\n")
    assert main(["rules", "--rules", "ours"]) == 0
    listed = capsys.readouterr().out
    assert "  no-tls-anywhere  warning  no TLS\n" in listed and "  own-rule  info     a rule of our own\n" in listed
    assert main(["rules", "--format", "json"]) == 0
    assert "unused-ignore" in [rule["rule"] for rule in json.loads(capsys.readouterr().out)["rules"]]


def test_the_examples_of_own_rules_are_run(audit: Audit, capsys: Capture) -> None:
    Path("ours/wiring").mkdir(parents=True)
    Path("ours/wiring/own-rule.yaml").write_text(OWN + "examples:\n- {name: one, silent: '', files: {a: b}}\n")
    assert main(["rules", "test", "ours"]) == 1
    assert capsys.readouterr().out == "ours/wiring/own-rule.yaml: no example has a finding\n"
    assert (audit.config.select, audit.config.rules) == (("own-rule",), (str(Path("ours").absolute()),))


def test_a_broken_card_is_a_wrong_call(audit: Audit, capsys: Capture) -> None:
    Path("ours/wiring").mkdir(parents=True)
    Path("ours/wiring/own-rule.yaml").write_text(OWN.replace("message", "mesage"))
    assert main(["explain", "own-rule", "--rules", "ours"]) == 2
    assert "own-rule.yaml:6: unknown field 'mesage'; did you mean 'message'?" in capsys.readouterr().err


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)

    return run


def test_python_m_serveaudit_works() -> None:
    done = subprocess.run([sys.executable, "-m", "serveaudit", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"serveaudit {__version__}\n")


def test_a_mistake_of_our_own_is_no_finding(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("import serveaudit.cli as cli\ncli.main = lambda argv: 1 / 0\ncli.entry()")
    assert done.returncode == 2
    assert "ZeroDivisionError" in done.stderr


def test_the_version_costs_no_heavy_imports(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run(
        "import sys\nfrom serveaudit.cli import main\nmain(['--version'])\n"
        "print(sorted({'rich', 'yaml', 'libcst', 'ast', 'asyncio', 'subprocess', 'importlib.metadata'} & set(sys.modules)))"
    )
    assert done.stdout == f"serveaudit {__version__}\n[]\n"


def test_a_report_without_colours_costs_no_rich_and_no_libcst(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run(
        "import sys, types\nfrom serveaudit.cli import main\nfrom serveaudit.result import Result\n"
        "fake = sys.modules['serveaudit.audit'] = types.ModuleType('serveaudit.audit')\n"
        "fake.audit = lambda paths, config: Result()\n"
        "import serveaudit.catalogue\nserveaudit.catalogue.own_cards = list\n"
        "for name in ('text', 'concise', 'json'): main(['--format', name])\n"
        "heavy = {'rich', 'libcst', 'asyncio', 'importlib.metadata', 'multiprocessing', 'urllib.request', 'socket'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    assert (done.returncode, done.stderr) == (0, "")
