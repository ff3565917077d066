"""Does news wait that should have gone out? Statements for `inventory.reconciliation`."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from inventory.reconciliation import Check, by_sql, register

NEWS_FOR = timedelta(minutes=10)
MAIL_FOR = timedelta(minutes=15)
MAIL_DUE_FOR = timedelta(hours=1)

_NEWS = """
    SELECT 'outbox:' || id,
           'handled',
           topic || ' of ' || subject || ', ' || attempts || ' tries'
               || CASE last_error WHEN '' THEN '' ELSE ': ' || last_error END
    FROM shop_outboxevent
    WHERE handled_at IS NULL AND created_at < now() - %(after)s
"""

_MAIL = """
    SELECT 'notice:' || id,
           'sent',
           mail_state || ', ' || mail_attempts || ' tries (' || kind || ' of ' || subject || ')'
    FROM shop_notice
    WHERE mail_state = 'sending' AND mail_claimed_at < now() - %(sending)s
       OR mail_state = 'due' AND created_at < now() - %(due)s
"""

register(
    Check(
        "stuck.outbox",
        _("No news waits for its handlers for longer than ten minutes"),
        _("The last error says what is in the way; repair that, then try it again."),
        by_sql(_NEWS, after=NEWS_FOR),
    ),
    Check(
        "stuck.mail",
        _("No mail is on its way for longer than a quarter of an hour, nor due for longer than an hour"),
        _(
            "Due: see whether the mail server answers. Sending: who sent it was killed, perhaps after it went; "
            "send it again if twice is better than never."
        ),
        by_sql(_MAIL, sending=MAIL_FOR, due=MAIL_DUE_FOR),
    ),
)
