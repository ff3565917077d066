class EmbeddedError(Exception):
    """An embedded server can't be used as things are; the message is one line for the operator."""
