from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.therapy_billing.tools import clock

#: What a payer may ask for.
KINDS = [
    ("split", "Another split between payers"),
    ("contact", "Another billing contact"),
    ("address", "Another address"),
    ("plan", "A payment plan"),
    ("refund", "Money back"),
    ("estimate", "An estimate of costs"),
    ("other", "Something else"),
]
#: More than this many open requests of one payer are no requests any more.
OPEN_LIMIT = 10
TEXT_LIMIT = 2000


class TherapyChangeRequest(models.Model):
    """What a payer asks the practice to change, and the answer.

    A request changes nothing by itself. The payer sees state and answer; what staff
    say to each other stays in the messages.
    """

    _name = "therapy.change.request"
    _description = "Request of a Payer"
    _inherit = [
        "therapy.numbered.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "therapy.card.number.mixin",
        "therapy.access.mixin",
    ]
    _therapy_guarded = ("text", "answer")
    _order = "id desc"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
    )
    patient_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('is_patient', '=', True)]",
    )
    kind = fields.Selection(KINDS, string="Asks for", required=True)
    text = fields.Text(required=True)
    amount = fields.Monetary(help="What is asked back, for a request of money.")
    state = fields.Selection(
        [
            ("new", "New"),
            ("in_review", "In review"),
            ("done", "Done"),
            ("declined", "Declined"),
        ],
        required=True,
        default="new",
        readonly=True,
        index=True,
        tracking=True,
        copy=False,
    )
    answer = fields.Text(copy=False, help="The payer reads this.")
    answered_at = fields.Datetime(readonly=True, copy=False)
    user_id = fields.Many2one(
        "res.users", string="Handled by", tracking=True, copy=False
    )

    _amount_positive = models.Constraint(
        "CHECK(COALESCE(amount, 0) >= 0)", "An amount cannot be negative."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("text", "answer")
    def _check_texts(self):
        """Refuse texts without end.

        :raise ValidationError: saying how long they may be
        """
        for request in self:
            for text in filter(None, (request.text, request.answer)):
                if len(text) > TEXT_LIMIT:
                    raise ValidationError(
                        self.env._(
                            "Please use %(limit)s characters or less.",
                            limit=TEXT_LIMIT,
                        )
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Put the requests before whoever handles them.

        :param list vals_list: values
        :return: the requests
        :rtype: recordset of `therapy.change.request`
        :raise ValidationError: if a payer has too many open requests
        """
        requests = super().create(vals_list)
        for request in requests:
            request._check_open_limit()
            request._plan_activity()
        return requests

    def _check_open_limit(self):
        """Refuse a payer's requests beyond what somebody could mean.

        Note: self.ensure_one()

        :raise ValidationError: in words for the payer
        """
        self.ensure_one()
        count = self.search_count(
            [("partner_id", "=", self.partner_id.id), ("state", "=", "new")]
        )
        if count > OPEN_LIMIT:
            raise ValidationError(
                self.env._(
                    "You have several open requests already. Please wait for our "
                    "answer, or call us."
                )
            )

    def _plan_activity(self):
        """Remind the front desk of a request.

        Note: self.ensure_one()
        """
        self.ensure_one()
        user = self.company_id._therapy_get_desk_user()
        if user:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Answer the request of a payer"),
                user_id=user.id,
            )

    # === ACTION METHODS === #

    def action_review(self):
        """Take requests on: their payers see that somebody is at it."""
        waiting = self.filtered(lambda request: request.state == "new")
        waiting.write({"state": "in_review", "user_id": self.env.uid})

    def action_done(self):
        """Close requests as done."""
        self._answer("done")

    def action_decline(self):
        """Close requests as declined.

        :raise UserError: if a request has no answer for its payer
        """
        for request in self:
            if not (request.answer or "").strip():
                raise UserError(
                    self.env._("Write the payer an answer: why not, and what instead.")
                )
        self._answer("declined")

    def action_reopen(self):
        """Take closed requests up again."""
        closed = self.filtered(lambda request: request.state in ("done", "declined"))
        closed.write({"state": "in_review", "answered_at": False})

    # === BUSINESS METHODS === #

    def _answer(self, state):
        """Close requests and tell their payers.

        :param str state: done or declined
        """
        open_requests = self.filtered(
            lambda request: request.state in ("new", "in_review")
        )
        open_requests.write({"state": state, "answered_at": clock.now()})
        for request in open_requests:
            request.user_id = request.user_id or self.env.user
        open_requests.activity_feedback(["mail.mail_activity_data_todo"])
        open_requests._therapy_tell_payer()

    def _therapy_tell_payer(self):
        """Tell payers that there is an answer.

        Nothing here: a module with pages for payers overrides this method.
        """
