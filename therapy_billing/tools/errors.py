"""Errors of the database in plain words."""

import psycopg2


def describe(env, error) -> str:
    """Return the first line of an error, as a person may read it.

    A constraint of the database is told in the words that its model has for it.

    :param env: the environment, after the failed change was rolled back
    :param error: a `UserError` or an error of the database
    :return: the reason
    :rtype: str
    """
    text = str(error)
    if isinstance(error, psycopg2.Error) and error.diag.table_name:
        for model in env.registry.values():
            if model._table == error.diag.table_name and not model._abstract:
                text = env[model._name]._sql_error_to_message(error)
                break
    return text.strip().partition("\n")[0]
