"""A host's own pages: their shows, and the studio of each."""
