"""Sums of money as people type them, in major units of a currency that is known: 12.50, 12,50, 1.299,00, € 12, ١٢٫٥٠.

What could be read in two ways is refused, not guessed: "1,299" is 1299 to some and 1.299 to others.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_symbol, get_decimal_symbol

from shop import currencies
from shop.currencies import locale, to_major

LARGEST_MINOR = 10**15
LONGEST = 60
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ＇`´", "'"))
_SEPARATORS = str.maketrans({"٫": ".", "٬": ",", "،": ",", "、": ",", "。": "."})
_EVEN = re.compile(r"(?P<whole>.*?)[.,]?[-]{1,2}")  # 12,- and 12.--
_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:[^0-9][0-9]{3})+")
_INDIAN_GROUPS = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3}")


class AmountRefused(ValueError):
    """What was typed is no sum of money of this currency."""


class NotMoney(AmountRefused):
    """It is no number at all, or not written as one."""


class NegativeAmount(AmountRefused):
    """It is below nothing."""


class TooLarge(AmountRefused):
    """It is more than can be counted."""


@dataclass
class TooFine(AmountRefused):
    """It has parts that this currency does not have; `exponent` says how many decimal digits there are."""

    exponent: int


@dataclass
class OtherCurrency(AmountRefused):
    """It names another currency, by a sign or a code."""

    sign: str


@dataclass
class Ambiguous(AmountRefused):
    """It has two readings, both in plain digits with a point."""

    grouped: str
    decimal: str


def parse(text: str, currency: str) -> int:
    """Return the minor units of a typed sum. Raises AmountRefused; which one says why."""
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
    if len(text) > LONGEST:
        raise NotMoney
    if text and (unicodedata.category(text[0]) == "Pd" or text[0] in "−("):
        raise NegativeAmount
    typed = _fold(_without_sign(text, currency))
    even = _EVEN.fullmatch(typed)
    amount = _whole(even["whole"]) if even else _read(typed, currency)
    minor = amount.scaleb(currencies.exponent(currency))
    if minor != minor.to_integral_value():
        raise TooFine(currencies.exponent(currency))
    if minor > LARGEST_MINOR:
        raise TooLarge
    return int(minor)


def show(amount_minor: int, currency: str) -> str:
    """Return a sum as a field shows it, without sign and groups, in a way that `parse` takes."""
    return f"{to_major(amount_minor, currency):f}".replace(".", decimal_sign())


def decimal_sign() -> str:
    """Return what the reader's language writes before the decimals, "." or ","."""
    sign = str(get_decimal_symbol(locale()))
    return sign if sign in {".", ","} else "."


def _fold(text: str) -> str:
    """Return digits of any script, spaces, apostrophes, dashes and points of any kind as plain ones."""
    if any(unicodedata.category(sign) in {"No", "Nl"} for sign in text):  # ², ½ and ⑫ are no digits of a sum
        raise NotMoney
    folded = []
    for sign in unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_APOSTROPHES):
        category = unicodedata.category(sign)
        if category == "Nd":
            folded.append(str(unicodedata.digit(sign)))
        elif category == "Pd" or sign == "−":
            folded.append("-")
        else:
            folded.append(" " if sign.isspace() else sign)
    return "".join(folded).translate(_SEPARATORS).strip()


def _without_sign(text: str, currency: str) -> str:
    """Take the currency's own sign or code off. Raises OtherCurrency."""
    local = str(get_currency_symbol(currency, locale=locale()))
    for sign in sorted({*currencies.signs(currency), local}, key=len, reverse=True):
        shown = "".join(part for part in sign if unicodedata.category(part) != "Cf")
        at, flags = re.escape(shown), re.IGNORECASE if len(shown) > 1 else re.NOFLAG  # 5k is not five kyat
        text = re.sub(rf"^{at}\s*|\s*{at}$", "", text, count=1, flags=flags)
    for sign in text:
        if unicodedata.category(sign) == "Sc":
            raise OtherCurrency(sign)
    for code in re.findall(r"[A-Za-z]{3}", text):
        if code.upper() in currencies.CODES:
            raise OtherCurrency(code.upper())
    return text


def _read(typed: str, currency: str) -> Decimal:
    points, commas = typed.count("."), typed.count(",")
    groups = [sign for sign in " '" if sign in typed]
    if not re.fullmatch(r"[0-9.,' ]*[0-9][0-9.,' ]*", typed) or len(groups) > 1:
        raise NotMoney
    if points and commas:
        return _with_decimals(typed, max(".,", key=typed.rindex))
    if points > 1 or commas > 1:
        return _whole(typed)
    if not points and not commas:
        return _whole(typed)
    return _of_one_separator(typed, "." if points else ",", currency, is_grouped=bool(groups))


def _of_one_separator(typed: str, sign: str, currency: str, *, is_grouped: bool) -> Decimal:
    """Read a number with one point or one comma, which may stand between groups or before the decimals."""
    whole, decimals = typed.split(sign)
    could_group = not is_grouped and len(decimals) == 3 and _GROUPS.fullmatch(typed) is not None
    digits = currencies.exponent(currency)
    if not could_group:
        return _with_decimals(typed, sign)
    if digits == 0:
        return Decimal(whole + decimals)
    if digits == 3 and sign == decimal_sign():
        return _with_decimals(typed, sign)  # so are sums of these currencies always written: 12.500
    raise Ambiguous(whole + decimals, f"{whole}.{decimals}")


def _with_decimals(typed: str, sign: str) -> Decimal:
    whole, _sign, decimals = typed.rpartition(sign)
    if sign in whole or (decimals and not decimals.isdecimal()):
        raise NotMoney
    return _whole(whole or "0") + Decimal(f"0.{decimals or 0}")


def _whole(typed: str) -> Decimal:
    """Read a number without decimals. Its groups must be well made: 1.299.000, 12 500, 1,29,900."""
    if typed.isdecimal():
        return Decimal(typed)
    separators = {sign for sign in typed if not sign.isdecimal()}
    if len(separators) != 1 or not (_GROUPS.fullmatch(typed) or _INDIAN_GROUPS.fullmatch(typed)):
        raise NotMoney
    return Decimal(typed.replace(separators.pop(), ""))
