"""Integer money as people read and type it."""

from decimal import Decimal, InvalidOperation

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from django.utils.translation import get_language

LARGEST_MINOR = 10**15


def format_minor(amount_minor: int, currency: str) -> str:
    """Return an amount in the reader's language: 12345, "USD" is "$123.45"; 500, "JPY" is "¥500"."""
    return str(format_currency(to_major(amount_minor, currency), currency, locale=_locale()))


def symbol(currency: str) -> str:
    """Return the sign of a currency, "$"."""
    return str(get_currency_symbol(currency, locale=_locale()))


def to_major(amount_minor: int, currency: str) -> Decimal:
    """Return 123.45 for 12345 cents."""
    return Decimal(amount_minor).scaleb(-get_currency_precision(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """Return 12345 for 123.45 dollars; what is finer than a minor unit is cut off."""
    return int(amount.scaleb(get_currency_precision(currency)))


def parse_major(text: str, currency: str) -> int | None:
    """Return the minor units of an amount typed as "123.45" or "123,45"; None when it is not a sum of money."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < LARGEST_MINOR:
        return None
    return to_minor(amount, currency)


def _locale() -> Locale:
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
