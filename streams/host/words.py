"""What the studio's scripts say, in the host's language: a show's sentences, and a few of its own."""

from django.utils.translation import gettext as _

from streams import words


def of_studio() -> dict[str, str]:
    """Return every sentence, with `{name}` where a script puts a value."""
    return {
        **words.of_show(),
        "not_done": _("That did not reach the shop. Please try again."),
        "delete_line": _("Delete what {name} said"),
        "sold": _("{n} sold"),
        "megabits": _("{n} Mb/s"),
        "seconds": _("{n} s"),
    }
