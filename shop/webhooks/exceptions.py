"""Why a delivery did not arrive."""

from shop.exceptions import ShopError


class NotDelivered(ShopError):
    """Base class. The message is shown to staff; trying again may help."""

    status_code: int | None = None


class AddressRefused(NotDelivered):
    """The endpoint's address is none that webhooks may be sent to."""


class NoAnswer(NotDelivered):
    """The endpoint could not be reached, or did not answer in time."""


class AnsweredNo(NotDelivered):
    """The endpoint answered something other than 2xx."""

    def __init__(self, status_code: int, text: str) -> None:
        super().__init__(f"{status_code} {text}".strip())
        self.status_code = status_code
