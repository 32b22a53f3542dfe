"""Fixtures of the sandbox's tests."""

import pytest
from sandbox_client import Api, Receiver, start, stop


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
