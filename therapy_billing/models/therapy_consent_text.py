import hashlib
import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

#: What may stand in braces in a text, filled in for each request.
PLACEHOLDERS = ("practice", "payer", "covers", "limit")


class TherapyConsentText(models.Model):
    """One version of the words that a payer signs. Never changed once used."""

    _name = "therapy.consent.text"
    _description = "Text of a Card Authorization"
    _order = "name, version desc, id desc"

    name = fields.Char(required=True, default="Card authorization")
    version = fields.Integer(
        required=True,
        readonly=True,
        copy=False,
        default=1,
    )
    body = fields.Text(
        string="Text",
        required=True,
        help="{practice}, {payer}, {covers} and {limit} are filled in.",
    )
    lang = fields.Selection(
        lambda self: self._get_langs(),
        string="Language",
        default=lambda self: self.env.lang or "en_US",
        help="Payers who read it are asked to sign this text. Empty: all others.",
    )
    text_hash = fields.Char(
        string="SHA-256",
        compute="_compute_text_hash",
        store=True,
        help="Fingerprint of this version.",
    )
    is_used = fields.Boolean(string="In Use", compute="_compute_is_used")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for all practices."
    )

    _version_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), name, version)",
        "A text with this name and version exists.",
    )

    # === SELECTION AND COMPUTE METHODS === #

    @api.model
    def _get_langs(self) -> list:
        """Return all languages: the texts that come with us are in three of them."""
        any_lang = [("active", "in", (True, False))]
        langs = self.env["res.lang"].search(any_lang)
        return [(lang.code, lang.name) for lang in langs]

    @api.depends("body")
    def _compute_text_hash(self):
        """Fingerprint the text."""
        for text in self:
            text.text_hash = hashlib.sha256((text.body or "").encode()).hexdigest()

    def _compute_is_used(self):
        """Tell whether a payer was asked to sign this version."""
        # sudo: practices that share a text do not see each other's records.
        Authorization_sudo = self.env["therapy.card.authorization"].sudo()  # sudo: ^
        used = Authorization_sudo.search([("text_id", "in", self.ids)]).text_id
        for text in self:
            text.is_used = text in used

    # === CONSTRAINT METHODS === #

    @api.constrains("body")
    def _check_body(self):
        """Refuse a text that leaves out what is charged, or has unknown placeholders.

        :raise ValidationError: with the placeholder that is missing or unknown
        """
        for text in self:
            try:
                text._therapy_fill(**dict.fromkeys(PLACEHOLDERS, "x"))
            except KeyError:
                raise ValidationError(
                    self.env._(
                        "Only {practice}, {payer}, {covers} and {limit} can stand in "
                        "braces."
                    )
                ) from None
            for name in ("covers", "limit"):
                if f"{{{name}}}" not in text.body:
                    raise ValidationError(
                        self.env._(
                            "The text must say what may be charged: %(name)s is "
                            "missing.",
                            name=f"{{{name}}}",
                        )
                    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Refuse to change words that somebody was asked to sign.

        :param dict vals: new values
        :return: True
        :raise UserError: if a version in use would change
        """
        if {"body", "name", "version", "company_id"} & set(vals):
            self._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Keep versions in use.

        :raise UserError: if a payer was asked to sign one
        """
        self._check_unused()

    def _check_unused(self):
        """Refuse what would change a version in use.

        :raise UserError: if a payer was asked to sign one of these
        """
        if used := self.filtered("is_used"):
            raise UserError(
                self.env._(
                    "Version %(version)s of “%(name)s” is in use. Make a new version.",
                    version=used[0].version,
                    name=used[0].name,
                )
            )

    @api.depends("name", "version")
    def _compute_display_name(self):
        """Name the version."""
        for text in self:
            text.display_name = self.env._(
                "%(name)s, version %(version)s", name=text.name, version=text.version
            )

    # === BUSINESS METHODS === #

    @api.model
    def _therapy_get_current(self, company, lang=""):
        """Return the text that a practice uses now for a payer.

        Its own words come before common ones in a better language: a practice has had
        them looked over.

        :param company: the practice
        :param str lang: the payer's language
        :return: its own newest text, else the newest common one, else none; the one in
            the payer's language first, then those for all or in the practice's own
        :rtype: recordset of `therapy.consent.text`
        """
        texts = self.search([("company_id", "in", [company.id, False])])
        own = texts.filtered("company_id") or texts
        spoken = (False, company.partner_id.lang or "en_US")

        def fits(text):
            if text.lang and text.lang[:2] == (lang or "")[:2]:
                return 3 if text.lang == lang else 2
            return 1 if text.lang in spoken else 0

        return own.sorted(lambda text: (fits(text), text.version, text.id))[-1:]

    def _therapy_fill(self, **values) -> str:
        """Return the text with its placeholders filled in.

        Note: self.ensure_one()

        :param str values: a value for each of `PLACEHOLDERS`
        :return: the words to sign
        :rtype: str
        :raise KeyError: if a placeholder is unknown
        """
        self.ensure_one()
        # Not str.format(): a text could ask for attributes of the values.
        return re.sub(r"\{(.*?)\}", lambda match: values[match[1]], self.body)

    # === ACTION METHODS === #

    def action_new_version(self):
        """Open a new version with the same words, to be changed.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        last = self.with_context(active_test=False).search(
            [("name", "=", self.name), ("company_id", "=", self.company_id.id)],
            order="version desc",
            limit=1,
        )
        version = self.copy({"version": last.version + 1})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": version.id,
            "view_mode": "form",
        }
