"""Make the demo practice's files: a two-week schedule in the shape of an export.

``python -m toolkit.practice_maker`` rewrites ``setup/practice``. Names are drawn from
short lists, so nobody in the files exists; the same seed gives the same files.
The formats are described in docs/file-formats.md.
"""

import csv
import json
import random
from datetime import date, datetime, time, timedelta

from . import expected, paths

FOLDER = paths.REPO / "setup" / "practice"
SEED = 20261102
FIRST_DAY = date(2026, 11, 2)
PATIENTS = 64
SESSIONS = 324

SERVICES = (
    # code, our name, usual minutes, minutes per unit ("" = untimed), rate per unit
    ("90791", "Intake", 60, "", "210.00"),
    ("90834", "Therapy 45", 45, "", "135.00"),
    ("90837", "Therapy 60", 55, "", "168.35"),
    ("90847", "Family session", 50, "", "155.00"),
    ("92507", "Speech session", 45, "", "112.40"),
    ("97110", "Exercise per 15 min", 45, 15, "41.15"),
    ("97530", "Activities per 15 min", 30, 15, "44.90"),
    ("97153", "ABA per 15 min", 120, 15, "16.67"),
)
CLINICIANS = (
    ("Harper, Alma", "PsyD", "1999980000"),
    ("Lindqvist, Ben", "LCSW", "1999980018"),
    ("Moreno, Carla", "SLP", "1999980026"),
    ("Nakamura, Dai", "OT", "1999980034"),
    ("Osei, Efua", "BCBA", "1999980042"),
)
INSURERS = ("Bayview Plan", "Cedar Health", "Old Mill Mutual")
SPLITS = ((50, 50), (70, 30), (60, 40))
COPAYS = ("20.00", "25.25", "35.00")
FIRST_NAMES = (
    "Aaron Bella Cyrus Dana Elias Fiona Grace Henry Iris Jonas Kira Leo Mara Noah Olga "
    "Paul Rania Simon Tara Umar Violet Walter Yasmin Zack"
).split()
LAST_NAMES = (
    "Albers Brandt Cole Dumont Eriksen Farrell Gupta Holm Ivanov Jansen Keller Lund "
    "Marsh Norris Ortega Petrov Quigley Rossi Sato Turner"
).split()
SCHEDULE_COLUMNS = (
    "Session ID,Date,Start Time,Type,Appointment Type,Billing Method,Clinician Name,"
    "Clinician Type,Clinician NPI,Last Name,First Name,DOB,Member ID,"
    "Primary Insurer Name,In Network,Service Code,Units,Minutes,POS,Modifiers"
).split(",")
PAYER_COLUMNS = (
    "Last Name,First Name,DOB,Payer Name,Payer Email,Role,Percent,Copay Per Session"
).split(",")


def _us(day):
    return day.strftime("%m/%d/%Y")


def make_patients(rng):
    """Return the patients: name, birth date, payer rows and insurer, as dicts."""
    names = [(last, first) for last in LAST_NAMES for first in FIRST_NAMES]
    rng.shuffle(names)
    patients = []
    for number, (last, first) in enumerate(names[:PATIENTS]):
        child = number % 5 < 3
        born = date(rng.randint(2010, 2021), rng.randint(1, 12), rng.randint(1, 28))
        if not child:
            born = born.replace(year=born.year - 35)
        patient = {"last": last, "first": first, "dob": _us(born), "insurer": ""}
        patient["payers"] = _payers(rng, patient, number, child)
        if rng.random() < 0.45:
            patient["insurer"] = rng.choice(INSURERS)
            patient["member"] = f"D{rng.randint(10**7, 10**8 - 1)}"
            patient["payers"].append(
                (patient["insurer"], "", "insurer", "", rng.choice(COPAYS))
            )
        patients.append(patient)
    return patients


def _payers(rng, patient, number, child):
    if not child:
        mail = f"{patient['first']}.{patient['last']}{number}@example.com".lower()
        return [(f"{patient['first']} {patient['last']}", mail, "self", "100", "")]
    shares = rng.choice(SPLITS) if number % 5 < 2 else (100,)
    rows = []
    for place, share in enumerate(shares):
        last = patient["last"] if place == 0 else rng.choice(LAST_NAMES)
        name = rng.choice(FIRST_NAMES)
        mail = f"{name}.{last}.{number}{'ab'[place]}@example.com".lower()
        rows.append((f"{name} {last}", mail, "guardian", str(share), ""))
    return rows


def make_schedule(rng, patients):
    """Return the rows of the schedule, sorted by day."""
    taken, rows = set(), []
    for number in range(SESSIONS):
        patient = rng.choice(patients) if number >= PATIENTS else patients[number]
        day = FIRST_DAY + timedelta(days=rng.choice((0, 1, 2, 3, 4, 7, 8, 9, 10, 11)))
        clinician = rng.choice(CLINICIANS)
        begin = datetime.combine(day, time(8)) + timedelta(
            minutes=15 * rng.randint(0, 36)
        )
        while (clinician, begin) in taken:
            begin += timedelta(minutes=15)
        taken.add((clinician, begin))
        kind = rng.choices(
            ("Appointment", "Missed Appointment", "Cancelled"), (88, 7, 5)
        )[0]
        services = rng.sample(SERVICES, 2 if rng.random() < 0.2 else 1)
        for code, _name, minutes, per_unit, _rate in services:
            units = minutes // per_unit if per_unit else 1
            rows.append(
                (
                    *(f"D-{number + 1:05d}", _us(day), f"{begin:%I:%M %p}", kind),
                    "Therapy Session",
                    "Electronic" if patient["insurer"] else "Self-Pay",
                    *clinician,
                    *(patient["last"], patient["first"], patient["dob"]),
                    *(patient.get("member", ""), patient["insurer"]),
                    "Yes" if patient["insurer"] else "",
                    *(code, units, minutes, rng.choice(("11", "02", "10")), ""),
                )
            )
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _write(name, columns, rows):
    with (FOLDER / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([columns, *rows])


def main():
    """Write the three files and what must come out of them."""
    rng = random.Random(SEED)
    FOLDER.mkdir(exist_ok=True)
    patients = make_patients(rng)
    _write("schedule.csv", SCHEDULE_COLUMNS, make_schedule(rng, patients))
    _write(
        "payers.csv",
        PAYER_COLUMNS,
        [
            (patient["last"], patient["first"], patient["dob"], *payer)
            for patient in patients
            for payer in patient["payers"]
        ],
    )
    _write(
        "services.csv",
        ("Service Code", "Name", "Minutes", "Minutes Per Unit", "Rate Per Unit"),
        SERVICES,
    )
    result = expected.compute(FOLDER)
    text = json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False)
    (FOLDER / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
