from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.charging.retry import parse_days, strictest

#: Stands for every code that no other rule names.
ANY_CODE = "*"
#: What a decline leads to.
DECLINE_CLASSES = [
    ("payer", "Ask the payer to approve"),
    ("never", "Never try this card again"),
    ("new_card", "Ask for a new card"),
    ("wait", "Try again later"),
]


class TherapyDeclineRule(models.Model):
    """What a processor's or bank's code for a refusal means, with its source (D8).

    Card networks change these lists and charge for tries they forbid, so they are
    records that a practice can change, and no code.
    """

    _name = "therapy.decline.rule"
    _description = "Meaning of a Decline"
    _order = "decline_class, code"
    _rec_name = "code"

    code = fields.Char(
        required=True, help="The processor's code; * stands for all others."
    )
    provider_code = fields.Char(
        string="Processor",
        help="Technical name of the payment provider. Empty: any processor.",
    )
    decline_class = fields.Selection(
        DECLINE_CLASSES, string="What to Do", required=True
    )
    retry_days = fields.Char(
        string="Tries after Days",
        default="3, 7, 14",
        help="Days after the first try. Only where it may be tried again later.",
    )
    source = fields.Char(required=True)
    source_date = fields.Date(string="As of", required=True)
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(code, COALESCE(provider_code, '')) WHERE active",
        "There is a rule for this code already.",
    )

    @api.constrains("retry_days")
    def _check_retry_days(self):
        """Refuse days that are no ascending whole numbers.

        :raise ValidationError: if they are not
        """
        for rule in self:
            try:
                rule._get_retry_days()
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "%(days)s: write whole days after the first try, in "
                        "ascending order, like 3, 7, 14.",
                        days=rule.retry_days,
                    )
                ) from None

    def _get_retry_days(self) -> tuple:
        """Return the days of the tries after the first one.

        :return: ascending days; none unless trying again makes sense
        :rtype: tuple[int]
        :raise ValueError: if the text is no list of days
        """
        return parse_days(self.retry_days) if self.decline_class == "wait" else ()

    @api.model
    def _find(self, provider_code, codes):
        """Return the rule that decides what a refusal means: the strictest one.

        :param str provider_code: technical name of the processor
        :param list codes: all codes the processor gave
        :return: the rule, of any code if no code is known; maybe empty
        :rtype: therapy.decline.rule
        """
        rules_sudo = self.sudo().search(  # sudo: payers are refused too
            [
                ("code", "in", [*filter(None, codes), ANY_CODE]),
                ("provider_code", "in", (provider_code, False)),
            ]
        )
        known = rules_sudo.filtered(lambda rule: rule.code != ANY_CODE) or rules_sudo
        best = strictest(known.mapped("decline_class"))
        return known.filtered(lambda rule: rule.decline_class == best)[:1]
