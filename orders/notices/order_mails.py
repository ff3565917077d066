"""The mails of orders: what was ordered, where it goes, and the way to it."""

import uuid

from django.conf import settings
from django.utils.translation import gettext as _

from orders import access, reading
from orders.models import Order
from orders.notices import texts
from shop.models import Notice
from shop.notifications import mails
from shop.notifications.mails import MailContent

WITH_ADDRESS = {"order.placed", "order.held_again", "order.in_transit", "seller.order_placed"}


@mails.writes("order")
def write(notice: Notice) -> MailContent | None:
    """Write a mail about an order, archived or not; none about one that is gone, none to an erased buyer."""
    try:
        order = reading.get_order(uuid.UUID(notice.subject.partition(":")[2]))
    except Order.DoesNotExist:
        return None
    if order.is_erased and notice.recipient != Notice.SELLER:
        return None
    link = f"{settings.SITE_URL}{notice.url}"
    if notice.recipient == "guest":
        link += f"?access={access.token(order)}"
    return MailContent(
        "orders/mail",
        {
            "order": order,
            "lines": [(texts.name(line), line) for line in order.lines.all()],
            "link": link,
            "link_text": _("See the order"),
            "shows_address": notice.kind in WITH_ADDRESS and not order.is_erased,
        },
    )
