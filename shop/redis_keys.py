"""Every key that Showfloor writes in Redis begins with one of these: who adds one sees here that it is free.

Beside them Redis holds Django's cache (`KEY_PREFIX` in the settings) and Celery's queues.
"""

BUCKET = "showfloor:bucket:"
"""Rate limits (`shop.http.rate_limits`)."""

REALTIME = "showfloor:rt:"
"""Topics: their log, state and presence (`realtime/lua/prelude.lua` names the keys of one)."""

AVAILABILITY = f"{REALTIME}availability"
TOPICS = f"{REALTIME}topics"
REVOKED = f"{REALTIME}revoked"
SAID = f"{REALTIME}said:"
MAILBOX = f"{REALTIME}mailbox:"

LEASES = "showfloor:leases:"
"""Who plays on which devices (`streams.leases`)."""

ENCODER_HEALTH = "showfloor:health:"
WATCHING = "showfloor:watching:"
STORE_BEHIND = "showfloor:store_behind"
