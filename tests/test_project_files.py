"""What a stranger meets first: the version, the changelog, the workflow, the hooks."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_version_stands_in_one_place() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text())["packages"]

    assert re.fullmatch(
        r"\d+\.\d+\.\d+", tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    )
    assert "version" not in json.loads((PROJECT / "package.json").read_text())
    assert "version" not in packages[""]


def test_the_licence_is_said_alike() -> None:
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
    assert "Apache-2.0" in (PROJECT / "README.md").read_text()


def test_the_changelog_has_known_sections_and_dated_versions() -> None:
    changelog = (PROJECT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.+)$", changelog, flags=re.MULTILINE)

    assert versions[0] == "[Unreleased]"
    assert [v for v in versions[1:] if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", v)] == []
    assert set(re.findall(r"^### (.+)$", changelog, flags=re.MULTILINE)) <= SECTIONS


def test_the_workflow_runs_what_we_run_with_actions_of_one_version() -> None:
    steps = yaml.safe_load((PROJECT / ".github/workflows/check.yml").read_text())["jobs"]["check"]["steps"]

    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert [use for step in steps if (use := step.get("uses")) and not re.search(r"@v\d+\.\d+\.\d+$", use)] == []


def test_issue_forms_have_what_a_form_needs() -> None:
    folder = PROJECT / ".github/ISSUE_TEMPLATE"
    forms = [yaml.safe_load(path.read_text()) for path in folder.glob("*.yml") if path.name != "config.yml"]

    assert len(forms) == 2
    for form in forms:
        assert {"name", "description", "body"} <= form.keys()
        ids = [field["id"] for field in form["body"] if field["type"] != "markdown"]
        assert len(ids) == len(set(ids)) > 0


@pytest.mark.parametrize(
    ("message", "is_right"),
    [
        ("shop: Say where a product was made.\n\nWhy.\n", True),
        ("realtime, streams: Answer /ready in every kind of process.\n", True),
        ("shop: Say where a product was made\n", False),
        ("shop: say where a product was made.\n", False),
        ("Say where a product was made.\n", False),
        (f"shop: S{'a' * 64}.\n", True),
        (f"shop: S{'a' * 65}.\n", False),
        ("first line\nshop: Say where a product was made.\n", False),
    ],
)
def test_the_hook_knows_the_form_of_a_commit(message: str, *, is_right: bool) -> None:
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    form = next(hook["entry"] for hook in hooks if hook["id"] == "subject")

    # As pre-commit's own pygrep reads it with --multiline.
    assert bool(re.compile(form.encode(), re.MULTILINE | re.DOTALL).search(message.encode())) is is_right


def test_hooks_are_local_and_run_what_make_check_runs() -> None:
    repositories = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    commands = [hook["entry"] for hook in repositories[0]["hooks"] if hook["language"] == "system"]
    check = (PROJECT / "Makefile").read_text()

    assert [repository["repo"] for repository in repositories] == ["local"]
    assert len(commands) == 4
    for command in commands:
        assert command.partition(".venv/bin/")[2] in check


def test_coverage_is_told_by_app() -> None:
    counted = {
        "num_statements": 10,
        "covered_lines": 9,
        "num_branches": 4,
        "covered_branches": 2,
        "percent_covered": 78.5,
    }
    nothing = {"num_statements": 0, "covered_lines": 0, "num_branches": 0, "covered_branches": 0}
    files = {"shop/a.py": counted, "shop/b/c.py": counted, "orders/__init__.py": nothing}
    measured = json.dumps({"files": {path: {"summary": summary} for path, summary in files.items()}})

    script = [sys.executable, str(PROJECT / ".ci/coverage_by_app.py")]
    told = subprocess.run(script, input=measured, capture_output=True, text=True, check=True)

    assert [line.split() for line in told.stdout.splitlines()[2:]] == [
        ["orders", "0", "0.0%", "0", "0.0%"],
        ["shop", "20", "90.0%", "8", "50.0%"],
    ]


def test_coverage_leaves_the_demo_out() -> None:
    run = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]

    assert "config/demo/*" in run["omit"]
    assert run["branch"] is True
