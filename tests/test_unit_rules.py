"""Laws that the unit rules keep for any minutes."""

from hypothesis import given
from hypothesis import strategies as st
from test_tools import _load

units = _load("therapy_billing", "units")

minutes = st.integers(0, 1440)
blocks = st.sampled_from([10, 15, 30, 60])
day = st.lists(minutes, min_size=1, max_size=8)


@given(minutes, minutes, blocks)
def test_more_minutes_never_give_fewer_units(first, second, block):
    low, high = sorted((first, second))
    for rule in (units.expected_units, units.whole_units):
        assert rule(low, block) <= rule(high, block)


@given(minutes)
def test_the_table_of_the_manual(time):
    assert units.expected_units(time, 15) == (time + 7) // 15


@given(day)
def test_the_day_has_the_units_of_its_minutes_and_full_blocks_are_kept(times):
    counts = units.pooled_units([(place, t, None) for place, t in enumerate(times)])
    assert sum(counts) == (sum(times) + 7) // 15
    for time, count in zip(times, counts, strict=True):
        assert time // 15 <= count <= time // 15 + 1


@given(day)
def test_a_larger_rest_is_never_passed_over_for_a_smaller_one(times):
    counts = units.pooled_units([(place, t, None) for place, t in enumerate(times)])
    extra = [count - t // 15 for t, count in zip(times, counts, strict=True)]
    given_rests = [t % 15 for t, one in zip(times, extra, strict=True) if one]
    passed = [t % 15 for t, one in zip(times, extra, strict=True) if not one]
    assert not given_rests or not passed or min(given_rests) >= max(passed)


@given(day)
def test_one_code_in_many_services_is_one_sum(times):
    counts = units.pooled_units([("97110", t, None) for t in times])
    assert sum(counts) == units.expected_units(sum(times), 15)


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), minutes, st.none() | st.integers(0, 96)),
        min_size=1,
        max_size=8,
    )
)
def test_fixed_units_stay_and_the_day_is_not_exceeded(services):
    counts = units.pooled_units(services)
    fixed = [service[2] for service in services if service[2] is not None]
    kept = [
        c for c, service in zip(counts, services, strict=True) if service[2] is not None
    ]
    assert kept == fixed
    total = (sum(service[1] for service in services) + 7) // 15
    assert sum(counts) <= max(total, sum(fixed))
    assert min(counts) >= 0


@given(minutes, st.integers(0, 100), st.integers(0, 100))
def test_a_window_gives_one_unit_or_none(time, shortest, length):
    inside = shortest <= time <= shortest + length
    longest = shortest + length
    assert units.window_units(time, shortest, longest) == int(
        inside or (not longest and time >= shortest)
    )


def test_the_examples_of_the_manual():
    # Chapter 5, section 20.2: minutes of each code, and the units billed.
    for times, expected in (
        ([24, 23], [2, 1]),
        ([20, 20], [2, 1]),
        ([33, 7], [2, 1]),
        ([18, 13, 10, 8], [1, 1, 1, 0]),
        ([7, 7, 7], [1, 0, 0]),
    ):
        services = [(place, time, None) for place, time in enumerate(times)]
        assert units.pooled_units(services) == expected
