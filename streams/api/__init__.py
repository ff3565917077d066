"""REST calls of shows, for everyone and for hosts."""
