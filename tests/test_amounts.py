"""Amounts are read back as they were written, in every language, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_tools import _load

amounts = _load("therapy_portal", "amounts")

#: (decimal separator, separator of thousands) as Odoo's languages have them.
WAYS = st.sampled_from(
    [(".", ","), (",", "."), (",", "\u00a0"), (".", "'"), (",", " "), (",", "")]
)
cents = st.integers(0, 99_999_999)


def _write(value, decimals, point, comma):
    """Write whole minor units with separators of thousands."""
    whole, rest = divmod(value, 10**decimals)
    text = f"{whole:,}".replace(",", comma)
    return f"{text}{point}{rest:0{decimals}d}" if decimals else text


@given(cents, st.sampled_from([0, 2]), WAYS)
def test_what_a_language_writes_is_read_as_that_amount(value, decimals, way):
    text = _write(value, decimals, *way)
    assert amounts.parse_amount(f" $ {text}", "$", decimals, *way) == pytest.approx(
        value / 10**decimals, abs=1e-9
    )


@given(cents, st.sampled_from([0, 2, 3]), WAYS)
def test_what_the_field_is_filled_with_is_read_back(value, decimals, way):
    amount = value / 10**decimals
    text = amounts.write_amount(amount, decimals, way[0])
    assert amounts.parse_amount(text, "€", decimals, *way) == pytest.approx(amount)


@given(st.text("0123456789.,' \u00a0-e+", max_size=14), WAYS, WAYS)
def test_no_text_is_two_amounts(text, one, other):
    # In a currency with cents: whatever two languages both take as an amount is the
    # same amount, or one of them writes thousands with the other's decimal sign.
    first, second = (amounts.parse_amount(text, "$", 2, *way) for way in (one, other))
    if first is not None and second is not None:
        assert first == second


@given(st.integers(1, 999), st.integers(0, 999), WAYS)
def test_thousands_or_thousandths_are_not_guessed(whole, rest, way):
    text = f"{whole}{way[1]}{rest:03d}"
    if way[1]:
        assert amounts.parse_amount(text, "$", 3, *way) is None


@pytest.mark.parametrize("text", ["12.50", "1,250.50", "1.25", "1 250,50", "1.2500,5"])
def test_german_refuses_what_it_does_not_write(text):
    assert amounts.parse_amount(text, "€", 2, ",", ".") is None


@pytest.mark.parametrize("text", ["٥٠", "1e3", "-5", "+5", "0x10", "1_000", "½", "∞"])
def test_only_plain_digits_are_an_amount(text):
    assert amounts.parse_amount(text) is None
