"""The tables of forbidden patterns catch what they are for, and nothing next to it."""

import re

import pytest
from toolkit import greps

# A word in the rule's message -> (lines it must catch, lines it must let through).
EXAMPLES = {
    "ignored by 19.0": ("_sql_constraints = [", "_unique = models.Constraint("),
    "self.env.cr": ("self._cr.execute(", "self.env.cr.execute("),
    "jsonrpc": ("@route(type='json')", "@route(type='jsonrpc')"),
    "has_access": ("self.check_access_rights('read')", "self.check_access('read')"),
    "_read_group": ("env['x'].read_group(", "env['x']._read_group("),
    "aggregator": ("group_operator='sum'", "aggregator='sum'"),
    "_compute_display_name": ("def name_get(self):", "def _compute_display_name("),
    "import Domain": ("from odoo.osv import x", "from odoo.fields import Domain"),
    "gone from odoo.api": ("@api.multi", "@api.model_create_multi"),
    "group_ids or": ("'groups_id': 1", "'group_ids': 1"),
    "no such field": ('<field name="numbercall">', '<field name="interval_number">'),
    "use <list>": ("<tree>", "<list>"),
    "use t-out": ('<t t-esc="a"/>', '<t t-out="a"/>'),
    "invisible=": ('attrs="{}"', 't-att-class="x"'),
    "<chatter/>": ('class="oe_chatter"', "<chatter/>"),
    "Interaction": ("publicWidget.registry", "class A extends Interaction {"),
    "says why": ("a = self.sudo()", "a = self.sudo()  # the payer has no rights"),
    "in a template": ('t-out="o.sudo().name"', 't-out="o.name"'),
    "one household": ("p.commercial_partner_id", "p.partner_id"),
    "compare_amounts": ("if move.amount_residual == 0:", "if amount_type == 'a':"),
    "round money": ("x = round(a, 2)", "x = currency.round(a)"),
    "talks to the network": ("requests.post(url)", "self.requests = 1"),
    "a hook of": ("if 'x' in self._fields:", "for name in names:"),
    "finish it": ("# TODO later", "# to do"),
    "is skipped": ("self.skipTest('x')", "self.skip_line"),
    "one machine": ("p = '/root/x'", "https://example.com/home/x"),
    "registry": ("see https://py" + "pi.org/x", "see https://www.odoo.com"),
    "understood alone": ("../shared", "shared/"),
    "names no host": ('"resolved": "x"', '"version": "x"'),
    "blanks": ("x = 1 ", "x = 1"),
    "line ends": ("x\r", "x"),
    "merge conflict": ("<<<<<<< HEAD", "<<< x"),
}
CLOCK = ("clock.py", ("x = datetime.now()", "x = fields.Datetime.now()"), "clock.now()")
RULES = (*greps.OLD_ODOO, *greps.THIS_PROJECT, *greps.MACHINE)


@pytest.mark.parametrize("word", EXAMPLES)
def test_rule_catches_its_example_only(word):
    rules = [rule for rule in RULES if word in rule.message]
    assert len(rules) == 1
    bad, good = EXAMPLES[word]
    assert re.search(rules[0].pattern, bad)
    assert not re.search(rules[0].pattern, good)


def test_only_one_module_tells_the_time():
    word, bad, good = CLOCK
    rules = [rule for rule in RULES if word in rule.message]
    for line in bad:
        assert any(re.search(rule.pattern, line) for rule in rules)
    assert not any(re.search(rule.pattern, good) for rule in rules)


def test_every_rule_has_an_example():
    words = {*EXAMPLES, CLOCK[0]}
    assert not [
        rule.message for rule in RULES if not any(w in rule.message for w in words)
    ]


def test_every_exception_has_a_reason_and_a_place():
    for rule in RULES:
        assert all(rule.but.values())


def test_search_names_file_line_and_reason():
    rule = greps.Rule(r"GNU LESSER GENERAL PUBLIC", "found", ("LICENSE",))
    (first, *_rest) = greps.search([rule])
    assert re.match(r"LICENSE:\d+: found: GNU LESSER", first)
    assert not greps.search([rule._replace(but={"LICENSE": "as is"})])
