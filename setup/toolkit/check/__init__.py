"""``./setup/demo --check``: the main job, driven through the screens, then audited.

Runs in the virtual environment (it needs Playwright and psycopg2).
"""
