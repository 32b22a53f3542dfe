import csv
import io

from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import content_disposition, request, route

from odoo.addons.portal.controllers.portal import pager as portal_pager

from .portal import PortalAccount

#: Rows of one page of bills or of the history.
PAGE_SIZE = 20
#: Rows of a downloaded history; more than anybody has in a lifetime of treatment.
EXPORT_ROWS = 5000

PAGE = {"type": "http", "auth": "user", "methods": ["GET"], "website": True}


class TherapyFamily(PortalAccount):
    """Lists of a payer: bills, history of payments, receipts. Own ones only."""

    # === BILLS === #

    @route(["/my/therapy/bills", "/my/therapy/bills/page/<int:page>"], **PAGE)
    def therapy_bills(self, page=1, filterby="open", sortby="due", patient="", **kw):
        """Show the own bills, current and past.

        Unknown filters and sortings fall back to the first ones.

        :param int page: page of the list
        :param str filterby: open, overdue, paid or all
        :param str sortby: due, date, amount or name
        :param str patient: id of a patient of the family, empty for all
        :param dict kw: `search`, a part of a bill's number
        :return: the page
        """
        filters, sortings = self._therapy_get_filters(), self._therapy_get_sortings()
        filterby = filterby if filterby in filters else "open"
        sortby = sortby if sortby in sortings else "due"
        partner = request.env.user.partner_id
        patients = partner._therapy_get_portal_patients()
        chosen = patients.filtered(lambda record: str(record.id) == patient)
        search = (kw.get("search") or "").replace("\0", "").strip()[:64]
        domain = filters[filterby]["domain"]
        if chosen:
            domain &= Domain("patient_id", "=", chosen.id)
        if search:
            domain &= Domain("name", "ilike", search)
        Move_sudo = request.env["account.move"].sudo()  # sudo: own by the domain
        query = {"filterby": filterby, "sortby": sortby, "search": search}
        pager = portal_pager(
            url="/my/therapy/bills",
            url_args={**query, "patient": chosen.id or ""},
            total=Move_sudo.search_count(domain),
            page=max(page, 1),
            step=PAGE_SIZE,
        )
        bills = Move_sudo.search(
            domain,
            order=sortings[sortby]["order"],
            limit=PAGE_SIZE,
            offset=pager["offset"],
        )
        values = {
            **self._prepare_portal_layout_values(),
            **query,
            "bills": bills,
            "pager": pager,
            "filters": filters,
            "sortings": sortings,
            "patients": patients,
            "chosen": chosen,
            "currency": request.env.company.currency_id,
            "page_name": "therapy_bills",
        }
        return request.render("therapy_portal.portal_therapy_bills", values)

    def _therapy_get_filters(self):
        """Return the filters of the list of bills.

        :return: `label` and `domain` by key, the first one is the default
        :rtype: dict
        """
        partner = request.env.user.partner_id
        own = partner._therapy_get_portal_bills_domain()
        is_open = partner._therapy_get_portal_open_domain()
        today = request.env.company._therapy_local_date()
        env = request.env
        return {
            "open": {"label": env._("To pay"), "domain": is_open},
            "overdue": {
                "label": env._("Overdue"),
                "domain": is_open & Domain("invoice_date_due", "<", today),
            },
            "paid": {"label": env._("Paid"), "domain": own & ~is_open},
            "all": {"label": env._("All"), "domain": own},
        }

    def _therapy_get_sortings(self):
        """Return the orders of the list of bills.

        :return: `label` and `order` by key, the first one is the default
        :rtype: dict
        """
        env = request.env
        return {
            "due": {"label": env._("Due first"), "order": "invoice_date_due, id"},
            "date": {"label": env._("Newest"), "order": "invoice_date desc, id desc"},
            "amount": {
                "label": env._("Largest amount"),
                "order": "amount_total desc, id desc",
            },
            "name": {"label": env._("Number"), "order": "name desc, id desc"},
        }

    # === HISTORY === #

    @route(["/my/therapy/payments", "/my/therapy/payments/page/<int:page>"], **PAGE)
    def therapy_payments(self, page=1, kind="all", **kw):
        """Show what was paid, given back, credited, tried and saved.

        :param int page: page of the list
        :param str kind: see `res.partner._therapy_get_portal_history`
        :return: the page
        """
        kinds = self._therapy_get_kinds()
        kind = kind if kind in kinds else "all"
        partner = request.env.user.partner_id
        page = min(max(page, 1), EXPORT_ROWS // PAGE_SIZE)
        rows, total = partner._therapy_get_portal_history(
            kind, (page - 1) * PAGE_SIZE, PAGE_SIZE
        )
        pager = portal_pager(
            url="/my/therapy/payments",
            url_args={"kind": kind},
            total=total,
            page=page,
            step=PAGE_SIZE,
        )
        values = {
            **self._prepare_portal_layout_values(),
            "rows": rows,
            "kinds": kinds,
            "kind": kind,
            "pager": pager,
            "page_name": "therapy_payments",
        }
        return request.render("therapy_portal.portal_therapy_payments", values)

    @route("/my/therapy/payments/export", **PAGE)
    def therapy_payments_export(self, kind="all", **kw):
        """Download the history as CSV, for the payer's own books.

        :param str kind: see `res.partner._therapy_get_portal_history`
        :return: the file
        """
        kind = kind if kind in self._therapy_get_kinds() else "all"
        env, partner = request.env, request.env.user.partner_id
        rows, _total = partner._therapy_get_portal_history(kind, 0, EXPORT_ROWS)
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(
            [env._("Date"), env._("What"), env._("For"), env._("Amount"), ""]
        )
        for row in rows:
            digits = row["currency"].decimal_places
            amount = "" if row["amount"] is None else f"{row['amount']:.{digits}f}"
            texts = [self._therapy_csv_text(row[name]) for name in ("text", "detail")]
            writer.writerow([row["date"], *texts, amount, row["currency"].name])
        return request.make_response(
            buffer.getvalue(),
            headers=[
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition("payments.csv")),
                ("Cache-Control", "no-store"),
            ],
        )

    @staticmethod
    def _therapy_csv_text(text):
        """Return a text that no spreadsheet takes for a formula.

        :param str text: the text
        :rtype: str
        """
        return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text

    def _therapy_get_kinds(self):
        """Return the kinds of rows that the history can be narrowed to.

        :return: labels by key
        :rtype: dict
        """
        env = request.env
        return {
            "all": env._("All"),
            "payments": env._("Payments"),
            "refunds": env._("Given back"),
            "credits": env._("Credits"),
            "failed": env._("Failed"),
            "cards": env._("Cards"),
        }

    # === RECEIPT === #

    @route("/my/therapy/receipt/<int:payment_id>", **PAGE)
    def therapy_receipt(self, payment_id, **kw):
        """Download the receipt of an own payment.

        :param int payment_id: the payment
        :return: the PDF
        :raise NotFound: if there is no such payment or it is somebody else's
        """
        partner = request.env.user.partner_id
        own = Domain("partner_id", "=", partner.id) | Domain(
            "paid_by_partner_id", "=", partner.id
        )
        Payment_sudo = request.env["account.payment"].sudo()  # sudo: own by the domain
        payment_sudo = Payment_sudo.search(
            own
            & Domain("id", "=", payment_id)
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "in", ("in_process", "paid")),
            limit=1,
        )
        if not payment_sudo:
            raise NotFound()
        Report_sudo = request.env["ir.actions.report"].sudo()  # sudo: own, see above
        content, kind = Report_sudo.with_company(
            payment_sudo.company_id
        )._render_qweb_pdf(
            "therapy_portal.action_report_receipt",
            [payment_sudo.id],
            data={"reader_id": partner.id},
        )
        name = f"{request.env._('Receipt')} {payment_sudo.name.replace('/', '-')}.pdf"
        mimetype = "application/pdf" if kind == "pdf" else "text/html"
        return request.make_response(
            content,
            headers=[
                ("Content-Type", mimetype),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
