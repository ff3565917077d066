"""What every call of the REST API shares: problems, pages, JSON, tokens, the schema."""
