"""The servers that come inside Python packages: PostgreSQL and Redis, for one machine and for the tests."""
