"""Money as people type it, and currencies as they are stored."""

import json
import subprocess

import pytest
from babel.core import get_global
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from orders.checkout import place_order
from orders.models import ArchivedOrder, Order, Payment, SandboxPayment
from shop import amounts, currencies, money
from shop.admin import VariantForm
from shop.amounts import (
    Ambiguous,
    AmountRefused,
    NegativeAmount,
    NotMoney,
    OtherCurrency,
    TooFine,
    TooLarge,
)
from shop.models import Product, User, Variant
from shop.money_fields import MoneyField
from tests.support.factories import make_product, make_request
from tests.support.sent_messages import a_payment

LANGUAGES = ("en", "en-in", "de", "de-ch", "fr", "pt-br", "sv", "pl", "cs", "ru", "hi", "bn", "ar", "fa", "he", "ja")


# --- typing ---


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12,50", "USD", 1250),
        (" 12.5 ", "USD", 1250),
        (".5", "USD", 50),
        ("0", "USD", 0),
        ("1299", "USD", 129900),
        ("1,299.00", "USD", 129900),
        ("1.299,00", "EUR", 129900),
        ("1.299,5", "EUR", 129950),
        ("1.299.000", "EUR", 129900000),
        ("1 299,00", "EUR", 129900),
        ("1\u202f299,00\u00a0€", "EUR", 129900),
        ("1’299.50", "CHF", 129950),
        ("CHF 1'299.-", "CHF", 129900),
        ("12,–", "EUR", 1200),
        ("1.299,--", "EUR", 129900),
        ("€ 12", "EUR", 1200),
        ("12 EUR", "EUR", 1200),
        ("eur12", "EUR", 1200),
        ("USD $12.50", "USD", 1250),
        ("US$12", "USD", 1200),
        ("$12", "CAD", 1200),
        ("12:-", "SEK", None),
        ("kr 12", "SEK", 1200),
        ("1 299 kr", "NOK", 129900),
        ("Rs. 1,29,900", "INR", 12990000),
        ("₹1,29,900.50", "INR", 12990050),
        ("١٢٫٥٠", "EUR", 1250),
        ("١٬٢٩٩٫٥٠", "EUR", 129950),
        ("१२.५०", "INR", 1250),
        ("１２．５０", "JPY", None),
        ("１，２９９", "JPY", 1299),
        ("¥1,299", "JPY", 1299),
        ("1.299", "JPY", 1299),
        ("1,299.00", "JPY", 1299),
        ("12.500", "KWD", 12500),
        ("12.5", "KWD", 12500),
        ("1,299.500", "KWD", 1299500),
        ("0.299", "KWD", 299),
    ],
)
def test_a_sum_is_read_as_people_write_it(typed: str, currency: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(AmountRefused):
            amounts.parse(typed, currency)
    else:
        assert amounts.parse(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "why"),
    [
        ("1,299", "USD", Ambiguous("1299", "1.299")),
        ("1.299", "USD", Ambiguous("1299", "1.299")),
        ("€ 1.299", "EUR", Ambiguous("1299", "1.299")),
        ("١٬٢٩٩", "EUR", Ambiguous("1299", "1.299")),
        ("1,299", "KWD", Ambiguous("1299", "1.299")),
        ("12.345", "USD", Ambiguous("12345", "12.345")),
        ("0.299", "USD", TooFine(2)),
        ("1234.567", "USD", TooFine(2)),
        ("1,299.999", "USD", TooFine(2)),
        ("12.5", "JPY", TooFine(0)),
        ("12.3456", "KWD", TooFine(3)),
        ("€12", "USD", OtherCurrency("€")),
        ("12 EUR", "USD", OtherCurrency("EUR")),
        ("$12", "EUR", OtherCurrency("$")),
        ("£5", "USD", OtherCurrency("£")),
        ("-3", "USD", NegativeAmount()),
        ("−3", "USD", NegativeAmount()),
        ("-$3", "USD", NegativeAmount()),
        ("(3)", "USD", NegativeAmount()),
        ("99999999999999999", "USD", TooLarge()),
    ],
)
def test_a_refused_sum_says_why(typed: str, currency: str, why: AmountRefused) -> None:
    with pytest.raises(type(why)) as refused:
        amounts.parse(typed, currency)
    assert vars(refused.value) == vars(why)


@pytest.mark.parametrize(
    "typed",
    [
        *["", " ", "$", "twelve", "NaN", "Infinity", "1e5", "0x10", "5k", "12²", "½", "\x00"],
        *["12 50", "1,2,3", "1.2.3", "1,299.00.00", "12..5", "1_000", "1 2'345", "1,00,0.00"],
        *[",", ".", "12-13", "12.50 12.50", "1" * 70],
    ],
)
def test_what_is_no_sum_is_refused(typed: str) -> None:
    with pytest.raises(NotMoney):
        amounts.parse(typed, "USD")


@given(st.text(max_size=40), st.sampled_from(currencies.CODES))
def test_nothing_that_is_typed_breaks_it(typed: str, currency: str) -> None:
    try:
        minor = amounts.parse(typed, currency)
    except AmountRefused:
        return
    assert 0 <= minor <= amounts.LARGEST_MINOR


@given(st.integers(0, amounts.LARGEST_MINOR), st.sampled_from(currencies.CODES), st.sampled_from(LANGUAGES))
@example(12500, "KWD", "de")
@example(1250, "RSD", "en")
def test_what_is_shown_is_read_as_the_same_sum(minor: int, currency: str, language: str) -> None:
    with translation.override(language):
        assert amounts.parse(money.format_minor(minor, currency), currency) == minor
        assert amounts.parse(amounts.show(minor, currency), currency) == minor


def test_minor_units_are_those_of_the_standard_and_not_of_the_library() -> None:
    assert [currencies.exponent(code) for code in ("USD", "JPY", "KWD", "RSD", "IQD", "ISK")] == [2, 0, 3, 2, 3, 0]
    assert money.format_minor(1250, "RSD") == "RSD12.50"
    assert money.format_minor(1250, "JPY") == "¥1,250"


def test_the_list_has_every_currency_that_is_in_use() -> None:
    periods = [period for territory in get_global("territory_currencies").values() for period in territory]
    in_use = {code for code, _start, end, is_tender in periods if end is None and is_tender}

    assert in_use <= set(currencies.CODES)
    assert len(currencies.CODES) == len(set(currencies.CODES))


# --- the field ---


def variant_form(**typed: object) -> VariantForm:
    [variant] = make_product(skus=("VASE",), price_minor=8600).variants.all()
    fields = {"sku": "VASE", "label": "", "options": "{}", "currency": "USD", "position": 0, "is_active": "on"}
    return VariantForm(fields | typed, instance=variant)


@pytest.mark.django_db
def test_a_form_shows_and_takes_major_units() -> None:
    [variant] = make_product(skus=("BOWL",), price_minor=129900).variants.all()
    assert 'value="1299.00"' in str(VariantForm(instance=variant)["price_minor"])

    form = variant_form(price_minor="1.299,50")

    assert form.is_valid(), form.errors
    assert form.save().price_minor == 129950


@pytest.mark.django_db
def test_a_price_is_read_in_the_currency_that_is_sent_with_it() -> None:
    form = variant_form(price_minor="12.500", currency="KWD")
    assert form.is_valid(), form.errors
    assert (form.save().price_minor, form.instance.currency) == (12500, "KWD")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "currency", "message"),
    [
        ("1,299", "USD", "This could be 1299 or 1.299. Write 1299, or a sum with decimals like 12.50."),
        ("12.50", "JPY", "JPY has no smaller parts: write a whole number, like 1250."),
        ("12.345678", "USD", "USD has 2 digits after the point: write 12.50."),
        ("€ 12", "USD", "This says €, and the sum is in USD."),
        ("-1", "USD", "This can't be less than nothing."),
        ("0", "USD", "At least $0.01."),
        ("99999999999999999", "USD", "That is more than can be counted."),
        ("a lot", "USD", "That is not a sum of money. Write it like this: 12.50"),
        ("", "USD", "This field is required."),
    ],
)
def test_a_form_says_why_and_keeps_what_was_typed(typed: str, currency: str, message: str) -> None:
    form = variant_form(price_minor=typed, currency=currency)

    assert form.errors == {"price_minor": [message]}
    assert f'value="{typed}"' in str(form["price_minor"]) or not typed


@pytest.mark.django_db
def test_an_unknown_currency_is_said_at_its_own_field() -> None:
    for wrong in ("usd", "XXX", "DOLLARS", ""):
        assert set(variant_form(price_minor="12.50", currency=wrong).errors) == {"currency"}
        Product.objects.all().delete()


@pytest.mark.django_db
def test_an_untouched_row_counts_as_unchanged() -> None:
    field = MoneyField(currency="USD")
    assert not field.has_changed(1250, "12.50")
    assert not field.has_changed(None, "")
    assert field.has_changed(1250, "12.51")
    assert field.has_changed(1250, "much")


@pytest.mark.django_db
def test_prices_are_typed_as_money_in_the_admin(client: Client) -> None:
    product = make_product("Vase", skus=("VASE",), price_minor=8600)
    client.force_login(User.objects.create_superuser("admin@example.com"))
    address = reverse("admin:shop_product_change", args=[product.pk])
    page = client.get(address).content.decode()
    assert 'value="86.00"' in page

    [variant] = product.variants.all()
    form = {
        "name": "Vase",
        "slug": product.slug,
        "category": product.category_id,
        "attributes": "{}",
        "is_active": "on",
    }
    form |= {"variants-TOTAL_FORMS": 1, "variants-INITIAL_FORMS": 1, "pictures-TOTAL_FORMS": 0}
    form |= {"pictures-INITIAL_FORMS": 0, "variants-0-id": variant.pk, "variants-0-product": product.pk}
    form |= {"variants-0-sku": "VASE", "variants-0-options": "{}", "variants-0-position": 0}
    answer = client.post(address, form | {"variants-0-price_minor": "89,90", "variants-0-currency": "USD"})

    assert answer.status_code == 302, answer.content.decode()
    variant.refresh_from_db()
    assert (variant.price_minor, variant.currency) == (8990, "USD")


@pytest.mark.django_db
def test_no_form_or_list_of_the_admin_has_minor_units(client: Client) -> None:
    """A person reads $86.00 and types 86; fields of minor units are MoneyFields or stay away."""
    make_product(skus=("VASE",), price_minor=8600, stock=5)
    a_payment(place_order(make_request(("VASE", 1))))
    client.force_login(User.objects.create_superuser("admin@example.com"))
    for model in admin.site._registry:
        if not any(field.name.endswith("_minor") for field in model._meta.fields):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [client.get(reverse(f"{name}_changelist"))]
        pages += [client.get(reverse(f"{name}_change", args=[row.pk])) for row in model.objects.all()[:1]]
        for page in pages:
            assert "8600" not in page.content.decode(), name


# --- stored ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "field"),
    [
        (Variant, "currency"),
        (Order, "currency"),
        (ArchivedOrder, "currency"),
        (Payment, "currency"),
        (Payment, "paid_currency"),
        (SandboxPayment, "currency"),
        (SandboxPayment, "charged_currency"),
    ],
)
def test_the_database_refuses_what_is_not_on_the_list(model: type, field: str) -> None:
    names = {one.name for one in model._meta.constraints if f"'{field}__in'" in repr(one)}
    assert len(names) == 1
    column = model._meta.get_field(field)
    with pytest.raises(ValidationError):
        column.clean("USS", None)
    connection = connections["archive" if model is ArchivedOrder else "default"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conname = %s AND convalidated", [names.pop()])
        assert cursor.fetchone()[0] >= 1


@pytest.mark.django_db
def test_a_code_in_small_letters_is_none() -> None:
    make_product(skus=("VASE",))
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.update(currency="usd")


def test_the_pages_scripts_count_as_the_server_does() -> None:
    """A browser's own tables are those of the CLDR, which has no para and no fils for some."""
    module = (settings.PROJECT / "static/js/sums.js").read_text()
    script = (
        f"{module}; console.log(JSON.stringify({json.dumps(currencies.CODES)}.map((code) => [code, digits(code)])))"
    )
    answer = subprocess.run(["node", "--input-type=module"], input=script.encode(), capture_output=True, check=True)

    assert dict(json.loads(answer.stdout)) == {code: currencies.exponent(code) for code in currencies.CODES}
