"""The rules of ``metadata``: 50 keys of 40 characters, values of 500."""

from .errors import invalid

MAX_KEYS, MAX_KEY, MAX_VALUE = 50, 40, 500


def merged(current, params):
    """Return ``current`` with the request's ``metadata`` applied.

    A key with an empty value goes; an empty ``metadata`` clears all keys.
    """
    if "metadata" not in params:
        return dict(current or {})
    changes = params["metadata"]
    if changes is None:
        return {}
    for key, value in changes.items():
        _check(key, value)
    result = {**(current or {}), **changes}
    result = {key: value for key, value in result.items() if value is not None}
    if len(result) > MAX_KEYS:
        raise invalid(
            f"Metadata can have at most {MAX_KEYS} keys; this would be {len(result)}.",
            "metadata",
        )
    return result


def _check(key, value):
    if len(key) > MAX_KEY or "[" in key or "]" in key:
        raise invalid(
            f"Metadata keys can have at most {MAX_KEY} characters and no square "
            f"brackets: {key}",
            "metadata",
        )
    if value is not None and len(value) > MAX_VALUE:
        raise invalid(
            f"Metadata values can have at most {MAX_VALUE} characters: {key} has "
            f"{len(value)}.",
            f"metadata[{key}]",
        )
