"""What can be made to go wrong with a sandbox payment: on its page by whoever pays, and by tests."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LATE_S = 30
LATE_MOST_S = 7 * 24 * 3600
AFTER_S = 5
AWAY_S = 30


class Switch(TextChoices):
    """One nastiness. Several may be combined; of contradicting ones NEVER beats FORGED beats the others."""

    LATE = "late", _("It comes late")
    TWICE = "twice", _("It comes twice")
    OUT_OF_ORDER = "out_of_order", _("It comes out of order")
    NEVER = "never", _("It never comes")
    FORGED = "forged", _("It is forged")
    WRONG_AMOUNT = "wrong_amount", _("The amount is wrong")
    WRONG_CURRENCY = "wrong_currency", _("The currency is wrong")
    AFTER_EXPIRY = "after_expiry", _("It succeeds too late")
    FAILS_AFTER = "fails_after", _("It fails after it succeeded")
    HANGS = "hangs", _("It does not answer")
    TOO_MANY = "too_many", _("It answers 429")
    STAY = "stay", _("You close the window")


@dataclass(frozen=True)
class Group:
    """Switches that belong together on the page, each with a sentence that explains it."""

    name: str | Promise
    switches: dict[Switch, str | Promise]


GROUPS = (
    Group(
        _("The webhook"),
        {
            Switch.LATE: _("The shop hears of it only after a while."),
            Switch.TWICE: _("The same message, two times."),
            Switch.OUT_OF_ORDER: _("An older message follows it."),
            Switch.NEVER: _("The shop has to ask."),
            Switch.FORGED: _("Somebody else signs it, and it claims success."),
        },
    ),
    Group(
        _("The money"),
        {
            Switch.WRONG_AMOUNT: _("Less is taken than the shop asked for."),
            Switch.WRONG_CURRENCY: _("The right number of the wrong money."),
        },
    ),
    Group(
        _("The payment"),
        {
            Switch.AFTER_EXPIRY: _("Approved now, paid only after the shop has given up."),
            Switch.FAILS_AFTER: _("The provider changes its mind five seconds later."),
        },
    ),
    Group(
        _("The provider"),
        {
            Switch.HANGS: _("For half a minute, whoever asks waits in vain."),
            Switch.TOO_MANY: _("For half a minute it is asked too often."),
        },
    ),
    Group(_("You"), {Switch.STAY: _("You don't come back to the shop.")}),
)
