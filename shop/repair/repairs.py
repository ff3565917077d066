"""How to put right the stock's counters, and news that is stuck."""

from functools import partial

from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.counters import Counter, recount
from inventory.exceptions import CountBelowPromises
from inventory.models import StockItem
from shop.exceptions import CantRepair, NothingToRepair
from shop.models import Notice, OutboxEvent
from shop.repair.registry import Facts, changed, key_of, repair_for, shown_as

Mail = Notice.Mail

shown_as(stock="inventory_stockitem", notice="shop_notice", outbox="shop_outboxevent")


def set_counter(subject: str, *, counter: Counter, actor: str, reason: str) -> Facts:
    try:
        recounted = recount(int(key_of(subject)), counter)
    except (StockItem.DoesNotExist, ValueError) as error:
        raise NothingToRepair from error
    except CountBelowPromises as error:
        raise CantRepair(
            _("%(promised)s units of %(sku)s would be promised and only %(counted)s on hand. Cancel orders first.")
            % {"promised": error.promised, "sku": error.sku, "counted": error.counted}
        ) from error
    if recounted.before == recounted.after:
        raise NothingToRepair
    return {"before": recounted.before, "after": recounted.after}


for counter, label in {
    Counter.ON_HAND: gettext_lazy("Set it to what the ledger says"),
    Counter.HELD: gettext_lazy("Set it to what the reservations say"),
    Counter.COMMITTED: gettext_lazy("Set it to what the reservations say"),
}.items():
    repair_for(
        f"set-{counter.value.replace('_', '-')}",
        check=f"stock.{counter.value}",
        label=label,
        permission="inventory.change_stockitem",
    )(partial(set_counter, counter=counter))


@repair_for(
    "handle-again",
    check="stuck.outbox",
    label=gettext_lazy("Try it again"),
    permission="shop.change_outboxevent",
)
def handle_again(subject: str, *, actor: str, reason: str) -> Facts:
    return changed(
        OutboxEvent.objects.filter(pk=int(key_of(subject)), handled_at=None).update(next_try_at=Now(), attempts=0)
    )


@repair_for(
    "send-mail-again", check="stuck.mail", label=gettext_lazy("Send it again"), permission="shop.change_notice"
)
def send_mail_again(subject: str, *, actor: str, reason: str) -> Facts:
    unsent = Notice.objects.filter(pk=key_of(subject), mail_state__in=[Mail.SENDING, Mail.DUE])
    return changed(unsent.update(mail_state=Mail.DUE, mail_due_at=Now()))


@repair_for(
    "note-mail-sent", check="stuck.mail", label=gettext_lazy("It has arrived"), permission="shop.change_notice"
)
def note_mail_sent(subject: str, *, actor: str, reason: str) -> Facts:
    return changed(
        Notice.objects.filter(pk=key_of(subject), mail_state=Mail.SENDING).update(
            mail_state=Mail.SENT, mail_sent_at=Now()
        )
    )
