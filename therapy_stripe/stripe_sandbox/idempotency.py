"""Idempotency keys, as the processor documents them.

A key belongs to the account. Its first use fixes endpoint and parameters. From
the moment the request starts to execute the key is taken; the answer, also a 402
or a 500, is kept for 24 hours and replayed. Requests that never executed (401,
429, refused parameters, a conflict with a running twin) leave the key free.
"""

import hashlib
import json

from .errors import ApiError

LIFETIME = 24 * 3600
MAX_LENGTH = 255


def fingerprint(method, path, raw_params):
    """Return a digest of what a key stands for."""
    text = json.dumps([method, path, raw_params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def claim(store, key, method, path, raw_params):
    """Take ``key`` for this request.

    :return: the kept entry ``{status, body, request_id}`` to replay, or None when
        the request must now execute, then call :func:`keep` where its answer is to be
        kept, and :func:`release_unfinished` in any case
    """
    if len(key) > MAX_LENGTH:
        raise ApiError(
            400, f"Idempotency keys may have at most {MAX_LENGTH} characters."
        )
    with store.lock:
        entry = store.tables["_idempotency"].get(key)
        if entry and store.now() - entry["created"] >= LIFETIME:
            entry = None
        if entry is None:
            store.tables["_idempotency"][key] = {
                "created": store.now(),
                "path": path,
                "fingerprint": fingerprint(method, path, raw_params),
                "status": None,
                "body": None,
                "request_id": None,
            }
            return None
        _check_same_request(entry, key, fingerprint(method, path, raw_params), path)
        if entry["status"] is None:
            raise ApiError(
                409,
                "There is currently another in-progress request using this "
                "Idempotency Key; try again in a moment.",
                type="idempotency_error",
                code="idempotency_key_in_use",
            )
        return entry


def _check_same_request(entry, key, digest, path):
    if entry["path"] != path:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used for the same endpoint they "
            f"were first used for ('{path}' vs '{entry['path']}'). Try using a key "
            f"other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    if entry["fingerprint"] != digest:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters "
            f"they were first used with. Try using a key other than '{key}' if you "
            "meant to execute a different request.",
            type="idempotency_error",
        )


def keep(store, key, status, body, request_id):
    """Keep the answer of an executed request under its key."""
    with store.lock:
        entry = store.tables["_idempotency"].get(key)
        if entry is not None:
            entry.update(status=status, body=body, request_id=request_id)


def release_unfinished(store, key):
    """Free a key under which nothing was kept: its request never executed."""
    with store.lock:
        entry = store.tables["_idempotency"].get(key)
        if entry is not None and entry["status"] is None:
            del store.tables["_idempotency"][key]
