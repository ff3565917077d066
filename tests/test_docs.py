"""The documents: none is lost, no link leads nowhere, the drawing is of today's tables."""

import re
from pathlib import Path

from config.management.commands import draw_data_model

PROJECT = Path(__file__).resolve().parent.parent
INDEX = PROJECT / "docs" / "README.md"
PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> list[tuple[Path, str]]:
    """Return where a page's links into the project lead, each with its fragment."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = [target for target in LINK.findall(text) if "://" not in target]
    parts = [target.partition("#") for target in targets]
    return [((page.parent / path).resolve() if path else page, fragment) for path, _sign, fragment in parts]


def anchors(page: Path) -> set[str]:
    """Return the fragments that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_document_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [INDEX]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += [target for target, _ in links(page) if target in PAGES and target not in reached]

    assert [str(page.relative_to(PROJECT)) for page in PAGES if page not in reached] == []


def test_the_readme_leads_to_the_index() -> None:
    assert (INDEX, "") in links(PROJECT / "README.md")


def test_no_link_leads_nowhere() -> None:
    wrong = [
        f"{page.relative_to(PROJECT)}: {target.name}#{fragment}"
        for page in PAGES
        for target, fragment in links(page)
        if not target.exists() or (fragment and fragment not in anchors(target))
    ]

    assert sum(len(links(page)) for page in PAGES) > 100
    assert wrong == []


def test_no_page_names_a_file_that_is_gone() -> None:
    """A name in backticks with a slash in it, of a folder of ours."""
    folders = "config|realtime|streams|orders|shop|inventory|tests|bench|static|templates|deploy"
    named = [
        (page, name)
        for page in PAGES
        for name in re.findall(rf"`((?:{folders})/[\w./]+)`", page.read_text())
        if not name.startswith("static/npm")
    ]

    assert len(named) > 100
    assert [f"{page.relative_to(PROJECT)}: {name}" for page, name in named if not (PROJECT / name).exists()] == []


def test_the_drawing_of_the_data_model_is_up_to_date() -> None:
    assert draw_data_model.PATH.read_text() == draw_data_model.draw(), "`make diagram` draws it anew"


def test_the_drawing_tells_kinds_of_relation_apart() -> None:
    drawn = draw_data_model.draw()

    assert "    StockItem ||--o{ Reservation : stock_item\n" in drawn
    assert "    User |o--o| Cart : user\n" in drawn
    assert "    User |o--o{ Order : buyer\n" in drawn
    assert "    Group }o--o{ User : groups\n" in drawn
    assert "    Courier ||--o{ Zone : courier\n" in drawn
    assert "    Attempt\n" in drawn
