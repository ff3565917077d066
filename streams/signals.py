"""Ephemeral news of shows, sent after commit. `slug` names the show."""

from django.dispatch import Signal

session_changed = Signal()  # slug: str, state: str
pin_changed = Signal()  # slug: str, sku: str | None
run_list_changed = Signal()  # slug: str, skus: list[str]
slow_mode_changed = Signal()  # slug: str, seconds: int
chat_posted = Signal()  # slug: str, message: ChatMessage
chat_removed = Signal()  # slug: str, message_id: str
opinions_changed = Signal()  # slug: str, likes: int, dislikes: int
message_pinned = Signal()  # slug: str, message: ChatMessage | None
silence_changed = Signal()  # user_id: int; whom a moderator silenced, or let write again
announcement_made = Signal()  # announcement: Announcement
announcement_ended = Signal()  # announcement: Announcement
