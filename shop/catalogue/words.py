"""What people type, as conditions on products: whole words first, then near misses."""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector, TrigramStrictWordSimilarity
from django.db.models import F, FloatField, Func, IntegerField, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.db.models.query import QuerySet

from inventory import folding
from shop.models import Product

CONFIG = "english"
WORDS_MAX = 6
# Of the trigrams of two words, these must be in common: "vaze" finds "vase" (0.25), "lamp" not "lagoon" (0.20).
NEAR = 0.24
SWAPS_UP_TO = 6


def matching(products: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Keep the products that a text describes, and annotate how well as `match` (a whole number).

    Every word must be found, the last one may be a beginning. Only when nothing has them all do near misses count:
    words with two letters swapped, and words with most trigrams in common.
    """
    words = split(text)
    if not words:
        return products.none()
    documents = products.annotate(document=_document())
    exact = _ranked(documents.filter(document=_query(words)), words)
    if exact.exists():
        return exact
    near = documents.annotate(prose=_prose())
    for number, word in enumerate(words):
        likeness = f"near_{number}"
        near = near.annotate(**{likeness: TrigramStrictWordSimilarity(word, "prose")})
        near = near.filter(Q(**{f"{likeness}__gte": NEAR}) | Q(document=_query(_swaps(word))))
    total: Combinable = F("near_0")
    for number in range(1, len(words)):
        total = total + F(f"near_{number}")
    return near.annotate(match=_whole(total))


def split(text: str) -> list[str]:
    """Return the words of a text, plain and in lower case: "Café, noir" is cafe and noir."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", folding.fold(text).casefold()) if not unicodedata.combining(c)
    )
    return re.findall(r"\w+", plain)[:WORDS_MAX]


def _query(words: list[str] | set[str]) -> SearchQuery:
    """A list must be there whole, its last word as a beginning; of a set, any word will do."""
    if isinstance(words, set):
        return SearchQuery(" | ".join(sorted(words)), search_type="raw", config=CONFIG)
    return SearchQuery(" & ".join([*words[:-1], f"{words[-1]}:*"]), search_type="raw", config=CONFIG)


def _swaps(word: str) -> set[str]:
    """Return a word and, if it is short, what it is with two neighbours swapped: trigrams see nothing in "lmap"."""
    if len(word) > SWAPS_UP_TO:
        return {word}
    return {word} | {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}


def _plain(expression: Combinable | str) -> Func:
    return Func(expression, function="unaccent", output_field=TextField())


def _document() -> Combinable:
    """The name counts most, then the category, then everything else that is said of a product."""
    said = Concat(Cast("attributes", TextField()), Value(" "), F("description"), output_field=TextField())
    return (
        SearchVector(_plain("name"), weight="A", config=CONFIG)
        + SearchVector(_plain("category__name"), weight="B", config=CONFIG)
        + SearchVector(_plain(said), weight="C", config=CONFIG)
    )


def _prose() -> Func:
    return _plain(
        Concat(
            "name", Value(" "), "category__name", Value(" "), Cast("attributes", TextField()), output_field=TextField()
        )
    )


def _ranked(products: QuerySet[Product], words: list[str]) -> QuerySet[Product]:
    return products.annotate(match=_whole(SearchRank(F("document"), _query(words))))


def _whole(score: Combinable) -> Cast:
    """A whole number, because a cursor of pages compares it as text and back."""
    return Cast(Cast(score, FloatField()) * 1_000_000, IntegerField())
