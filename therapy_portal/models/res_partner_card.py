from odoo import api, fields, models

from odoo.addons.therapy_billing.models.res_partner import MONEY_GROUPS

CARD_LEVELS = [
    ("ok", "OK"),
    ("expires", "Expires"),
    ("declined", "Declined"),
    ("none", "None"),
]
# The badge of several payers is that of the one who needs most attention.
_WORST_FIRST = ("none", "declined", "expires", "ok")


class ResPartner(models.Model):
    """The card on file of a patient's payers, and whether one may be required."""

    _inherit = "res.partner"

    therapy_card_level = fields.Selection(
        CARD_LEVELS,
        string="Card on File",
        compute="_compute_therapy_card_badge",
        groups=MONEY_GROUPS,
    )
    therapy_card_badge = fields.Char(
        string="Cards of the Payers",
        compute="_compute_therapy_card_badge",
        groups=MONEY_GROUPS,
        help="A card counts when its payer signed an authorization.",
    )

    @api.depends_context("company")
    def _compute_therapy_card_badge(self):
        """Say for each payer whether a card may be charged."""
        day = self.env.company._therapy_local_date()
        active = self.guarantor_ids._therapy_filter_active(day)
        # sudo: billers may not read all of a token
        Authorization_sudo = self.env["therapy.card.authorization"].sudo()  # sudo: ^
        signed_sudo = Authorization_sudo._therapy_find_signed(active.partner_id)
        by_payer = signed_sudo.grouped("partner_id")
        for partner in self:
            found = []
            for payer in (partner.guarantor_ids & active).partner_id:
                own = by_payer.get(payer, Authorization_sudo)
                newest = own._therapy_filter_covering(partner)[:1]
                found.append((payer, *self._therapy_get_card_state(newest)))
            levels = [level for _payer, level, _text in found]
            partner.therapy_card_level = next(
                (level for level in _WORST_FIRST if level in levels), False
            )
            texts = [
                f"{payer.name}: {text}" if len(found) > 1 else text
                for payer, _level, text in found
            ]
            partner.therapy_card_badge = "; ".join(texts) or False

    @api.model
    def _therapy_get_card_state(self, newest) -> tuple[str, str]:
        """Return the state of the card that a payer authorized for a patient.

        :param newest: the newest signed `therapy.card.authorization`, maybe none
        :return: (level, words)
        :rtype: tuple[str, str]
        """
        if not newest or not newest.token_id.active:
            return "none", self.env._("no card")
        return newest.token_id._therapy_get_badge()

    def action_request_authorization(self):
        """Open a new request for a card authorization.

        For a patient: of the payer listed first; another payer can be chosen.

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        self.env.user._therapy_check_biller()
        day = self.env.company._therapy_local_date()
        payers = self.guarantor_ids._therapy_filter_active(day).partner_id
        own = not payers and self.responsible_for_ids
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Request a Card Authorization"),
            "res_model": "therapy.card.authorization",
            "view_mode": "form",
            "context": {
                "default_partner_id": self.id if own else payers[:1].id,
                "default_patient_ids": self.ids if payers else [],
            },
        }

    def _therapy_get_waiting_authorizations(self):
        """Return what this payer was asked to sign, the newest first.

        Note: self.ensure_one()

        :return: sudoed `therapy.card.authorization`
        """
        self.ensure_one()
        # sudo: payers have no rights; the domain holds whose they are
        Authorization_sudo = self.env["therapy.card.authorization"].sudo()  # sudo: ^
        return Authorization_sudo.search(
            [("partner_id", "=", self.id), ("state", "=", "requested")],
            order="id desc",
        )

    def _therapy_is_card_required(self, company, services=None) -> bool:
        """Tell whether a practice requires a card of this payer.

        One service that requires it is enough. Asked and not required where a law
        forbids it, at the practice's place or at the payer's.

        Note: self.ensure_one()

        :param company: the practice
        :param services: `product.product`; those scheduled for the payer's patients
            if not given
        :return: whether it is required
        :rtype: bool
        """
        self.ensure_one()
        if services is None:
            services = self._therapy_get_scheduled_services(company)
        own = company.sudo().therapy_card_policy  # sudo: payers ask
        services_sudo = services.sudo()  # sudo: payers ask
        policies = {service.therapy_card_policy or own for service in services_sudo}
        if "required" not in (policies or {own}):
            return False
        # sudo: payers may not read laws and companies
        states = company.sudo().state_id | self.sudo().state_id  # sudo: see above
        Law_sudo = self.env["therapy.card.law"].sudo()  # sudo: see above
        return not Law_sudo.search_count(
            [
                ("state_id", "in", states.ids),
                ("since", "<=", company._therapy_local_date()),
            ],
            limit=1,
        )

    def _therapy_get_scheduled_services(self, company):
        """Return the services that are scheduled for the patients of this payer.

        Note: self.ensure_one()

        :param company: the practice
        :return: `product.product` in sudo mode
        :rtype: recordset of `product.product`
        """
        self.ensure_one()
        Guarantor_sudo = self.env["therapy.guarantor"].sudo()  # sudo: own rows
        rows = Guarantor_sudo.search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)]
        )
        active = rows._therapy_filter_active(company._therapy_local_date())
        Line_sudo = self.env["therapy.session.line"].sudo()  # sudo: own patients
        groups = Line_sudo._read_group(
            [
                ("session_id.patient_id", "in", active.patient_id.ids),
                ("session_id.company_id", "=", company.id),
                ("session_id.state", "=", "scheduled"),
            ],
            ["product_id"],
        )
        return Line_sudo.env["product.product"].union(*(group[0] for group in groups))


class TherapySession(models.Model):
    _inherit = "therapy.session"

    therapy_card_level = fields.Selection(
        related="patient_id.therapy_card_level", groups=MONEY_GROUPS
    )
    therapy_card_badge = fields.Char(
        related="patient_id.therapy_card_badge", groups=MONEY_GROUPS
    )
    therapy_card_missing = fields.Boolean(
        compute="_compute_therapy_card_missing",
        groups=MONEY_GROUPS,
        help="A service of this session requires a card on file, and there is none.",
    )

    @api.depends("state", "patient_id", "line_ids.product_id")
    def _compute_therapy_card_missing(self):
        """Say before the session whether a card is required and not there."""
        for session in self:
            missing = session.therapy_card_level == "none"
            payers = session._get_payers()[0].partner_id
            session.therapy_card_missing = (
                session.state == "scheduled"
                and missing
                and any(
                    payer._therapy_is_card_required(
                        session.company_id, session.line_ids.product_id
                    )
                    for payer in payers
                )
            )
