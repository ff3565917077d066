"""Products: finding them, what they offer, the filters of a page."""
