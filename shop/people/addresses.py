"""Where people have things sent: what an address needs, and which a person used last."""

from collections.abc import Mapping

from babel import Locale
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from inventory import delivery, folding, postal
from shop import locks
from shop.models import Address, User
from shop.text import one_line

KEPT_MAX = 20
LONGEST = {"name": 120, "line1": 200, "line2": 200, "city": 120, "region": 120, "postal_code": 16}

STREET, SECOND_LINE, NEEDED = (
    gettext_lazy("Street and house"),
    gettext_lazy("Flat, floor, building"),
    gettext_lazy("Please fill this in."),
)
CITIES: dict[str, str | Promise] = {
    "city": gettext_lazy("City"),
    "post_town": gettext_lazy("Town"),
    "district": gettext_lazy("District"),
    "suburb": gettext_lazy("Suburb"),
}
REGIONS: dict[str, str | Promise] = {
    "area": gettext_lazy("Area"),
    "county": gettext_lazy("County"),
    "department": gettext_lazy("Department"),
    "district": gettext_lazy("District"),
    "do_si": gettext_lazy("Province"),
    "emirate": gettext_lazy("Emirate"),
    "island": gettext_lazy("Island"),
    "oblast": gettext_lazy("Oblast"),
    "parish": gettext_lazy("Parish"),
    "prefecture": gettext_lazy("Prefecture"),
    "province": gettext_lazy("Province"),
    "state": gettext_lazy("State"),
}
CODES: dict[str, str | Promise] = {
    "eircode": gettext_lazy("Eircode"),
    "zip": gettext_lazy("ZIP code"),
}


def countries() -> list[tuple[str, str]]:
    """Return the countries that something can be sent to, by name."""
    codes = delivery.countries() or [settings.DEFAULT_COUNTRY]
    return sorted(((code, country_name(code)) for code in codes), key=lambda choice: choice[1])


def country_name(code: str) -> str:
    names = Locale.parse(get_language() or "en", sep="-").territories
    return str(names.get(code, code))


def lines_of(address: object) -> list[str]:
    """Return an address, or where an order goes, as a parcel to its country is labelled, from name to country."""
    country = str(getattr(address, "country", ""))
    parts = {name: str(getattr(address, name, "")) for name in postal.FIELDS}
    lines = [str(getattr(address, "name", "")), *postal.write_lines(parts, country), country_name(country)]
    return [line for line in lines if line]


def label(name: str, country: str) -> str:
    """Return what a part of an address is called in a country."""
    rules = postal.rules_of(country)
    match name:
        case "line1":
            return str(STREET)
        case "line2":
            return str(SECOND_LINE)
        case "city":
            return str(CITIES.get(rules.city_kind, CITIES["city"]))
        case "region":
            return str(REGIONS.get(rules.region_kind, _("Region")))
    return str(CODES.get(rules.code_kind, _("Postal code")))


def judge(typed: Mapping[str, str], country: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the parts of an address as they are kept, and what is wrong with them by name.

    What a country's addresses need must be there; what they lack is kept where somebody has written it, except for a
    postal code that the country has not.
    """
    rules = postal.rules_of(country)
    kept = {name: one_line(typed.get(name, "")) for name in postal.FIELDS}
    errors = {}
    code = postal.write_code(kept["postal_code"], country)
    if code is None and kept["postal_code"]:
        errors["postal_code"] = code_error(kept["postal_code"], country)
    kept["postal_code"] = code or ""
    wanted = kept["region"] or (kept["city"] if "region" in rules.required else "")
    region = postal.find_region(wanted, country) if wanted else ""
    if region is None:
        errors["region"] = _("There is none of this name in that country. Please choose one.")
    kept["region"] = region or ""
    for name in rules.required:
        if not kept[name] and name not in errors:
            errors[name] = str(NEEDED)
    for name, most in LONGEST.items():
        if len(kept.get(name, "")) > most:
            errors[name] = _("At most %(n)d characters.") % {"n": most}
    return kept, errors


def code_error(code: str, country: str) -> str:
    """Say what is wrong with a postal code that its country can't have."""
    digits = folding.code(code)
    if country == "IN":
        if digits.isdigit() and len(digits) != 6:
            return (
                _("%(n)d digits; codes in India have six.") % {"n": len(digits)}
                if len(digits) > 1
                else _("1 digit; codes in India have six.")
            )
        return _("Codes in India have six digits.")
    example = next(iter(postal.rules_of(country).code_examples), "")
    return (
        _("This is not a postal code. One looks like %(code)s.") % {"code": example}
        if example
        else _("This is not a postal code.")
    )


def find_newest(user: User) -> Address | None:
    return user.addresses.order_by("-used_at").first()


def remember(user: User, *, name: str, country: str, **parts: str) -> None:
    """Keep an address, as the newest. The same one again is kept once; of too many, the one not used longest goes.

    Under the person's lock, or two orders at once would keep it twice.
    """
    words = {"name": name, "country": country, **{part: parts.get(part, "") for part in postal.FIELDS}}
    with transaction.atomic():
        locks.lock_user(user)
        if user.addresses.filter(**words).update(used_at=Now()):
            return
        too_many = user.addresses.order_by("-used_at").values_list("pk", flat=True)[KEPT_MAX - 1 :]
        user.addresses.filter(pk__in=list(too_many)).delete()
        Address.objects.create(user=user, **words)
