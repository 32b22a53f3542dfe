import doctest
import importlib
import random
from datetime import datetime

from odoo.tests import BaseCase, tagged

from odoo.addons.therapy_billing.tools import clock, eob, money, npi, rows

MODULES = (
    "charging.breaker",
    "charging.retry",
    "importers.payers_rows",
    "importers.people",
    "importers.remittances_rows",
    "importers.schedule_rows",
    "importers.services",
    "tools.card_numbers",
    "tools.clock",
    "tools.codes",
    "tools.eob",
    "tools.fees",
    "tools.luhn",
    "tools.mapping",
    "tools.money",
    "tools.npi",
    "tools.periods",
    "tools.rows",
    "tools.units",
)


@tagged("post_install", "-at_install")
class TestTools(BaseCase):
    def test_the_examples_in_the_docstrings_are_right(self):
        for name in MODULES:
            module = importlib.import_module(f"odoo.addons.therapy_billing.{name}")
            result = doctest.testmod(module)
            self.assertTrue(result.attempted, f"{name} has examples")
            self.assertFalse(result.failed, name)

    def test_parts_always_add_up_and_differ_by_a_cent_at_most(self):
        chance = random.Random(19)
        for _round in range(500):
            weights = [chance.randint(0, 10000) for _w in range(chance.randint(1, 6))]
            weights[0] += 1
            total = chance.randint(-100000, 100000)
            parts = money.allocate(total, weights)
            self.assertEqual(sum(parts), total)
            for part, weight in zip(parts, weights, strict=True):
                exact = total * weight / sum(weights)
                self.assertLess(abs(part - exact), 1)

    def test_equal_remainders_go_to_the_payer_listed_first(self):
        self.assertEqual(money.allocate(1, [50, 50]), [1, 0])
        self.assertEqual(money.allocate(5, [25, 25, 25, 25]), [2, 1, 1, 1])

    def test_impossible_weights_are_refused(self):
        for weights in ([], [0, 0], [1, -1]):
            with self.assertRaises(ValueError):
                money.allocate(100, weights)

    def test_a_session_is_divided_exactly_in_rows_and_columns(self):
        chance = random.Random(2026)
        for _round in range(500):
            lines = [chance.randint(0, 30000) for _x in range(chance.randint(1, 4))]
            percents = [chance.randint(1, 10000) for _x in range(chance.randint(1, 4))]
            copay = chance.choice([None, 0, 3000, 2525, 10**6])
            guarantors, insurer = money.split_session(lines, percents, copay)
            for column, line in enumerate(lines):
                column_sum = sum(row[column] for row in guarantors) + insurer[column]
                self.assertEqual(column_sum, line)
            patient_part = sum(lines) if copay is None else min(copay, sum(lines))
            shares = [sum(row) for row in guarantors]
            self.assertEqual(shares, money.allocate(patient_part, percents))
            self.assertEqual(sum(insurer), sum(lines) - patient_part)
            cents = [cell for row in [*guarantors, insurer] for cell in row]
            self.assertGreaterEqual(min(cents), 0)

    def test_a_wrong_sum_is_not_spread(self):
        with self.assertRaises(ValueError):
            money.spread([1, 2], [4])

    def test_minor_units_and_back_lose_nothing(self):
        for cents in range(0, 200000, 7):
            self.assertEqual(money.to_minor(money.to_major(cents)), cents)

    def test_every_changed_digit_of_an_npi_is_noticed(self):
        good = "1234567893"
        self.assertTrue(npi.npi_ok(good))
        for position in range(10):
            for digit in "0123456789":
                other = good[:position] + digit + good[position + 1 :]
                if other != good:
                    self.assertFalse(npi.npi_ok(other), other)

    def test_the_hour_that_occurs_twice_is_read_once(self):
        first = clock.to_utc(datetime(2026, 11, 1, 1, 30), "America/New_York")
        later = clock.to_utc(datetime(2026, 11, 1, 2, 30), "America/New_York")
        self.assertEqual((later - first).total_seconds(), 2 * 3600)

    def test_names_with_formulas_and_accents_are_only_text(self):
        content = "Last Name\n=1+1\n  Mu\u0308ller \n".encode()
        cells = [row.cells["Last Name"] for row in rows.read_csv(content, ())]
        self.assertEqual(cells, ["=1+1", "M\u00fcller"])

    def test_an_insurers_answer_moves_every_cent_somewhere(self):
        chance = random.Random(3)
        for _round in range(500):
            claim, following, guarantors, estimate, contractual, paid, patient = (
                chance.randint(0, 20000) for _n in range(7)
            )
            answer = eob.Answer(paid, patient, chance.random() < 0.7)
            borne = eob.Borne(claim, following, guarantors, estimate, contractual)
            change = eob.get_change(answer, borne, chance.random() < 0.5)
            self.assertFalse(change.claim + change.following + change.guarantors)
            if answer.final:
                booked = contractual + change.contractual
                self.assertEqual(claim + change.claim, paid + booked)
                left = guarantors + change.guarantors + following + change.following
                self.assertEqual(left, patient)
