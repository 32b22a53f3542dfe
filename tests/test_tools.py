"""The pure rules of each addon's ``tools/``: their doctests, and laws of money."""

import doctest
import importlib
import sys
import types

import pytest
from addon_files import ADDONS, REPO
from hypothesis import given
from hypothesis import strategies as st


def _load(addon, name):
    """Import a module of an addon's ``tools/`` without the addon's models.

    The packages around it are stand-ins, so that imports inside the addon work.
    """
    package = f"odoo.addons.{addon}"
    for inner, folder in (("", ""), (".tools", "tools")):
        stub = sys.modules.setdefault(package + inner, types.ModuleType(package))
        stub.__path__ = [str(REPO / addon / folder)]
    return importlib.import_module(f"{package}.tools.{name}")


MODULES = [
    (addon, path.stem)
    for addon in ADDONS
    for path in sorted((REPO / addon / "tools").glob("*.py"))
    if path.stem != "__init__"
]
money = _load("therapy_billing", "money")
units = _load("therapy_billing", "units")
luhn = _load("therapy_billing", "luhn")
fees = _load("therapy_billing", "fees")

cents = st.integers(min_value=0, max_value=10**9)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any)


@pytest.mark.parametrize(("addon", "name"), MODULES)
def test_examples_in_docstrings_hold(addon, name):
    result = doctest.testmod(_load(addon, name))
    assert result.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [
        example
        for module in (money, units, luhn)
        for test in finder.find(module)
        for example in test.examples
    ]
    assert len(found) > 5


@given(st.integers(-(10**9), 10**9), weights)
def test_parts_add_up_to_the_total(total, given_weights):
    assert sum(money.allocate(total, given_weights)) == total


@given(cents, weights)
def test_no_part_is_a_cent_or_more_away_from_its_due(total, given_weights):
    whole = sum(given_weights)
    for part, weight in zip(
        money.allocate(total, given_weights), given_weights, strict=True
    ):
        assert abs(part * whole - total * weight) < whole


@given(cents, st.integers(1, 1000), st.integers(2, 8))
def test_ties_go_to_the_payers_listed_first(total, weight, payers):
    parts = money.allocate(total, [weight] * payers)
    assert parts == sorted(parts, reverse=True)


@given(
    st.lists(cents, min_size=1, max_size=5),
    weights,
    st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_a_session_is_divided_to_the_cent_both_ways(lines, percents, copay):
    rows, insurer = money.split_session(lines, percents, copay=copay)
    columns = [sum(column) for column in zip(*rows, insurer, strict=True)]
    patient_part = sum(lines) if copay is None else min(copay, sum(lines))
    assert columns == lines
    assert sum(map(sum, rows)) == patient_part
    assert [sum(row) for row in rows] == money.allocate(patient_part, percents)
    assert all(cell >= 0 for row in (*rows, insurer) for cell in row)


@given(st.integers(0, 10**5), st.integers(1, 240))
def test_units_never_stray_more_than_half_a_unit(minutes, length):
    assert abs(units.expected_units(minutes, length) * length - minutes) * 2 <= length


@given(st.from_regex(r"[0-9]{12,18}", fullmatch=True))
def test_exactly_one_digit_completes_a_luhn_number(digits):
    assert sum(luhn.luhn_ok(f"{digits}{last}") for last in range(10)) == 1


limits = st.lists(st.integers(0, 4000), min_size=1, max_size=4)
costs = st.tuples(st.integers(0, 5000), st.integers(0, 100))


@given(cents, limits, costs)
def test_a_fee_is_never_above_any_limit(base, rates, cost):
    fee = fees.card_fee(base, rates, cost)
    assert 0 <= fee
    for rate in rates:
        assert fee * fees.WHOLE <= base * rate
    assert fee * fees.WHOLE <= base * cost[0] + cost[1] * fees.WHOLE


@given(cents, limits, costs)
def test_a_fee_is_less_than_a_cent_below_the_lowest_limit(base, rates, cost):
    lowest = min(base * min(rates), base * cost[0] + cost[1] * fees.WHOLE)
    assert lowest - fees.card_fee(base, rates, cost) * fees.WHOLE < fees.WHOLE


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.integers(0, 4000))
def test_refunds_in_parts_give_the_whole_fee_back_and_never_keep_too_much(parts, rate):
    base = sum(parts)
    fee = fees.card_fee(base, [rate], (4000, 0))
    returned = given_back = 0
    for part in parts:
        back = fees.fee_to_return(base, fee, returned, given_back, part)
        assert back >= 0
        returned, given_back = returned + part, given_back + back
        assert (fee - given_back) * fees.WHOLE <= (base - returned) * rate
    assert given_back == fee


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(-5, 10**6))
def test_more_than_was_paid_is_never_given_back(base, returned, now):
    if now <= 0 or returned + now > base:
        with pytest.raises(ValueError):
            fees.fee_to_return(base, 10, returned, 0, now)
