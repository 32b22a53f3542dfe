"""Who asks: API keys, the API version, and what of a request may be logged."""

import base64
import binascii

from . import versions
from .errors import ApiError, invalid

#: Parameters that never reach the log.
UNLOGGED = ("number", "cvc", "client_secret")


def authenticate(request, raw, entry):
    """Return whether the key is a publishable one; 401 for any other than test keys.

    Keys that start with ``sk_test_invalid`` are refused too, so that a test can see
    what a wrong key does.
    """
    key = _api_key(request, raw)
    if key.startswith("pk_test_"):
        entry["key"] = "publishable"
        return True
    if key.startswith("sk_test_") and not key.startswith("sk_test_invalid"):
        entry["key"] = "secret"
        return False
    if not key:
        message = "You did not provide an API key."
    elif "_live_" in key:
        message = "The sandbox refuses live keys. Use a test key (sk_test_...)."
    else:
        message = "Invalid API Key provided."
    raise ApiError(401, message)


def _api_key(request, raw):
    """Bearer, Basic (key as user name) or, from scripts, the parameter ``key``."""
    header = request.headers.get("Authorization", "")
    scheme, _space, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    key = raw.get("key")
    # A secret key never travels in a parameter.
    return key if isinstance(key, str) and key.startswith("pk_") else ""


def check_version(version):
    """Refuse any ``Stripe-Version`` that the sandbox does not speak."""
    if version and version not in versions.KNOWN:
        raise invalid(
            f"Invalid Stripe API version: {version}. The sandbox speaks "
            f"{' and '.join(versions.KNOWN)} only."
        )


def redacted(raw):
    """Copy parameters for the log, without card numbers, codes and secrets."""
    if isinstance(raw, list):
        return [redacted(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    return {
        key: "[redacted]" if key in UNLOGGED else redacted(value)
        for key, value in raw.items()
    }
