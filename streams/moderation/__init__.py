"""Keeping a show's chat kind: who may write, what is looked at first, and who decides. See docs/chat.md."""
