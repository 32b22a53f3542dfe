"""``python -m stripe_sandbox --port 12111``: serve until told to stop."""

import argparse
import logging
import signal
import threading

from .server import Sandbox


def main():
    """Parse the command line, serve, save on SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="stripe_sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="loopback address")
    parser.add_argument("--port", type=int, default=12111, help="0 picks a free one")
    parser.add_argument("--seed", help="repeatable ids (default: never the same)")
    parser.add_argument("--snapshot", help="file that keeps the state")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: stop.set())
    with Sandbox(options.port, options.host, options.seed, options.snapshot) as sandbox:
        print(f"stripe sandbox ready on {sandbox.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
