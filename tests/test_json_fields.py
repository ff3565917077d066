"""JSON columns: every one has a shape, and Python and PostgreSQL say the same of every value."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.json_fields import AnyObject, Counts, JsonPathMatch, Rows, Shape, Texts, Words
from shop.models import AuditEntry, Product, User, Variant
from tests.support.factories import make_product

OURS = ["inventory", "shop", "orders", "streams", "realtime", "config"]
JSON_FIELDS = [
    field
    for label in OURS
    for model in apps.get_app_config(label).get_models()
    for field in model._meta.get_fields()
    if isinstance(field, models.JSONField)
]

texts = st.text(max_size=6) | st.sampled_from(["", "\n", "\x7f", "\x85", "M" * 61, "M" * 80, "M" * 81, "é", "👗"])
scalars = (
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
rows = st.fixed_dictionaries({}, optional={"sku": scalars, "quantity": scalars, "more": scalars})
SHAPES = {
    "any object": AnyObject(),
    "words": Words(longest=80),
    "words and numbers": Words(longest=80, numbers=True),
    "counts": Counts(),
    "rows": Rows(sku="string", quantity="number"),
    "texts": Texts(),
}


@pytest.mark.parametrize("field", JSON_FIELDS, ids=lambda field: f"{field.model.__name__}.{field.name}")
def test_every_json_column_has_a_shape_in_the_model_and_in_the_database(field: models.JSONField) -> None:
    shapes = [validator for validator in field.validators if isinstance(validator, Shape)]
    held = [
        constraint.condition.extra["predicate"]
        for constraint in field.model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and isinstance(constraint.condition, JsonPathMatch)
        and constraint.condition.source_expressions[0].name == field.name
    ]

    assert held == [shape.predicate() for shape in shapes]
    assert len(shapes) == 1


def test_the_columns_above_are_all_there_are() -> None:
    assert {f"{field.model.__name__}.{field.name}" for field in JSON_FIELDS} >= {
        "Product.attributes",
        "Variant.options",
        "ArchivedOrder.lines",
        "Reconciliation.drifts",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("name", SHAPES)
def test_python_and_postgresql_agree_on_every_value(name: str) -> None:
    shape = SHAPES[name]
    seen: set[bool] = set()

    @settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(value=values | st.lists(rows, max_size=3) | st.dictionaries(texts, scalars, max_size=3))
    def judge(value: Any) -> None:
        written = json.dumps(value)
        if "\\u0000" in written or "\\ud" in written:
            return  # no JSON for PostgreSQL; forms refuse it before
        fits = shape.fits(value)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT jsonb_path_match(%s::jsonb, %s::jsonpath, '{}', true)",
                [written, shape.predicate()],
            )
            assert cursor.fetchone() == (fits,), written
        seen.add(fits)

    judge()
    assert seen == {True, False}


BAD_OPTIONS = [
    pytest.param(value, id=json.dumps(value)[:40])
    for value in (
        ["M"],
        "M",
        5,
        {"Size": ["M", "L"]},
        {"Size": {"EU": 38}},
        {"Size": None},
        {"Size": 38},
        {"": "M"},
        {"Size": ""},
        {"Size": "M\n"},
        {"S" * 61: "M"},
        {"Size": "M" * 81},
        {"Size": "\x00"},
        {"Size": "\ud800"},
    )
]


@pytest.mark.django_db
@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_options_of_another_shape_are_refused_by_the_model(options: Any) -> None:
    variant = make_product(skus=("VASE",)).variants.get()
    variant.options = options

    with pytest.raises(ValidationError) as refused:
        variant.full_clean()

    assert "options" in refused.value.message_dict


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options", [value for value in BAD_OPTIONS if "u0000" not in value.id and "ud800" not in value.id]
)
def test_options_of_another_shape_are_refused_by_the_database(options: Any) -> None:
    variant = make_product(skus=("VASE",)).variants.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(pk=variant.pk).update(options=models.Value(options, models.JSONField()))

    variant.refresh_from_db()
    assert variant.options == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        '["M"]',
        '{"Size": ["M"]}',
        '"M"',
        '""',
        "[]",
        "{",
        '{"Size": NaN}',
        '{"Size": 1e999}',
        "1" * 5000,
        "[" * 100_000,
        '{"a":' * 3000 + "1" + "}" * 3000,
        '{"Size": "\\u0000"}',
        '{"Size": "\\ud800"}',
    ],
    ids=lambda typed: typed[:20],
)
def test_staff_who_type_another_shape_are_told_and_nothing_changes(client: Client, typed: str) -> None:
    product = make_product(skus=("VASE",), stock=1, slug="vase")
    client.force_login(User.objects.create_superuser("admin@example.com"))

    answer = client.post(reverse("admin:shop_product_change", args=[product.pk]), product_form(product, options=typed))

    assert answer.status_code == 200
    form = answer.context["inline_admin_formsets"][0].formset.forms[0]
    assert list(form.errors) == ["options"]
    assert Variant.objects.get().options == {}
    assert client.get("/shop/vase/").status_code == 200


@pytest.mark.django_db
def test_staff_who_leave_them_empty_get_none(client: Client) -> None:
    product = make_product(skus=("VASE",), stock=1, attributes={"Material": "Clay"})
    client.force_login(User.objects.create_superuser("admin@example.com"))

    answer = client.post(
        reverse("admin:shop_product_change", args=[product.pk]), product_form(product, options="", attributes="")
    )

    assert answer.status_code == 302
    product.refresh_from_db()
    assert (product.attributes, product.variants.get().options) == ({}, {})


def product_form(product: Product, *, options: str, attributes: str = "{}") -> dict[str, Any]:
    variant = product.variants.get()
    return {
        "name": product.name,
        "slug": product.slug,
        "category": product.category_id,
        "attributes": attributes,
        "is_active": "on",
        "variants-TOTAL_FORMS": 1,
        "variants-INITIAL_FORMS": 1,
        "variants-0-id": variant.pk,
        "variants-0-product": product.pk,
        "variants-0-sku": variant.sku,
        "variants-0-options": options,
        "variants-0-price_minor": 100,
        "variants-0-currency": "USD",
        "variants-0-position": 0,
        "variants-0-is_active": "on",
        "pictures-TOTAL_FORMS": 0,
        "pictures-INITIAL_FORMS": 0,
    }


@pytest.mark.django_db(transaction=True)
def test_what_stood_there_before_is_repaired_and_the_audit_log_keeps_it() -> None:
    def leaves(app: str) -> list[tuple[str, str]]:
        return list(MigrationExecutor(connection).loader.graph.leaf_nodes(app))

    before = [("shop", "0008_unbounded_texts"), ("inventory", "0005_unbounded_texts")]
    after = [*leaves("shop"), *leaves("inventory")]
    rest = [leaf for label in ("orders", "streams") for leaf in leaves(label)]
    made = make_product(skus=("A", "B", "C", "E"), stock=2, attributes={"Material": "Clay"})
    try:
        MigrationExecutor(connection).migrate(before)
        old = [["M", "L"], {"Size": ["M", 3], "Fit": None, "Cut": {"EU": 38}}, "M\n", {"Size": 38}, {"Size": "M"}]
        with connection.cursor() as cursor:
            for sku, value in zip("ABC", old, strict=False):
                cursor.execute("UPDATE shop_variant SET options = %s WHERE sku = %s", [json.dumps(value), sku])
            cursor.execute("UPDATE shop_variant SET sku = %s WHERE sku = 'E'", [" E/../x\u200b "])
            cursor.execute("UPDATE inventory_stockitem SET sku = %s WHERE sku = 'E'", [" E/../x\u200b "])
            cursor.execute(
                "UPDATE shop_product SET attributes = %s", ['{"Handles": 2, "Lid": true, "Of": ["a", "b"]}']
            )
            cursor.execute(
                "INSERT INTO shop_auditentry (at, actor, action, subject, reason, data) "
                "VALUES (now(), 'system', 'test', 'test', '', '[1]')"
            )
    finally:
        MigrationExecutor(connection).migrate([*after, *rest])

    options = {variant.sku: variant.options for variant in Variant.objects.all()}
    assert options["A"] == {"Kind": "M, L"}
    assert options["B"] == {"Size": "M, 3", "Cut": '{"EU": 38}'}
    assert options["C"] == {"Kind": "M"}
    assert options["E/_../x"] == {}
    assert set(options) == set(Variant.objects.none().model.objects.values_list("sku", flat=True))
    made.refresh_from_db()
    assert made.attributes == {"Handles": 2, "Lid": True, "Of": "a, b"}
    assert AuditEntry.objects.get(action="test").data == {"was": [1]}
    kept = {entry.subject: entry.data for entry in AuditEntry.objects.filter(action="repaired")}
    assert kept[f"variant:{Variant.objects.get(sku='A').pk}"] == {"options": ["M", "L"]}
    assert len(kept) == 4
