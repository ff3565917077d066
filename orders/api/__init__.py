"""Orders over REST (docs at /api/docs/)."""
