"""Text that people or programs send: what can be stored, and what can be shown to others."""

import re
import unicodedata

# What only steers the text around it: writing over other lines (bidirectional overrides and isolates), or unseen.
STEERING = frozenset(
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
# Letters and signs by category, but nothing is drawn for them.
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class NameRefused(ValueError):
    """A name that gives away an e-mail address."""


def is_text(value: str) -> bool:
    """Whether there is something, and something that PostgreSQL takes for text."""
    return bool(value) and "\x00" not in value


def one_line(text: str) -> str:
    """Return text as one line: composed characters, single spaces, nothing unseen or that turns others round."""
    shown = "".join(sign for sign in text if sign.isspace() or _is_shown(sign))
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", shown)).strip()


def clean_name(text: str) -> str:
    """Return a name as everybody may see it; empty if nothing would be seen. Raises NameRefused."""
    name = one_line(text)
    if "@" in unicodedata.normalize("NFKC", name):
        raise NameRefused
    is_seen = any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK for sign in name)
    return name if is_seen else ""


def _is_shown(sign: str) -> bool:
    return sign not in STEERING and unicodedata.category(sign) not in {"Cc", "Cs"}
