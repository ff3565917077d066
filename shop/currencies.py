"""The currencies of ISO 4217 that people pay with, how finely each is counted, and how it is stored.

The list is ours, and not that of a library, for the databases check against it: it changes by a migration. The counts
are ISO's as well: the Unicode CLDR, and so babel, has others for some (it writes Serbian dinars without para).
"""

from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_currency_symbol
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

_IN_USE = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_WITHOUT_PARTS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_OF_A_THOUSAND = "BHD IQD JOD KWD LYD OMR TND"

CODES = tuple(_IN_USE.split())
EXPONENTS = {**dict.fromkeys(_WITHOUT_PARTS.split(), 0), **dict.fromkeys(_OF_A_THOUSAND.split(), 3)}
"""The currencies whose minor unit is not a hundredth; the pages' scripts have the same in goods.js."""

_ALSO = {"CHF": ("Fr.", "Fr", "SFr."), "INR": ("Rs.", "Rs"), "JPY": ("円",), "CNY": ("元",)}
"""How people write them besides, as no library says."""


def exponent(currency: str) -> int:
    """Return how many decimal digits the minor unit of a currency is: 2 for cents, 0 for yen."""
    return EXPONENTS.get(currency, 2)


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Return 123.45 for 12345 cents."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def locale() -> Locale:
    """Return the reader's language, in which sums are written."""
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@cache
def signs(currency: str) -> frozenset[str]:
    """Return the ways in which a currency is written where it is used, its code among them: €, EUR; kr, SEK."""
    found = {currency, str(get_currency_symbol(currency, locale="en")), *_ALSO.get(currency, ())}
    for territory, periods in get_global("territory_currencies").items():
        if any(code == currency and end is None for code, _start, end, _tender in periods):
            for language in get_official_languages(territory, regional=True, de_facto=True):
                try:
                    found.add(str(get_currency_symbol(currency, locale=Locale.parse(f"{language}_{territory}"))))
                except (UnknownLocaleError, ValueError):
                    continue
    return frozenset(found)


class CurrencyField(models.CharField):
    """A code of the list. To migrations it is just text: the table's constraint (`is_listed`) has the list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 3
        kwargs["choices"] = [(code, code) for code in CODES]
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        del kwargs["choices"]
        return name, "django.db.models.CharField", args, kwargs


def is_listed(field: str, *, name: str, may_be_empty: bool = False) -> models.CheckConstraint:
    """Return the constraint that a table needs for each of its currencies."""
    codes = ["", *CODES] if may_be_empty else list(CODES)
    return models.CheckConstraint(condition=Q(**{f"{field}__in": codes}), name=name)
