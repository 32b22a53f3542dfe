"""A browser without a screen, and what Odoo's log says of its requests."""

import re

import requests

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
#: What Odoo logs of a request: status, size, number of queries, seconds.
LOGGED = re.compile(r'" [23]\d\d \S+ (\d+) [\d.]+ [\d.]+')


class Web:
    """A browser of one person."""

    def __init__(self, bench):
        self.bench, self.session = bench, requests.Session()
        self.session.trust_env = False
        self.seen = bench.server_log.stat().st_size

    def get(self, path, word):
        """Open a page and fail unless it shows what it should."""
        self._check(self.session.get(self.bench.server + path, timeout=300), word)

    def post(self, path, data, word):
        """Send a form and fail unless the page that follows shows what it should."""
        url = self.bench.server + path
        self._check(self.session.post(url, data=data, timeout=300), word)

    def token(self, path):
        """Return the token of a form."""
        page = self.session.get(self.bench.server + path, timeout=300)
        return CSRF.search(page.text).group(1)

    def log_in(self, login, password):
        """Log a payer in."""
        token = self.token("/web/login")
        data = {"login": login, "password": password, "csrf_token": token}
        self.post("/web/login", data, "o_portal")

    def note_queries(self, label, size):
        """Report the queries of the requests since the last time, as Odoo logs them."""
        with self.bench.server_log.open(errors="replace") as log:
            log.seek(self.seen)
            found = LOGGED.findall(log.read())
            self.seen = log.tell()
        if not found:
            raise ValueError("Odoo logs no queries.")
        self.bench.note(f"{label}, {size}", queries=sum(map(int, found)))

    def _check(self, page, word):
        if not page.ok or word not in page.text:
            raise ValueError(f"{page.url} answers {page.status_code} without {word}.")
