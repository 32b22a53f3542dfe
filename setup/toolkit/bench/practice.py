"""A practice of any size: a few families made by the product, multiplied in SQL.

The block is made through the ORM, so that its rows are what the product writes. The
copies get new ids and their own links, which takes seconds where the ORM takes many
minutes.
"""

from . import copies as sql

BLOCK_PATIENTS = 50
SESSIONS_PER_PATIENT = 10
FIRST_DAY = "2026-10-01"

SERVICES = (
    ("90837", 55, 0, 175.25),
    ("90846", 50, 0, 140.0),
    ("97153", 120, 15, 17.33),
)
#: Shares of the guarantors of the families, in turn.
SHARES = ((100,), (70, 30), (100,), (50, 50), (100,))


def make(bench, sessions):
    """Create held sessions of whole families, ten each, and commit.

    :param bench: the worker's :class:`Bench`
    :param int sessions: how many, rounded up to tens
    :return: the sessions' patients
    :rtype: recordset of `res.partner`
    """
    patients = -(-sessions // SESSIONS_PER_PATIENT)
    block = _make_block(bench.root, min(patients, BLOCK_PATIENTS))
    bench.root.flush_all()
    copies = -(-patients // BLOCK_PATIENTS) - 1
    everybody = block.ids
    if copies > 0:
        everybody += _multiply(bench.root.cr, block, copies)[
            : patients - BLOCK_PATIENTS
        ]
    bench.root.cr.execute("ANALYZE")
    bench.root.cr.commit()
    bench.root.invalidate_all()
    return bench.root["res.partner"].browse(everybody)


def _make_block(env, size):
    """Create families with sessions through the ORM."""
    Partner = env["res.partner"]
    insurer = Partner.create(
        {"name": "Summit Mutual", "is_insurer": True, "is_company": True}
    )
    provider = Partner.create({"name": "June Blake", "is_provider": True})
    services = _find_services(env)
    patients = Partner.create(
        [
            {
                "name": f"Patient {number}",
                "therapy_first_name": "Patient",
                "therapy_last_name": str(number),
                "birthdate": "2015-05-05",
                "is_patient": True,
            }
            for number in range(size)
        ]
    )
    for number, patient in enumerate(patients):
        _add_payers(env, number, patient, insurer)
    env["therapy.session"].create(
        [
            _session_vals(env, number, patient, services, provider, turn)
            for number, patient in enumerate(patients)
            for turn in range(SESSIONS_PER_PATIENT)
        ]
    )
    return patients


def _find_services(env):
    """Return the practice's services, made when there are none."""
    codes = [code for code, _minutes, _per_unit, _rate in SERVICES]
    return env["product.product"].search(
        [("therapy_code", "in", codes)], order="therapy_code"
    ) or env["product.product"].create(
        [
            {
                "name": f"Service {code}",
                "type": "service",
                "therapy_code": code,
                "therapy_minutes": minutes,
                "therapy_minutes_per_unit": per_unit,
                "list_price": rate,
                "taxes_id": [(5,)],
            }
            for code, minutes, per_unit, rate in SERVICES
        ]
    )


def _add_payers(env, number, patient, insurer):
    """Give a patient guarantors, and to every third an insurer."""
    shares = SHARES[number % len(SHARES)]
    payers = env["res.partner"].create(
        [
            {"name": f"Payer {number}-{index}", "email": f"p{number}-{index}@a.example"}
            for index in range(len(shares))
        ]
    )
    env["therapy.guarantor"].create(
        [
            {
                "patient_id": patient.id,
                "partner_id": payer.id,
                "percent": percent,
                "role": "guardian",
                "sequence": index,
            }
            for index, (payer, percent) in enumerate(zip(payers, shares, strict=True))
        ]
    )
    if number % 3 == 0:
        env["therapy.coverage"].create(
            {"patient_id": patient.id, "insurer_id": insurer.id, "copay": 30.0}
        )


def _session_vals(env, number, patient, services, provider, turn):
    """Return the values of one session; every fifth has a second service."""
    chosen = [services[(number + turn) % len(services)]]
    if turn % 5 == 0:
        chosen.append(services[(number + turn + 1) % len(services)])
    return {
        "patient_id": patient.id,
        "provider_id": provider.id,
        "start": f"2026-10-{1 + turn * 3:02d} {14 + number % 8:02d}:00:00",
        "state": "held",
        "line_ids": [(0, 0, {"product_id": service.id}) for service in chosen],
    }


def _multiply(cr, patients, copies):
    """Copy families with their sessions; return the new patients' ids."""
    sql.begin(cr)
    copy_families(cr, patients, copies)
    return sql.new_ids(cr, patients)


def copy_families(cr, patients, copies):
    """Copy families with their sessions, after :func:`copies.begin`.

    :param cr: the cursor; nothing of the ORM may wait to be written
    :param patients: the patients, each family whole
    :param int copies: how many families come out of each, beside it
    :return: all people of the families
    :rtype: recordset of `res.partner`
    """
    guarantors = patients.guarantor_ids
    sessions = patients.env["therapy.session"].search(
        [("patient_id", "in", patients.ids)]
    )
    people = patients | guarantors.partner_id
    for records, links in (
        (people, {"commercial_partner_id": people}),
        (guarantors, {"patient_id": people, "partner_id": people}),
        (patients.coverage_ids, {"patient_id": people}),
        (sessions, {"patient_id": people}),
        (sessions.line_ids, {"session_id": sessions}),
    ):
        sql.copy_rows(cr, records, copies, links)
    return people
