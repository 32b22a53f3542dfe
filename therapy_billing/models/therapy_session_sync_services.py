from odoo import Command, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools import rows

#: What a service may say, and of which kind it is.
SERVICE_KEYS = {
    "code": (str, int),
    "minutes": (int,),
    "units": (int, float),
    "modifiers": (str,),
    "pos": (str,),
}


class TherapySession(models.Model):
    """The services of a session that another program sends."""

    _inherit = "therapy.session"

    def _sync_service(self, line) -> dict:
        """Return the values of one service.

        :param dict line: the service as it was sent
        :return: values of a `therapy.session.line`, codes in the usual way
        :rtype: dict
        :raise UserError: with what is wrong
        """
        line = self._sync_read(line, SERVICE_KEYS, ("code",))
        product = self.env["product.product"].search(
            [
                ("therapy_code", "=", rows.clean(str(line["code"]))),
                ("company_id", "in", [False, self.env.company.id]),
            ],
            order="company_id DESC, id DESC",
            limit=1,
        )
        if not product:
            raise UserError(
                self.env._("Unknown service: “%(code)s”", code=str(line["code"]))
            )
        vals = {key: value for key, value in line.items() if key != "code"}
        if "units" in vals:
            # As sent, also when another service of the day changes.
            vals["units_given"] = True
        return self.env["therapy.session.line"]._clean_codes(
            {"product_id": product.id, **vals}
        )

    def _sync_compare(self, services) -> list:
        """Return the commands that make the services those that were sent.

        Note: self.ensure_one()

        :param list services: values of session lines, in order
        :return: commands on `line_ids`, empty if nothing changes
        :rtype: list
        """
        self.ensure_one()
        lines, rest = self._sync_match(services)
        services = self._sync_order(lines, services)
        commands = [Command.delete(line.id) for line in rest]
        for line, vals in zip(lines, services, strict=True):
            if not line:
                commands.append(Command.create(vals))
            elif changed := line._sync_get_changes(vals):
                commands.append(Command.update(line.id, changed))
        return commands

    def _sync_match(self, services) -> tuple:
        """Find the lines that are the services: of the same code, then what is left.

        A line that was once billed cannot be deleted, but it may become another
        service.

        Note: self.ensure_one()

        :param list services: values of session lines, in order
        :return: (a line or none for each service, lines that are none of them)
        :rtype: tuple
        """
        rest = self.line_ids.filtered(lambda line: not line.is_absence_fee)
        rest = rest.sorted(lambda line: (line.sequence, line.id))
        found = [rest.browse() for _vals in services]
        for any_code in (False, True):
            for index, vals in enumerate(services):
                if not found[index]:
                    found[index] = rest.filtered(
                        lambda line, code=vals["product_id"], free=any_code: (
                            free or line.product_id.id == code
                        )
                    )[:1]
                    rest -= found[index]
        return found, rest

    def _sync_order(self, lines, services) -> list:
        """Put the services in the order in which they were sent.

        Note: self.ensure_one()

        :param list lines: a line or none for each service
        :param list services: values of session lines
        :return: the values, with a sequence where one is needed
        :rtype: list
        """
        places = [
            (line.sequence, line.id) if line else (10 * number, float("inf"))
            for number, line in enumerate(lines, start=1)
        ]
        # The order on a bill stays, and is no reason to refuse a session.
        sorts = places != sorted(places) and not self.is_locked
        return [
            {**vals, "sequence": 10 * number} if sorts or not line else vals
            for number, (line, vals) in enumerate(
                zip(lines, services, strict=True), start=1
            )
        ]
