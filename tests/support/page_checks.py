"""What a page's visitors and the standards say of it: axe in the browser, the Nu HTML checker beside it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NU = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
NU_WITHIN_S = 180
ONLY_TAKES_FORMS = 405

# All that axe knows to be wrong, the best practices too. What it can't decide (a text over video) is no finding.
RUN_AXE = """async (rules) => {
  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
  const options = { resultTypes: ["violations"], ...only };
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) => {
    const [why] = [...any, ...all, ...none];
    return `${id}: ${target.flat().join(" ")}: ${why?.message ?? ""}`;
  }));
}"""


def missing() -> list[str]:
    """Return what the checks need and this machine has not, each with the way to get it."""
    lacks = []
    if not AXE.is_file() or not NU.is_file():
        lacks.append("axe-core and vnu-jar are not in node_modules (npm ci, which make test runs if there is npm)")
    if shutil.which("java") is None:
        lacks.append("java is not installed (on Debian and Ubuntu: apt-get install default-jre-headless)")
    return lacks


def are_left_out() -> bool:
    """Whether the checks are left out here. In CI nothing is: there the tests fail, and say what is missing."""
    return bool(missing()) and not os.environ.get("CI")


def axe_findings(page: "Page", *rules: str) -> list[str]:
    """Return what axe finds wrong with what the browser shows now; only by these rules, if any are named."""
    assert AXE.is_file(), f"Pages can't be checked: {'; '.join(missing())}"
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())  # as the developer tools would: no policy of the page applies
    return [str(finding) for finding in page.evaluate(RUN_AXE, list(rules))]


def nu_findings(folder: Path, pages: Iterable[tuple[str, str]]) -> list[str]:
    """Return every error and warning of the Nu HTML checker about pages, given by name and HTML. One run for all."""
    assert not missing(), f"Pages can't be checked: {'; '.join(missing())}"
    names = {}
    for number, (name, text) in enumerate(pages):
        file = folder / f"{number}.html"
        file.write_text(text)
        names[file.name] = name
    assert names
    argv = ["java", "-jar", str(NU), "--stdout", "--exit-zero-always", "--format", "json", "--skip-non-html"]
    run = subprocess.run([*argv, str(folder)], capture_output=True, text=True, timeout=NU_WITHIN_S, check=True)
    messages = json.loads(run.stdout)["messages"]
    return [
        f"{names[Path(one['url']).name]}, line {one.get('lastLine')}: {one['message']} {one.get('extract', '')!r}"
        for one in messages
        if one["type"] != "info" or one.get("subType") == "warning"
    ]


@cache
def _axe() -> str:
    return AXE.read_text()


class Review:
    """Pages that were looked at, and what is wrong with them: axe at once, the HTML all together at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._findings: list[str] = []
        self._pages: list[tuple[str, str]] = []

    def open(self, page: "Page", path: str) -> None:
        """Go to an address and look at the page, as it was sent and as its scripts have left it."""
        if page.request.get(path, max_redirects=0).status == ONLY_TAKES_FORMS:
            return
        answer = page.goto(path)
        assert answer
        assert answer.status < 500, f"{path}: {answer.status}"
        self._pages.append((f"{page.url} as sent", answer.text()))
        self.look(page)

    def look(self, page: "Page", what: str = "") -> None:
        """Look at what the browser shows now: everything in the light, contrast in the dark, too."""
        name = f"{page.url}{what and f' ({what})'} at {(page.viewport_size or {}).get('width')}"
        page.emulate_media(color_scheme="light", reduced_motion="reduce")  # colours must not be on their way
        found = axe_findings(page)
        page.emulate_media(color_scheme="dark")
        found += [f"in the dark, {one}" for one in axe_findings(page, "color-contrast")]
        page.emulate_media(color_scheme="light")
        self._findings += [f"{name}: {one}" for one in found]
        self._pages.append((name, "<!doctype html>" + page.evaluate("document.documentElement.outerHTML")))

    def expect_no_finding(self) -> None:
        """Fail with all of them, if there are any. There must have been pages."""
        found = self._findings + nu_findings(self._folder, self._pages)
        assert not found, "\n".join(found)
