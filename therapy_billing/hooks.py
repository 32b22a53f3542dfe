from odoo.tools import sql


def pre_init_hook(env):
    """Create columns of large tables before the ORM would compute them row by row.

    All of them are empty or false for what was there before.

    :param env: the environment
    """
    columns = {
        "patient_id": "int4",
        "is_therapy_bill": "bool",
        "voided_by_move_id": "int4",
        "therapy_payment_seq": "int4",
        "therapy_adjusts_move_id": "int4",
        "therapy_opening_reference": "varchar",
        "therapy_remittance_id": "int4",
        "therapy_determined_on": "date",
        "therapy_is_disputed": "bool",
    }
    for name, column_type in columns.items():
        if not sql.column_exists(env.cr, "account_move", name):
            sql.create_column(env.cr, "account_move", name, column_type)


def post_init_hook(env):
    """Make the accounts and journals of the companies that have a chart of accounts.

    Companies that get one later make theirs on first use.

    :param env: the environment
    """
    companies = env["res.company"].search([("chart_template", "!=", False)])
    companies.filtered(lambda c: not c.parent_id).action_therapy_set_up_accounts()
