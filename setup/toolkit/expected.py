"""What must come out of a practice's files, computed without the addons.

This is the second opinion of ``./setup/demo --check``: it shares no code with the
product. Money is whole cents.
"""

import csv
import re
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation


def _rows(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _patient(row):
    return tuple(
        " ".join(row[name].split()).casefold() for name in ("Last Name", "First Name")
    ) + (row["DOB"].strip(),)


def _day(text, form="%m/%d/%Y"):
    try:
        return datetime.strptime(text.strip(), form)
    except ValueError:
        return None


def _units(text):
    try:
        units = Decimal(text.strip())
    except InvalidOperation:
        return None
    return units if 0 <= units <= 96 else None


def split(cents, weights):
    """Split whole cents by weight, largest remainder first, ties to the first.

    >>> split(100, [33, 67]), split(101, [50, 50]), split(0, [1, 1])
    ([33, 67], [51, 50], [0, 0])
    """
    total = sum(weights)
    exact = [Decimal(cents) * weight / total for weight in weights]
    parts = [int(value) for value in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in order[: cents - sum(parts)]:
        parts[index] += 1
    return parts


def _read_payers(folder):
    people, plans = defaultdict(list), {}
    for row in _rows(folder / "payers.csv"):
        patient = _patient(row)
        if row["Role"].strip() == "insurer":
            copay = Decimal(row["Copay Per Session"] or 0)
            plans[patient] = (row["Payer Name"].strip(), int(copay * 100))
        else:
            key = row["Payer Email"].strip().lower() or row["Payer Name"].strip()
            people[patient].append((key, Decimal(row["Percent"] or 0)))
    return people, plans


def _is_wrong(row, services, people):
    shares = people.get(_patient(row), [])
    return not (
        row["Session ID"].strip()
        and row["Service Code"].strip() in services
        and _day(row["Date"])
        and _units(row["Units"]) is not None
        and sum(share for _key, share in shares) == 100
    )


def accepted_rows(folder):
    """Return the rows that stand, by session, and how many were rejected."""
    services = {
        row["Service Code"].strip(): row for row in _rows(folder / "services.csv")
    }
    people, plans = _read_payers(folder)
    sessions, rejected = defaultdict(dict), 0
    for row in _rows(folder / "schedule.csv"):
        key = row["Session ID"].strip(), row["Service Code"].strip()
        if _is_wrong(row, services, people):
            rejected += 1
            continue
        content = tuple(
            re.sub(r"\s+", " ", value or "").strip() for value in row.values()
        )
        known = sessions[key[0]].setdefault(key[1], (row, content))
        rejected += known[1] != content
    accepted = {
        session: [row for row, _content in rows.values()]
        for session, rows in sessions.items()
    }
    return accepted, rejected, services, people, plans


def compute(folder):
    """Return the figures of ``expected.json`` for the practice in ``folder``.

    :rtype: dict
    """
    sessions, rejected, services, people, plans = accepted_rows(folder)
    totals, kinds, patients, billed = defaultdict(int), defaultdict(int), set(), 0
    for rows in sessions.values():
        patient = _patient(rows[0])
        patients.add(patient)
        kinds[rows[0]["Type"].strip()] += 1
        if rows[0]["Type"].strip() != "Appointment":
            continue
        cents = sum(
            int(
                (
                    _units(row["Units"])
                    * Decimal(services[row["Service Code"].strip()]["Rate Per Unit"])
                    * 100
                ).quantize(Decimal(1), ROUND_HALF_UP)
            )
            for row in rows
        )
        billed += cents
        own = cents
        if patient in plans:
            insurer, copay = plans[patient]
            own = min(copay, cents)
            totals[insurer] += cents - own
        shares = people[patient]
        for (key, _share), part in zip(
            shares, split(own, [share for _key, share in shares]), strict=True
        ):
            totals[key] += part
    return {
        "billed_cents": billed,
        "by_payer_cents": {key: cents for key, cents in totals.items() if cents},
        "by_type": dict(kinds),
        "patients": len(patients),
        "rejected_rows": rejected,
        "sessions": len(sessions),
    }
