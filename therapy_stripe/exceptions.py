class NeedsPerson(Exception):
    """An event that only a person can act upon; the message says what to do."""
