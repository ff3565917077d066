"""Text that people or programs send: what can be stored, and what can be shown to others."""

import re
import unicodedata

# Signs that draw nothing of their own (Unicode's Default_Ignorable_Code_Point, and what only turns lines round).
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Letters and signs by category, but nothing is drawn for them: they are spaces.
BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0\U0001d159]")
JOINERS = "\u200c\u200d"
STYLES, KEYCAP = "\ufe0e\ufe0f", "\u20e3"
STYLED = "\u2139\u203c\u2049\u3030\u303d"  # letters and punctuation that are emoji, too
SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
# A black flag and the letters of a region: England, Scotland, Wales.
TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
# Scripts whose letters change shape beside a joiner or a selector, by the first word of the letters' names.
JOINING = re.compile(
    "(?:ARABIC|BALINESE|BENGALI|DEVANAGARI|GUJARATI|GURMUKHI|JAVANESE|KANNADA|KHMER|MALAYALAM|MANDAIC|MANICHAEAN"
    "|MONGOLIAN|MYANMAR|NKO|ORIYA|PHAGS-PA|SINHALA|SYRIAC|TAMIL|TELUGU|TIBETAN) "
)
MARKS_MAX = 4  # on one letter; UTS 39, 5.4


NAME_MAX = 40


class NameRefused(ValueError):
    """A name that nobody may bear. `reason` is `address` (it gives away an e-mail address) or `taken`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NameTooLong(ValueError):
    """A name of more than `NAME_MAX` characters, once they are composed: some become two."""


def is_text(value: str) -> bool:
    """Whether there is something, and something that PostgreSQL takes for text."""
    return bool(value) and "\x00" not in value


def one_line(text: str) -> str:
    """Return text as one line: composed characters, single spaces, nothing unseen or that turns others round.

    "" if nothing of it would be drawn. What is unseen stays where it has something to say: in emoji, flags and
    keycaps, and between letters that join.
    """
    seen = "".join(sign for sign in BLANK.sub(" ", text) if sign.isspace() or _is_character(sign))
    line = re.sub(r"\s+", " ", _with_few_marks(unicodedata.normalize("NFC", _without_idle(seen)))).strip()
    return line if any(map(_is_drawn, line)) else ""


def without_unseen(text: str) -> str:
    """Return text without anything that draws nothing, to compare it with other text."""
    return UNSEEN.sub("", text)


def clean_name(text: str) -> str:
    """Return a name as everybody may see it; empty if nothing would be seen. Raises NameRefused, NameTooLong."""
    name = one_line(text)
    if len(name) > NAME_MAX:
        raise NameTooLong
    if "@" in unicodedata.normalize("NFKC", name):
        raise NameRefused("address")
    return name


def _is_character(sign: str) -> bool:
    return unicodedata.category(sign) not in {"Cc", "Cs"} and ord(sign) & 0xFFFE != 0xFFFE


def _is_drawn(sign: str) -> bool:
    kind = unicodedata.category(sign)
    is_new_emoji = kind == "Cn" and "\U0001f000" <= sign <= "\U0001faff"  # newer than this Python's Unicode
    return (kind[0] in "LNPS" or is_new_emoji) and not UNSEEN.match(sign) and not BLANK.match(sign)


def _without_idle(text: str) -> str:
    """Leave out unseen signs that do nothing where they stand."""
    kept: list[str] = []
    flags = {at for flag in TAGGED_FLAG.finditer(text) for at in range(*flag.span())}
    for at, sign in enumerate(text):
        if at in flags or not UNSEEN.match(sign) or _has_a_use(sign, "".join(kept[-3:]), text[at + 1 : at + 2]):
            kept.append(sign)
    return "".join(kept)


def _has_a_use(sign: str, before: str, after: str) -> bool:
    """Whether an unseen sign changes what is drawn of its neighbours."""
    last = before[-1:]
    if not last or (UNSEEN.match(last) and last not in STYLES):
        return False
    if sign in JOINERS:
        if sign == "\u200d" and _is_emoji(SKIN_TONES.sub("", before).rstrip(STYLES)[-1:]) and _is_emoji(after):
            return True
        if unicodedata.combining(last) == 9:  # a virama (RFC 5892, appendix A)
            return True
        return _joins(last) and (sign == "\u200d" or after[:1].isalpha() or _joins(after))
    if sign in STYLES:
        return _is_emoji(last) or last in STYLED or (after == KEYCAP and last in "0123456789#*")
    if "\U000e0100" <= sign <= "\U000e01ef":
        return unicodedata.name(last, "").startswith("CJK ")
    return "\u180b" <= sign <= "\u180f" and unicodedata.name(last, "").startswith("MONGOLIAN")


def _is_emoji(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign) in {"So", "Sm", "Sk"} or "\U0001f000" <= sign <= "\U0001faff")


def _joins(sign: str) -> bool:
    return bool(sign) and JOINING.match(unicodedata.name(sign, "")) is not None


def _with_few_marks(text: str) -> str:
    """Leave out the marks that a letter has too many of, and those that stand on nothing."""
    kept: list[str] = []
    marks: set[str] | None = None  # of the letter before; None where there is none
    for sign in text:
        if unicodedata.category(sign) in {"Mn", "Me"} and not UNSEEN.match(sign):
            if marks is None or sign in marks or len(marks) == MARKS_MAX:
                continue
            marks.add(sign)
        elif sign.isspace():
            marks = None
        elif not UNSEEN.match(sign):
            marks = set()
        kept.append(sign)
    return "".join(kept)
