"""What viewers can let rise over a show. realtime counts and sums them; nothing is kept."""

EMOJI = ("❤️", "🔥", "👏", "😍", "😂", "😮", "🎉", "👍")
