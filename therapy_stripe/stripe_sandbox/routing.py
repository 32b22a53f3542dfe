"""The table of API endpoints and what a handler gets to see."""

import re
from dataclasses import dataclass, field

from .errors import invalid
from .validation import check_params

ROUTES = []
#: Last parts of paths that name what is done, not what comes back.
VERBS = "attach cancel capture close confirm detach search verify_microdeposits".split()


@dataclass
class Route:
    """One endpoint: verb, path pattern and rules for its parameters."""

    method: str
    pattern: re.Pattern
    handler: callable
    params: str
    implemented: set | None
    publishable: set | None
    refused: dict = field(default_factory=dict)
    kind: str = ""
    name: str = ""

    def coerce(self, raw, publishable):
        """Return typed parameters, or raise the 400 of the processor.

        Scripts in a browser send ``client_secret`` and ``key`` beside the
        parameters of the API and may set only the names in ``publishable``.
        """
        for name, (message, code) in self.refused.items():
            if name in raw:
                raise invalid(message, name, code)
        if not publishable:
            return check_params(self.params, raw, self.implemented)
        own = {k: v for k, v in raw.items() if k not in ("client_secret", "key")}
        typed = check_params(self.params, own, self.publishable | {"expand"})
        typed["client_secret"] = raw.get("client_secret")
        return typed


@dataclass
class Context:
    """What a handler knows about the request it serves.

    ``params`` are typed; ``base_url`` is the sandbox's own address as the client
    wrote it; ``publishable`` tells a browser with ``pk_test_`` from a server.
    """

    store: object
    params: dict
    request_id: str | None = None
    idempotency_key: str | None = None
    publishable: bool = False
    base_url: str = ""
    version: str | None = None


def route(method, path, params, implemented=None, publishable=None, refused=None):
    """Register the decorated function for ``method path``.

    :param path: like ``/v1/customers/{id}``; each name is an argument
    :param params: name of the SDK's request class
    :param implemented: parameters the sandbox acts on (None: all of the class)
    :param publishable: parameters a browser may send; None: secret key only
    :param refused: ``{name: (message, code)}`` of parameters with their own error
    """
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")

    def register(handler):
        ROUTES.append(
            Route(
                method,
                pattern,
                handler,
                params,
                implemented and set(implemented.split()),
                None if publishable is None else set(publishable.split()),
                refused or {},
                _kind_of(method, path),
                f"{method} {path}",
            )
        )
        return handler

    return register


def _kind_of(method, path):
    """The ``object`` value of the answer, which the path tells."""
    parts = [part for part in path.split("/")[2:] if not part.startswith("{")]
    if parts[-1] in VERBS:
        parts.pop()
    kind = parts[-1].removesuffix("s")
    if parts[0] == "radar":
        kind = f"radar.{kind}"
    is_list = (
        method == "GET"
        and parts[-1] not in ("account", "balance")
        and not path.endswith("}")
    )
    return f"list:{kind}" if is_list else kind


def find(method, path):
    """Return ``(route, path arguments)`` or ``(None, None)``."""
    found = None, None
    for candidate in ROUTES:
        match = candidate.pattern.match(path) if candidate.method == method else None
        if match and not match.groups():
            # A path of its own goes before one with a name in that place.
            return candidate, {}
        if match and found[0] is None:
            found = candidate, match.groupdict()
    return found
