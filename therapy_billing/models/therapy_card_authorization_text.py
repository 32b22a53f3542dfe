from odoo import api, models


class TherapyCardAuthorization(models.Model):
    """The words that a payer signs, in one language from the first to the last."""

    _inherit = "therapy.card.authorization"

    @api.depends("partner_id", "company_id")
    def _compute_text_id(self):
        """Propose the text that the practice uses now, in the payer's language."""
        for record in self:
            if record.state and record.state != "requested":
                record.text_id = record.text_id
                continue
            record.text_id = record.text_id._therapy_get_current(
                record.company_id or self.env.company, record.partner_id.lang
            )

    @api.depends(
        "text_id",
        "partner_id",
        "company_id",
        "covers_visits",
        "covers_balance",
        "covers_absences",
        "max_amount",
    )
    def _compute_body(self):
        """Fill in the words, until they are signed."""
        for record in self:
            if record.state != "requested":
                record.body = record.body
            elif not record.text_id:
                record.body = False
            else:
                filled = record.with_context(lang=record._get_text_lang())
                record.body = record.text_id._therapy_fill(**filled._get_text_values())

    def _get_text_lang(self) -> str:
        """Return the language of the text, or what comes closest to it here.

        Note: self.ensure_one()

        :return: code of a language that is installed
        :rtype: str
        """
        self.ensure_one()
        lang, payers = self.text_id.lang, self.partner_id.lang
        if lang and payers and lang[:2] == payers[:2]:
            return payers
        return self.env["res.lang"]._get_data(code=lang).code or "en_US"

    def _get_text_values(self) -> dict:
        """Return what is filled in for the placeholders of the text.

        Note: self.ensure_one()

        :return: words by name of the placeholder
        :rtype: dict
        """
        self.ensure_one()
        covers = {
            "visits": self.env._("visits, on or after the day of service"),
            "balance": self.env._("open balances"),
            "absences": self.env._("fees for missed or late-cancelled appointments"),
        }
        chosen = [words for scope, words in covers.items() if self[f"covers_{scope}"]]
        limit = self.env._("the amount that is due")
        if not self.currency_id.is_zero(self.max_amount):
            limit = self.env._(
                "at most %(amount)s", amount=self.currency_id.format(self.max_amount)
            )
        return {
            "practice": self.company_id.name or "",
            "payer": self.partner_id.name or "",
            "covers": "; ".join(chosen) or self.env._("nothing"),
            "limit": limit,
        }
