"""Text as an eye takes it in, so that what looks alike compares alike (UTS 39; the data are Unicode's confusables).

A letter has two readings, for capitals differ more than small letters: `I` looks like `l`, and `i` does not. What
looks alike has a reading in common.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from confusable_homoglyphs.confusables import confusables_data

from shop.text import without_unseen

LEFT_TO_RIGHT_MARK = "\u200e"  # the library's data put it around signs that are written from right to left
NAMES_OF_THE_SHOP = ("Showfloor",)
PARTS = re.compile(r"([\s.,:;/]+)")
# Pairs that look like one letter, which Unicode's data know the other way round or not at all.
PAIRS = (("rn", "m"), ("vv", "w"))
# Digits that people write for letters.
DIGITS = str.maketrans("013457", "oieast")


def readings(text: str) -> tuple[str, str]:
    """Return what a text may be read as: without case, accents, unseen signs, and with look-alikes made one.

    Numbers stay numbers.
    """
    plain = re.sub(r"\s+", " ", without_unseen(unicodedata.normalize("NFKD", text)))
    plain = "".join(sign for sign in plain if not unicodedata.category(sign).startswith("M"))
    return _look(plain.casefold()).casefold(), _look(plain).casefold()


@lru_cache(maxsize=4096)
def name_keys(name: str) -> frozenset[str]:
    """Return what stands for a name, however it is adorned: names with a key in common look alike."""
    keys = set()
    for reading in (*readings(name), readings(name.translate(DIGITS))[0]):
        key = "".join(sign for sign in reading if sign.isalnum())
        for pair, letter in PAIRS:
            key = key.replace(pair, letter)
        keys.add(key)
    return frozenset(keys - {""})


def is_taken(name: str, *, others: Iterable[str], is_shop: bool = False) -> bool:
    """Whether a name looks like one of others, or has the shop's in it and is not the shop's (`is_shop`)."""
    keys = name_keys(name)
    if not is_shop and any(shops in key for shop in NAMES_OF_THE_SHOP for shops in name_keys(shop) for key in keys):
        return True
    return any(not keys.isdisjoint(name_keys(other)) for other in others)


def _look(text: str) -> str:
    return "".join(part if part.isdecimal() else part.translate(_table()) for part in PARTS.split(text))


@cache
def _table() -> dict[int, str]:
    """Map each sign to the one that stands for all that look like it."""
    table: dict[int, str] = {}
    for sign, others in confusables_data.items():
        alike = {sign, *(other["c"].strip(LEFT_TO_RIGHT_MARK) for other in others)}
        if len(sign) == 1:
            table[ord(sign)] = min(alike, key=_rank)
    # The data form stars: of what is not a star's centre, the centre knows the best.
    return {sign: table.get(ord(best), best) if len(best) == 1 else best for sign, best in table.items()}


def _rank(sign: str) -> tuple[int, int, str]:
    """Order signs: ASCII's letters, its digits, its pairs and threes, then the rest."""
    if not sign.isascii():
        return (3, len(sign), sign)
    if len(sign) == 1 and sign.isalpha():
        return (0, sign.isupper(), sign)
    return (1 if sign.isdigit() else 2, len(sign), sign)
