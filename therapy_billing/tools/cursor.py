"""Transactions of their own, for the order of a charge: commit, call, commit, post."""

import logging
import time

import psycopg2

from odoo import modules
from odoo.exceptions import LockError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.therapy_billing.exceptions import BillBusy

_logger = logging.getLogger(__name__)


def is_test_cursor(cr) -> bool:
    """Tell whether a cursor is the one a running test keeps to itself.

    Such a cursor is never committed, and no other cursor sees what it wrote.

    :param cr: the cursor
    :return: whether it belongs to the running test
    :rtype: bool
    """
    # A test that uses no database has no cursor at all.
    return getattr(modules.module.current_test, "cr", None) is cr


def commit(env):
    """Commit the cursor of an environment; in a test's own cursor only flush.

    :param env: the environment
    """
    env.flush_all()
    if not is_test_cursor(env.cr):
        env.cr.commit()
        # What others committed meanwhile is to be seen from now on.
        env.invalidate_all()


def commit_progress(env, count_left) -> float:
    """Commit, and tell a scheduled job how much is left.

    :param env: the environment
    :param count_left: function that counts what is left; called in a job only
    :return: seconds that the job may still take, 0 when its time is up
    :rtype: float
    """
    commit(env)
    if is_test_cursor(env.cr) or not env.context.get("ir_cron_progress_id"):
        return float("inf")
    left = count_left()
    return env["ir.cron"]._commit_progress(1, remaining=left)


def rollback(env):
    """Roll the cursor of an environment back; in a test's own cursor do nothing.

    :param env: the environment
    """
    if not is_test_cursor(env.cr):
        env.cr.rollback()
        env.invalidate_all()


def run_in_fresh_cursor(env, func, retries=5):
    """Run a function in a transaction of its own, and commit it.

    What the function does must be visible from outside the caller's transaction and
    must not depend on it. After a conflict with another transaction the function is
    run again from the start, so it must not talk to a processor unless retries is 0.

    :param env: the environment whose user and context are used
    :param func: function of an environment
    :param int retries: how often to run it again after a conflict
    :return: what the function returns; no records, they belong to a closed cursor
    :raise BillBusy: if a bill stays locked
    :raise LockError: if another row stays locked
    :raise psycopg2.OperationalError: if the conflict stays
    """
    if is_test_cursor(env.cr):
        with env.cr.savepoint():
            return func(env)
    for attempt in range(retries + 1):
        try:
            with env.registry.cursor() as cr:
                fresh = env(cr=cr)
                result = func(fresh)
                fresh.flush_all()
            return result
        except (BillBusy, LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) as error:
            if attempt == retries:
                raise
            name = type(error).__name__
            _logger.info("Transaction conflict (%s), trying again.", name)
            time.sleep(0.05 * 2**attempt)
    raise psycopg2.OperationalError  # not reached; for the reader
