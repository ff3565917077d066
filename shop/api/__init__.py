"""Goods, carts, wishlists and people over REST (docs at /api/docs/)."""
