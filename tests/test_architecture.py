"""The walls between the apps: what they import, and where their tables point."""

import tomllib
from pathlib import Path

import grimp
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.models import Field

PROJECT = Path(__file__).resolve().parent.parent
# Left may know right, never the reverse.
ORDER = ["config", "realtime", "streams", "orders", "shop", "inventory"]


def test_left_imports_right_only() -> None:
    # grimp is import-linter's own engine; the linter itself stumbles over classes that Twisted has touched.
    graph = grimp.build_graph(*ORDER, cache_dir=None)

    wrong = graph.find_illegal_dependencies_for_layers(layers=ORDER)

    assert "shop.models" in graph.find_modules_directly_imported_by("orders.models.orders")
    assert [f"{dependency.importer} imports {dependency.imported}" for dependency in wrong] == []


def test_make_check_enforces_the_same_order() -> None:
    configuration = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert configuration["root_packages"] == ORDER
    [apps, *rooms] = [contract["layers"] for contract in configuration["contracts"]]
    assert apps == ORDER
    assert [layers[0].partition(".")[0] for layers in rooms] == ["realtime", "streams", "orders", "shop"]


def relations() -> list[tuple[str, str, Field]]:
    """List every foreign key and many-to-many of our apps as (owner, target, field)."""
    return [
        (model._meta.app_label, field.related_model._meta.app_label, field)
        for label in ORDER
        for model in apps.get_app_config(label).get_models()
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]
        if field.is_relation and field.related_model
    ]


def test_no_table_points_left() -> None:
    ours = [(owner, target, field) for owner, target, field in relations() if target in ORDER]

    assert ("orders", "shop", apps.get_model("orders.OrderLine")._meta.get_field("variant")) in ours
    assert [str(field) for owner, target, field in ours if ORDER.index(target) < ORDER.index(owner)] == []


def test_inventory_points_nowhere_else() -> None:
    assert {target for owner, target, _ in relations() if owner == "inventory"} == {"inventory"}


def test_realtime_and_config_own_no_table() -> None:
    assert [*apps.get_app_config("realtime").get_models(), *apps.get_app_config("config").get_models()] == []


def test_no_migration_of_ours_depends_on_an_app_to_its_left() -> None:
    graph = MigrationLoader(None).disk_migrations
    leftward = [
        f"{label}.{name} on {target}.{other}"
        for (label, name), migration in graph.items()
        if label in ORDER
        for target, other in migration.dependencies
        if target in ORDER and ORDER.index(target) < ORDER.index(label)
    ]

    assert leftward == []


def test_files_stay_readable() -> None:
    ours = [path for folder in (*ORDER, "tests", "bench") for path in (PROJECT / folder).rglob("*.py")]
    long = [path for path in ours if "migrations" not in path.parts and len(path.read_text().splitlines()) > 400]

    assert [str(path.relative_to(PROJECT)) for path in long] == []


def test_lines_of_templates_can_be_reviewed() -> None:
    templates = [path for path in (PROJECT / "templates").rglob("*.*") if path.suffix in {".html", ".txt"}]
    long = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in templates
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]

    assert templates
    assert long == []
