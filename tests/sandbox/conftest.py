"""Fixtures of the sandbox's tests."""

import http.server
import os
import shutil
import threading
from urllib.parse import urlsplit

import pytest
from sandbox_client import Api, Receiver, start, stop

PAGE = """<!DOCTYPE html><html><body>
<div id="payment"></div><script src="{script}"></script></body></html>"""


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: drives Chromium")


@pytest.fixture(scope="session")
def server():
    process, url = start("--port", "0", "--seed", "1")
    yield Api(url)
    stop(process)


@pytest.fixture
def api(server):
    """The API of an empty sandbox, without faults, events going out at once."""
    server.control("POST", "reset", {})
    return server


@pytest.fixture
def receiver():
    hook = Receiver()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "chromium is not installed; the payment form cannot be tested"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        context.set_default_timeout(8000)
        yield context
        browser.close()


@pytest.fixture(scope="session")
def shop(server):
    """A shop on another port, so another origin: /v3 and /endive load the script."""
    scripts = {"/v3": "/v3/", "/endive": "/endive/stripe.js"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path
            script = server.url + scripts.get(path, "/endive/stripe.js")
            body = PAGE.format(script=script).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{shop.server_port}"
    shop.shutdown()
    shop.server_close()


@pytest.fixture
def page(chromium, shop):
    page = chromium.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{shop}/endive")
    yield page
    page.close()
    assert not problems
