from odoo import Command, fields, models


class TherapyServiceCode(models.Model):
    """A code that practices use, to make a service from: no price, no description.

    Names are the project's own; only codes and minutes come from elsewhere.
    """

    _name = "therapy.service.code"
    _description = "Known Service Code"
    _order = "code"
    _rec_name = "code"

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    minutes = fields.Integer(string="Usual Minutes")
    minutes_per_unit = fields.Integer(help="0 for an untimed service.")
    minutes_min = fields.Integer(string="From Minutes")
    minutes_max = fields.Integer(string="To Minutes", help="0 = no end.")
    unit_rule_id = fields.Many2one("therapy.unit.rule", ondelete="restrict")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE(code)", "This code is known already.")

    def _prepare_service_values(self) -> dict:
        """Return what a service takes over from the code.

        Note: self.ensure_one()

        :return: values of a `product.template`, without code and name
        :rtype: dict
        """
        self.ensure_one()
        return {
            "therapy_minutes": self.minutes,
            "therapy_minutes_per_unit": self.minutes_per_unit,
            "therapy_minutes_min": self.minutes_min,
            "therapy_minutes_max": self.minutes_max,
            "therapy_unit_rule_id": self.unit_rule_id.id,
        }

    def action_create_services(self):
        """Create the practice's services that are not there yet, and open them all.

        :return: the action
        :rtype: dict
        """
        company = self.env.company
        Template = self.env["product.template"]
        services = Template.search(
            [
                ("therapy_code", "in", self.mapped("code")),
                ("company_id", "in", [False, company.id]),
            ]
        )
        known = set(services.mapped("therapy_code"))
        services += Template.create(
            [
                {
                    **record._prepare_service_values(),
                    "name": record.name,
                    "therapy_code": record.code,
                    "type": "service",
                    "list_price": 0.0,
                    "purchase_ok": False,
                    "taxes_id": [Command.clear()],
                    "supplier_taxes_id": [Command.clear()],
                    "company_id": company.id,
                }
                for record in self
                if record.code not in known
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_service_action"
        )
        action["domain"] = [("id", "in", services.ids)]
        return action
