"""Integer money as people read it. How they type it is in `shop.amounts`."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

from shop import amounts
from shop.amounts import AmountRefused
from shop.currencies import exponent, locale, to_major


def format_minor(amount_minor: int, currency: str) -> str:
    """Return an amount in the reader's language: 12345, "USD" is "$123.45"; 500, "JPY" is "¥500"."""
    amount, digits = to_major(amount_minor, currency), exponent(currency)
    if digits == get_currency_precision(currency):
        return str(format_currency(amount, currency, locale=locale()))
    pattern = locale().currency_formats["standard"].pattern
    decimals = "." + "0" * digits if digits else ""
    return str(
        format_currency(amount, currency, pattern.replace(".00", decimals), locale=locale(), currency_digits=False)
    )


def symbol(currency: str) -> str:
    """Return the sign of a currency, "$"."""
    return str(get_currency_symbol(currency, locale=locale()))


def to_minor(amount: Decimal, currency: str) -> int:
    """Return 12345 for 123.45 dollars; what is finer than a minor unit is cut off."""
    return int(amount.scaleb(exponent(currency)))


def parse_major(text: str, currency: str) -> int | None:
    """Return the minor units of an amount as somebody typed it; None when it is refused."""
    try:
        return amounts.parse(text, currency)
    except AmountRefused:
        return None
