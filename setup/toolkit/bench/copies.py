"""Real records multiplied in SQL: new ids, links of their own, fresh numbers.

What the product (or core) wrote through the ORM is copied row by row, which takes
seconds where the ORM takes many minutes.
"""


def begin(cr):
    """Make the list of old and new ids; it lives until the commit.

    :param cr: the cursor; nothing of the ORM may wait to be written
    """
    cr.execute(
        "CREATE TEMP TABLE bench_new (source text, old int, copy int, id int) "
        "ON COMMIT DROP"
    )
    cr.execute("CREATE INDEX ON bench_new (source, old, copy)")


def new_ids(cr, records):
    """Return the ids of the copies of records, copy by copy."""
    cr.execute(
        "SELECT id FROM bench_new WHERE source = %s AND old = ANY(%s) "
        "ORDER BY copy, old",
        (records._table, records.ids),
    )
    return [number for (number,) in cr.fetchall()]


def copy_rows(cr, records, copies, links, values=None):
    """Copy rows of one table.

    :param cr: the cursor
    :param records: what is copied
    :param int copies: how many copies of each
    :param dict links: records by column: the column follows to their copies; what
        was not copied stays linked
    :param dict values: SQL by column, for what must differ between copies; ``row`` is
        the old row, ``new.copy`` the copy's number, ``COLUMN_new.id`` a followed link
    """
    if not records:
        return
    table, values = records._table, values or {}
    cr.execute(
        "INSERT INTO bench_new SELECT %s, old, copy, nextval(%s) "
        "FROM unnest(%s) old, generate_series(1, %s) copy",
        (table, f"{table}_id_seq", records.ids, copies),
    )
    cr.execute("ANALYZE bench_new")
    cr.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = %s AND column_name <> 'id'",
        (table,),
    )
    columns = [name for (name,) in cr.fetchall()]
    chosen, joins = [], ""
    for column in columns:
        default = f'row."{column}"'
        if column in links:
            default = f"COALESCE({column}_new.id, {default})"
            joins += (
                f" LEFT JOIN bench_new {column}_new "
                f"ON {column}_new.source = '{links[column]._table}' "
                f"AND {column}_new.old = row.{column} "
                f"AND {column}_new.copy = new.copy"
            )
        chosen.append(values.get(column, default))
    names = ", ".join(f'"{column}"' for column in columns)
    cr.execute(
        f'INSERT INTO "{table}" (id, {names}) SELECT new.id, {", ".join(chosen)} '
        f'FROM bench_new new JOIN "{table}" row ON row.id = new.old{joins} '
        f"WHERE new.source = '{table}'"
    )


def copy_bills(cr, moves, copies, people, links=None):
    """Copy posted, unpaid bills with their entries, under numbers of their own.

    :param cr: the cursor
    :param moves: the bills, `account.move`
    :param int copies: how many copies of each
    :param people: the payers whose copies get the copies
    :param dict links: more links of the bills, see :func:`copy_rows`
    """
    cr.execute(
        "SELECT MAX(sequence_number) - MIN(sequence_number) + 1 FROM account_move "
        "WHERE id = ANY(%s)",
        (moves.ids,),
    )
    number = f"(row.sequence_number + new.copy * {cr.fetchone()[0]})"
    digits = f"lpad({number}::text, greatest(5, length({number}::text)), '0')"
    name = f"row.sequence_prefix || {digits}"
    payers = ("partner_id", "commercial_partner_id", "partner_shipping_id")
    copy_rows(
        *(cr, moves, copies, {**dict.fromkeys(payers, people), **(links or {})}),
        {
            "sequence_number": number,
            "name": name,
            "payment_reference": name,
            "access_token": "gen_random_uuid()::text",
            "access_code": "NULL",
        },
    )
    named = "(SELECT move.name FROM account_move move WHERE move.id = move_id_new.id)"
    copy_rows(
        *(cr, moves.line_ids, copies, {"move_id": moves, "partner_id": people}),
        {
            "move_name": named,
            # The line of the amount due bears the bill's number.
            "name": f"CASE WHEN row.name = row.move_name THEN {named} ELSE row.name "
            "END",
        },
    )


#: What must be empty, whatever was copied.
WRONG = {
    "a payer's receivable is not the sum of the open bills": """
        SELECT line.partner_id FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND line.parent_state = 'posted'
      GROUP BY line.partner_id
        HAVING SUM(line.balance) <> (
               SELECT COALESCE(SUM(bill.amount_residual_signed), 0)
                 FROM account_move bill
                WHERE bill.state = 'posted' AND bill.move_type = 'out_invoice'
                  AND bill.partner_id = line.partner_id)""",
    "an entry does not balance": """
        SELECT move_id FROM account_move_line GROUP BY move_id
        HAVING SUM(balance) <> 0""",
    "a line is named after another bill": """
        SELECT line.id FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
         WHERE line.move_name <> move.name OR line.parent_state <> move.state""",
}


def check_books(cr, wrong=None):
    """Fail unless the books are right.

    :param cr: the cursor
    :param dict wrong: more queries by words, see :data:`WRONG`
    :raise ValueError: if a query finds something
    """
    for words, query in {**WRONG, **(wrong or {})}.items():
        cr.execute(f"{query} LIMIT 3")
        if found := cr.fetchall():
            raise ValueError(f"{words}: {found}")
