"""Entry of the commands in ``setup/``: ``python -m toolkit COMMAND ARGS``."""

import importlib
import sys

from .console import Stop

COMMANDS = {
    "demo": "demo",
    "test": "suite",
    "odoo": "odoo",
    "bench": "bench",
    "chaos": "chaos",
}


def main():
    """Run the command named by the first argument and return its exit code."""
    name, *arguments = sys.argv[1:]
    module = importlib.import_module(f".{COMMANDS[name]}", __package__)
    try:
        return module.main(arguments)
    except Stop as error:
        print(f"\n{error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
