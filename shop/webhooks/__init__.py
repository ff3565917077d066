"""News for the merchant's own systems: signed, retried, and sent to no address that it must not reach."""
