"""What people type, brought to one form before it is judged: width, digits of any script, spaces, dashes, case."""

import re
import unicodedata

DASHES = re.compile(r"[\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u00ad\u30fc]")
FULL_STOPS = re.compile(r"[\u3002\uff0e\uff61]")


def fold(text: str) -> str:
    """Return text as one line of plain signs: compatibility forms, ASCII digits, single spaces and one kind of dash.

    Signs that are not seen are left out; letters keep their case. Folding twice is the same as folding once.
    """
    wide = unicodedata.normalize("NFKC", DASHES.sub("-", text))
    signs = (_plain(sign) for sign in DASHES.sub("-", wide))
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", "".join(signs))).strip()


def code(text: str) -> str:
    """Return a code, such as a postal code or a coupon's, as codes are compared: upper case, no spaces or dashes."""
    return unicodedata.normalize("NFC", re.sub(r"[\s-]", "", fold(text).upper()))


def country(text: str) -> str:
    """Return a country's code as ISO 3166-1 writes it."""
    return fold(text).upper()


def email(text: str) -> str:
    """Return an e-mail address as it is written to: no spaces, and the domain in lower case."""
    address = unicodedata.normalize("NFC", fold(FULL_STOPS.sub(".", text)).replace(" ", ""))
    name, at, domain = address.rpartition("@")
    return f"{name}{at}{domain.lower()}"


def mailbox(text: str) -> str:
    """Return what is the same for addresses that reach one mailbox: `A+shop@example.com` and `a@example.com`."""
    name, at, domain = email(text).lower().rpartition("@")
    return f"{name.partition('+')[0] or name}{at}{domain}"


def number(text: str) -> int | None:
    """Return a whole number that somebody typed, up to eighteen digits; None for anything else."""
    digits = code(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _plain(sign: str) -> str:
    match unicodedata.category(sign):
        case "Nd":
            return str(unicodedata.decimal(sign))
        case "Cf" | "Cc" if not sign.isspace():
            return ""
        case "Zs" | "Zl" | "Zp":
            return " "
        case _:
            return sign
