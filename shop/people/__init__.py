"""Accounts: sign-in and second factor, roles, addresses, tokens, erasure."""
