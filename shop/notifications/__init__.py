"""What people are told, on the notices page and by mail."""
