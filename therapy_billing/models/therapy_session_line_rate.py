from odoo import api, fields, models
from odoo.tools import float_compare

from .res_partner import MONEY_GROUPS


class TherapySessionLine(models.Model):
    """The rate of a service, and where it comes from."""

    _inherit = "therapy.session.line"

    rate = fields.Float(
        string="Rate per Unit",
        digits="Product Price",
        compute="_compute_rate",
        store=True,
        readonly=False,
        groups=MONEY_GROUPS,
    )
    rate_given = fields.Boolean(
        string="Rate by Hand",
        copy=False,
        groups=MONEY_GROUPS,
        help="The rate was entered and differs from the one found.",
    )
    rate_note = fields.Char(
        string="Why This Rate",
        compute="_compute_rate_note",
        store=True,
        groups=MONEY_GROUPS,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "product_id",
        "modifiers",
        "session_id.patient_id",
        "session_id.provider_id",
        "session_id.start",
    )
    def _compute_rate(self):
        """Propose the rate of the case; billed and given ones stay, and those of fees.

        A fee may be a part of what the services are worth, which are computed here: it
        is looked at when they are done.
        """
        found = self.filtered(
            lambda line: (
                not (line.is_absence_fee or line.rate_given or line._is_billed())
            )
        )._get_rates()
        for line in self:
            line.rate = found[line][0] if line in found else line.rate

    @api.depends("rate", "rate_given")
    def _compute_rate_note(self):
        """Explain the rate; of billed lines the explanation stays."""
        found = self._get_rates()
        for line in self:
            if line.rate_given:
                line.rate_note = self.env._("Entered by hand.")
            else:
                note = line.rate_note if line._is_billed() else found[line][1]
                line.rate_note = note

    @api.onchange("rate")
    def _onchange_rate(self):
        """Keep what somebody typed while other fields of the session change."""
        for line in self:
            line.rate_given = line._differs_from(line._get_rates()[line][0])

    @api.onchange("product_id")
    def _onchange_product_rate(self):
        """Let another service have its own rate."""
        self.rate_given = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Note which rates were given.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.session.line`
        """
        lines = super().create(vals_list)
        self.browse(
            line.id
            for line, vals in zip(lines, vals_list, strict=True)
            if "rate" in vals and "rate_given" not in vals
        )._decide_rate_given()
        return lines

    def write(self, vals):
        """Note which rates were given.

        :param dict vals: new values
        :return: True
        """
        if "product_id" in vals and "rate" not in vals:
            # sudo: a clinician may change the service, and with it a hidden rate.
            self.sudo().rate_given = False  # sudo: see the line above
        result = super().write(vals)
        if "rate" in vals and "rate_given" not in vals:
            self._decide_rate_given()
        return result

    def _decide_rate_given(self):
        """Mark rates that would not have been found as given."""
        found = self._get_rates() if self else {}
        for line in self:
            given = line._differs_from(found[line][0])
            if given != line.rate_given:
                line.rate_given = given

    def _differs_from(self, rate):
        """Compare the line's rate with another, as finely as rates are kept.

        :param float rate: the other rate
        :return: whether they differ
        :rtype: bool
        """
        digits = self._fields["rate"].get_digits(self.env)[1]
        return bool(float_compare(self.rate, rate, precision_digits=digits))

    # === BUSINESS METHODS === #

    def _get_rate_payers(self):
        """Return the payers whose rates count for a line.

        Note: self.ensure_one() and sudo, as clinicians do not see payers

        :return: the insurer; without coverage the guarantors
        :rtype: recordset of `res.partner`
        """
        session = self.session_id
        if not session.date:
            return session.env["res.partner"]
        guarantors, coverage = session._get_payers()
        return coverage.insurer_id or guarantors.partner_id

    def _get_rates(self) -> dict:
        """Return the rate of one unit of each line, and where it comes from.

        For a module to add a source of rates, it must override this method.

        :return: (rate, explanation) by line
        :rtype: dict
        """
        found = self.env["therapy.rate"]._therapy_lookup(self)
        plain = self.env._("Price of the service.")
        return {
            line: (
                (found[line].rate, found[line].display_name)
                if found[line]
                else (line.product_id.list_price, plain)
            )
            for line in self
        }

    def _get_rate(self) -> float:
        """Return the rate of one unit, in the company's currency.

        Note: self.ensure_one()

        :return: the rate, not rounded
        :rtype: float
        """
        self.ensure_one()
        return self._get_rates()[self][0]
