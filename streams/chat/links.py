"""What people write to be followed: addresses of sites, files and mailboxes, with a scheme or without."""

import re
import unicodedata

from babel import Locale

from shop.people.lookalikes import readings
from shop.text import without_unseen

# Full stops of other scripts, which browsers take for one (UTS 46), and signs that readers do.
DOTS = re.compile("[\u3002\uff0e\uff61\u2024\u2027\u2219\u22c5\u00b7\u2022\u30fb]")
DOT_IN_BRACKETS = re.compile(r"\s*[\[({<]\s*(?:\.|dot)\s*[\])}>]\s*", re.IGNORECASE)
SLASHES = re.compile("[\u2044\u2215\u29f8]")

GENERIC = (
    "com|net|org|info|biz|edu|gov|mil|int|aero|asia|coop|jobs|mobi|museum|name|pro|tel|travel|xxx"
    "|agency|app|art|bet|bid|blog|cam|casino|click|cloud|club|dev|digital|email|fun|guru|icu|ink|link|live|lol|media"
    "|network|ninja|news|online|page|poker|porn|press|rocks|sale|sex|shop|site|social|software|space|store|stream"
    "|studio|tech|tips|top|trade|tube|video|vip|website|wiki|win|work|world|wtf|xyz|zip|zone|xn--[a-z0-9-]+"
    "|рф|рус|онлайн|сайт|укр|中国|中國|公司|网络|网址|在线|商城|भारत|한국|みんな"
)


def _countries() -> str:
    """Return the endings of countries: ISO's codes, and those that are none."""
    codes = {code.lower() for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()}
    return "|".join(sorted(codes | {"ac", "eu", "su", "uk"}))


# `10.am` and `2.5.in` are a time and a length.
BEFORE_ENDING = r"[\w-]\.(?!(?<=\d\.)(?:[ap]m|in|to)\b)"
LINK = re.compile(
    r"[a-z][a-z0-9+-]*://|https?:|mailto:|www\.\w"
    rf"|{BEFORE_ENDING}(?:{GENERIC}|{_countries()})(?![\w-])"
    r"|[\w-]\.[^\W\d_]{2,24}(?::\d{2,5}\b|/[\w~%?#-])"
    r"|[\w+.-]@[\w-]+\.[^\W\d_]{2,}"
    r"|(?<![\d.,])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d,]|\.\d)"
    r"|\[[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\]"
    r"|\blocalhost[:/]",
    re.IGNORECASE,
)


def has_link(text: str) -> bool:
    """Whether a text names an address that its readers may follow, however it is disguised."""
    plain = without_unseen(unicodedata.normalize("NFKC", DOTS.sub(".", text)))
    plain = DOT_IN_BRACKETS.sub(".", SLASHES.sub("/", DOTS.sub(".", plain)))
    return any(LINK.search(reading) for reading in (plain, *readings(plain)))
