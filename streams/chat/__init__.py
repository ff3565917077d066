"""A show's chat, and keeping it kind: messages, who may write, what is looked at first, and who decides. See docs/chat.md."""
