from odoo import api, fields, models


class TherapyShareWizard(models.TransientModel):
    _name = "therapy.share.wizard"
    _inherit = ["therapy.send.wizard.mixin"]
    _description = "Share Bills"

    line_ids = fields.One2many("therapy.share.wizard.line", "wizard_id")
    single_line_id = fields.Many2one(
        "therapy.share.wizard.line",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The line that is shown large, when there is one bill only.",
    )
    online_payment = fields.Boolean(
        help="Whether all of these bills may be paid online."
    )
    attach = fields.Boolean(default=True)

    # Shown large when there is one bill.
    email_to = fields.Char(related="single_line_id.email_to")
    email_from = fields.Char(related="single_line_id.email_from")
    subject = fields.Char(related="single_line_id.subject")
    body_html = fields.Html(related="single_line_id.body_html", string="Message")
    document_html = fields.Html(
        related="single_line_id.document_html", string="Attachment"
    )
    refusal = fields.Char(related="single_line_id.refusal")

    # === BUSINESS METHODS === #

    @api.model
    def _create_for(self, moves):
        """Return a dialog that shows what sharing these bills would send.

        :param moves: bills, as `account.move`
        :return: the dialog
        :rtype: recordset of `therapy.share.wizard`
        :raise UserError: if there are too many to send while the sender waits
        """
        self._check_count(moves)
        wizard = self.create(
            {
                "online_payment": moves._therapy_online_payment_enabled(),
                "attach": all(moves.company_id.mapped("therapy_share_attach")),
            }
        )
        Line = self.env["therapy.share.wizard.line"]
        lines = Line.create(
            [Line._prepare_vals(move) | {"wizard_id": wizard.id} for move in moves]
        )
        wizard.single_line_id = len(lines) == 1 and lines
        return wizard

    def _get_words(self):
        """Override of the mixin.

        :return: see there
        :rtype: dict
        """
        return {
            "again": self.env._("These bills were shared already."),
            "nothing": self.env._("There is no bill to share."),
            "one": self.env._("Share bill"),
            "many": self.env._("Share bills"),
            "sent": self.env._("Shared"),
        }
