"""A show's chat, and keeping it kind: who may write, what is looked at first, who decides. See docs/chat.md."""
