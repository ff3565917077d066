"""What a SKU may look like: a seller's own name for one thing, whatever signs it is made of."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LONGEST = 64
# Controls, and what is unseen or turns the text around it.
_UNSEEN = (
    r"\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
)
_BLANK = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
# Any sign that is seen, a slash, a question mark and a blank inside too: addresses carry it encoded. Not a part
# between slashes that is one dot or two, for browsers and proxies take that for a way up. The same expression for
# Python and PostgreSQL.
PATTERN = rf"\A(?![{_BLANK}])(?!(?:.*/)?\.\.?(?:/|\Z))[^{_UNSEEN}]+(?<![{_BLANK}])\Z"
_PATTERN = re.compile(PATTERN)
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")  # PostgreSQL has neither


def is_sku(text: str) -> bool:
    """Whether something may have this SKU."""
    return len(text) <= LONGEST and bool(_PATTERN.search(text)) and not _NO_TEXT.search(text)


def validate_sku(text: str) -> None:
    """Raise ValidationError for what can't be a SKU."""
    if not is_sku(text):
        raise ValidationError(
            _(
                "A SKU has 1 to %(longest)d signs that can be seen, no blank at either end, and no . or .. between "
                "slashes."
            ),
            code="sku",
            params={"longest": LONGEST},
        )


def constraint(field: str, *, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__regex": PATTERN}), name=name)
