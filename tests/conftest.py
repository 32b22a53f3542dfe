"""Settings of the tests that need no Odoo server."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

# The same examples in every run, no folder of found ones in the clone, and a slow
# machine is not a failure.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "therapy-billing-hypothesis")
settings.register_profile(
    "project", derandomize=True, database=None, deadline=None, max_examples=200
)
settings.load_profile("project")
