"""Pages as text that a test can search."""

import re


def flat(html: str) -> str:
    """Leave out white space that templates need and readers don't: runs of it, and what begins or ends an element."""
    html = re.sub(r"\s+", " ", html)
    return re.sub(r"(<\w[^>]*>) | (?=</)| (?=>)", r"\1", html)
