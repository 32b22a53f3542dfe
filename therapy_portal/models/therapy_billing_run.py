from odoo import fields, models
from odoo.exceptions import UserError


class TherapyBillingRun(models.Model):
    """What a run sends: by itself when the practice wants it, or at a press."""

    _inherit = "therapy.billing.run"

    share_item_ids = fields.One2many(
        "therapy.share.item", "run_id", string="Shares", readonly=True
    )
    share_count = fields.Integer(compute="_compute_share_counts")
    share_failed_count = fields.Integer(compute="_compute_share_counts")

    def _compute_share_counts(self):
        """Count the messages of each run, and those that did not arrive."""
        for run in self:
            items = run.share_item_ids
            run.share_count = len(items)
            run.share_failed_count = len(
                items.filtered(
                    lambda item: (
                        item.status in ("failed", "bounced", "no_address", "refused")
                    )
                )
            )

    # === ACTION METHODS === #

    def action_share(self):
        """Queue the bills of the run that were not shared by it yet.

        :return: the action that shows the queue
        :rtype: dict
        :raise AccessError: if the user is not a biller
        :raise UserError: if there is nothing to share
        """
        self.env.user._therapy_check_biller()
        self._therapy_queue_shares()
        if not self.share_item_ids:
            raise UserError(
                self.env._("The run has no open bill of a guarantor to share.")
            )
        return self.action_view_shares()

    def action_view_shares(self):
        """Open the messages of the run.

        :return: window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_portal.therapy_share_item_action"
        )
        action["domain"] = [("run_id", "in", self.ids)]
        return action

    def action_share_again(self):
        """Send what failed once more.

        :return: the action that shows the queue
        :rtype: dict
        """
        self.share_item_ids.action_try_again()
        return self.action_view_shares()

    # === BUSINESS METHODS === #

    def _store_result(self, state):
        """Override of `therapy_billing`: a run that is done shares its bills."""
        res = super()._store_result(state)
        if state == "done" and self.company_id.therapy_auto_share:
            self._therapy_queue_shares()
        return res

    def _therapy_queue_shares(self):
        """Add the bills of these runs to the queue; each once per channel.

        :return: None
        """
        vals_list = []
        for run in self:
            known = {(item.move_id, item.channel) for item in run.share_item_ids}
            for move in run._get_live_bills():
                # A bill that is paid shows it in its row; insurers get none (P6).
                if move.state != "posted" or move._therapy_is_for_insurer():
                    continue
                vals_list += [
                    {
                        "run_id": run.id,
                        "move_id": move.id,
                        "channel": channel,
                        "user_id": (run.started_by_id or self.env.user).id,
                    }
                    for channel in move.partner_id._therapy_get_share_channels()
                    if (move, channel) not in known
                ]
        # sudo: nobody writes the queue by hand
        Item_sudo = self.env["therapy.share.item"].sudo()  # sudo: see line above
        if Item_sudo.create(vals_list):
            Item_sudo._trigger_job()
