"""Orders that are over, moved whole to a database of their own. docs/archive.md tells how and why."""
