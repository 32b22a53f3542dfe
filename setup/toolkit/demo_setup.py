"""Run in Odoo's shell: the demo practice's users, settings and data.

Appended to it is the call of one of its two functions; ``env`` is the shell's.
"""

import base64
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

USERS = (
    ("biller", "Morgan Bell", "therapy_billing.group_biller"),
    ("manager", "Robin Vance", "therapy_billing.group_manager"),
    ("clinician", "Alma Harper", "therapy_billing.group_clinician"),
    ("accountant", "Jo Lindgren", "therapy_billing.group_auditor"),
)
# A name that says nothing about the kind of care: it is on every mail and receipt.
PRACTICE_NAME = "Northside Group"


def draw_logo():
    """Return a PNG: the practice's name beside a mark."""
    image = Image.new("RGBA", (720, 160), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((10, 20, 130, 140), 28, fill="#1f6f78")
    draw.line((42, 112, 42, 50, 98, 110, 98, 48), fill="white", width=14, joint="curve")
    font = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
    draw.text(
        (160, 48), PRACTICE_NAME, font=ImageFont.truetype(font, 58), fill="#1f2933"
    )
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def set_up_practice(env):
    """Create users, mail server and card processor."""
    company = env.company
    company.write(
        {
            "name": PRACTICE_NAME,
            "street": "120 Harbor Road",
            "city": "Albany",
            "zip": "12207",
            "logo": base64.b64encode(draw_logo()),
            "email": "office@northside.example.com",
            "phone": "+1 518 555 0142",
            "country_id": env.ref("base.us").id,
            "state_id": env.ref("base.state_us_27").id,
        }
    )
    company.partner_id.tz = "America/New_York"
    for login, name, group in USERS:
        env["res.users"].create(
            {
                "name": name,
                "login": login,
                "password": login,
                "email": f"{login}@northside.example.com",
                "tz": "America/New_York",
                "group_ids": [
                    (4, env.ref(group).id),
                    (4, env.ref("base.group_user").id),
                ],
            }
        )
    env.ref("base.user_admin").write(
        {"email": "admin@northside.example.com", "tz": "America/New_York"}
    )
    env["ir.mail_server"].create(
        {
            "name": "Demo",
            "smtp_host": "127.0.0.1",
            "smtp_port": 1025,
            "smtp_encryption": "none",
        }
    )
    stripe = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
    stripe.write(
        {
            "stripe_publishable_key": "pk_test_demo",
            "stripe_secret_key": "sk_test_demo",
            "allow_tokenization": True,
            "is_published": True,
        }
    )
    # Odoo's own news would be among the practice's mails.
    env["digest.digest"].search([]).state = "deactivated"
    # Core's own stand-in would be offered to payers beside the card.
    env["payment.provider"].search([("code", "=", "demo")]).state = "disabled"
    env.cr.commit()


def fill_practice(env, folder):
    """Import the practice's files with the product's own importer and bill them."""
    _ask_for_missed_sessions(env)
    for kind in ("services", "payers", "schedule"):
        content = (Path(folder) / f"{kind}.csv").read_bytes()
        job = env["therapy.import"].create(
            {
                "kind": kind,
                "file": base64.b64encode(content),
                "file_name": f"{kind}.csv",
            }
        )
        job.action_import()
    run = env["therapy.billing.run"].create(
        {"date_from": "2026-11-01", "date_to": "2026-11-30"}
    )
    run.action_preview()
    run.action_generate()
    _give_portal_access(env)
    _approve_units(env)
    _answer_claims(env)
    _give_credits(env)
    env.cr.commit()


def _ask_for_missed_sessions(env):
    """Let a missed session cost 50.00."""
    product = env["product.product"].create(
        {"name": "Missed appointment", "type": "service", "taxes_id": [(5,)]}
    )
    env["therapy.absence.fee"].create(
        {"name": "Missed appointment", "amount": 50.0, "fee_product_id": product.id}
    )


def _approve_units(env):
    """Enter two authorizations of insured patients: one running out, one with room."""
    covered = env["therapy.coverage"].search([]).patient_id
    groups = env["therapy.session.line"]._read_group(
        [
            ("session_id.patient_id", "in", covered.ids),
            ("session_id.state", "=", "held"),
            ("product_id.therapy_minutes_per_unit", ">", 0),
        ],
        ["session_id.patient_id", "product_id"],
        ["units:sum"],
        order="units:sum DESC",
        limit=2,
    )
    for number, (patient, product, used) in enumerate(groups):
        units = int(used * (1.1 if number == 0 else 3)) + 1
        authorization = env["therapy.authorization"].create(
            {
                "name": f"PA-{40117 + number}",
                "patient_id": patient.id,
                "payer_id": patient.coverage_ids[:1].insurer_id.id,
                "date_from": "2026-11-01",
                "date_to": "2026-12-31",
                "line_ids": [(0, 0, {"product_id": product.id, "units": units})],
            }
        )
        lines = env["therapy.session.line"].search(
            [
                ("session_id.patient_id", "=", patient.id),
                ("product_id", "=", product.id),
            ]
        )
        lines.authorization_line_id = authorization.line_ids


def _answer_claims(env):
    """Enter an insurer's payment: one is booked, with too much, one waits."""
    claims = env["account.move"].search(
        [("claim_session_id", "!=", False), ("state", "=", "posted")], order="id"
    )
    claims = claims.filtered(lambda move: len(move.claim_session_id.line_ids) == 1)
    insurer = claims[:1].partner_id
    claims = claims.filtered(lambda move: move.partner_id == insurer)
    for trace, some, extra in (
        ("EFT-20311", claims[:4], 25.0),
        ("EFT-20377", claims[4:7], 0.0),
    ):
        answers = []
        for claim in some:
            worth = claim.claim_session_id.amount_total
            cut, left = round(worth * 0.2, 2), 30.0
            answers.append(
                {
                    "session_id": claim.claim_session_id.id,
                    "charge": worth,
                    "allowed": round(worth - cut, 2),
                    "paid": round(worth - cut - left, 2),
                    "contract_amount": cut,
                    "patient_amount": left,
                }
            )
        remittance = env["therapy.remittance"].create(
            {
                "partner_id": insurer.id,
                "trace": trace,
                "amount": round(sum(x["paid"] for x in answers) + extra, 2),
                "line_ids": [(0, 0, answer) for answer in answers],
            }
        )
        if extra:
            remittance.action_post()


def _give_credits(env):
    """Take a prepayment of one guarantor, and give goodwill to another."""
    payers = env["therapy.guarantor"].search([], order="id").partner_id
    method = env.company._therapy_get_receipt_methods()[:1]
    env["account.payment"]._therapy_record(
        payers[3], 200.0, method, env.company._therapy_local_date()
    )
    reason = env["therapy.adjustment.reason"].search([("kind", "=", "goodwill")])[:1]
    env["account.move"]._therapy_adjust(reason, 25.0, payer=payers[5])


def _give_portal_access(env):
    """Let the two guarantors of one shared child log in."""
    shared = env["therapy.guarantor"].search([("percent", "=", 70)], limit=1).patient_id
    for partner in shared.guarantor_ids.partner_id:
        env["res.users"].with_context(no_reset_password=True).create(
            {
                "login": partner.email,
                "partner_id": partner.id,
                "password": "guarantor",
                "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
            }
        )
