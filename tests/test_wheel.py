"""What gets installed: from a wheel, from a source distribution, from a checkout. Needs build and hatchling, and no network."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parent.parent
CARDS = {path.stem: path.parent.name for path in (ROOT / "rules").rglob("*.yaml")}


def python(*words: str, cwd: Path, path: Path | None = None) -> str:
    """What a Python process prints; `path` goes before the packages of this environment."""
    env = {**os.environ, "PYTHONPATH": str(path)} if path else None
    done = subprocess.run([sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unpacked(wheel: Path, target: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def rules(installed: Path, cwd: Path) -> dict[str, dict[str, object]]:
    listed = json.loads(python("-m", "serveaudit", "rules", "--format", "json", cwd=cwd, path=installed))
    return {rule["rule"]: rule for rule in listed["rules"]}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, as a fresh clone would have it."""
    target = tmp_path_factory.mktemp("checkout") / "serveaudit"
    left_out = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "dist", "rules.json", ".hypothesis")
    shutil.copytree(ROOT, target, ignore=left_out)
    return target


@pytest.fixture(scope="session", params=["wheel", "wheel of the source distribution"])
def installed(request: pytest.FixtureRequest, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that an installation puts into site-packages."""
    target = tmp_path_factory.mktemp("built")
    kind = ["--wheel"] if request.param == "wheel" else []  # without an option: the archive first, then a wheel of it
    python("-m", "build", "--no-isolation", "--outdir", str(target), *kind, str(checkout), cwd=target)
    (wheel,) = target.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert len(list(target.glob("*.tar.gz"))) == (0 if kind else 1)
    return unpacked(wheel, target / "site-packages")


def test_the_package_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    found = python("-c", "import serveaudit; print(serveaudit.__file__)", cwd=tmp_path, path=installed).strip()
    assert Path(found).is_relative_to(installed)
    assert (installed / "serveaudit" / "py.typed").exists()
    assert list(installed.glob("serveaudit-*.dist-info/licenses/LICENSE"))


def test_every_card_is_found(installed: Path, tmp_path: Path) -> None:
    found = rules(installed, tmp_path)
    assert {name: found.get(name, {}).get("category") for name in CARDS} == CARDS


def test_a_run_reads_one_json_without_examples(installed: Path) -> None:
    bundle = json.loads((installed / "serveaudit" / "data" / "rules.json").read_text("utf-8"))
    assert {name for name, _, _ in bundle["cards"]} == set(CARDS)
    assert not [name for name, _, fields in bundle["cards"] if "examples" in fields]


def test_a_card_is_explained_with_its_example(installed: Path, tmp_path: Path) -> None:
    page = python("-m", "serveaudit", "explain", sorted(CARDS)[0], cwd=tmp_path, path=installed)
    assert "\nExample\n" in page


def test_the_tables_of_facts_are_there(installed: Path) -> None:
    tables = {path.name for path in (ROOT / "src" / "serveaudit" / "data").glob("*.json")} - {"rules.json"}
    assert tables and tables <= {path.name for path in (installed / "serveaudit" / "data").iterdir()}


def test_nothing_else_is_installed(installed: Path) -> None:
    assert [path.name for path in installed.iterdir() if not path.name.startswith("serveaudit")] == []


def test_an_edited_card_takes_effect_at_once_in_a_checkout(checkout: Path, tmp_path: Path) -> None:
    script = f"import hatchling.build\nprint(hatchling.build.build_editable({str(tmp_path)!r}))"
    name = python("-c", script, cwd=checkout).split()[-1]
    (link,) = unpacked(tmp_path / name, tmp_path / "site-packages").glob("*.pth")
    source = Path(link.read_text().strip())
    assert source == checkout / "src"
    card = next(iter(sorted((checkout / "rules").rglob("*.yaml"))))
    assert set(CARDS) <= set(rules(source, tmp_path))
    text = card.read_text("utf-8")
    card.write_text(text.replace("summary:", "summary: edited,", 1), "utf-8")
    try:
        assert str(rules(source, tmp_path)[card.stem]["summary"]).startswith("edited, ")
    finally:
        card.write_text(text, "utf-8")
