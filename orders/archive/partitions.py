"""The archive's months: one partition each, by the UTC month of `terminal_at`."""

from orders.archive.router import ALIAS
from shop.partitions import Months

MONTHS = Months("orders_archivedorder", alias=ALIAS)
AHEAD = MONTHS.ahead

ensure = MONTHS.ensure
ensure_ahead = MONTHS.ensure_ahead
months_ahead = MONTHS.months_ahead
make = MONTHS.make
