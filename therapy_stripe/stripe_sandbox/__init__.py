"""Stateful stand-in for the payment processor, for tests and for the demo.

An HTTP server on loopback that follows the documented behaviour of the API
(one version, ``API_VERSION``), plus a script that stands in for ``stripe.js``.
It imports nothing of Odoo and holds no real card: see ``README.md``.
"""

#: The only API version the sandbox speaks; the version the pinned SDK sends.
API_VERSION = "2026-10-28.endive"
