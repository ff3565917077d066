"""Moving orders that are over into the archive, and comparing the two."""
