"""Control API: rate limits."""

from .control import control


@control("GET", "ratelimit")
def state(app, body):
    """Return the limits and how many requests they refused."""
    return app.limits.state()


@control("POST", "ratelimit")
def configure(app, body):
    """Turn limits on or off: ``on``, ``per_second``, ``endpoint_per_second``, ..."""
    return app.limits.configure(body)
