"""Networks, origins, rates: what is known of who connects."""
