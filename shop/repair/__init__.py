"""Reconciliation across the apps, and the repairs of what it finds."""
