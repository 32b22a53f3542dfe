from werkzeug.exceptions import NotFound

from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.http import request, route
from odoo.tools import email_normalize

from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.therapy_billing.models.therapy_change_request import KINDS

from .family import PAGE, PAGE_SIZE
from .pay import PUBLIC_PAGE
from .portal import PortalAccount

POST = {"type": "http", "auth": "user", "methods": ["POST"], "website": True}


class TherapyRequests(PortalAccount):
    """What payers ask the practice to change, and their billing contact."""

    # === REQUESTS === #

    @route(["/my/therapy/requests", "/my/therapy/requests/page/<int:page>"], **PAGE)
    def therapy_requests(self, page=1, **kwargs):
        """Show the own requests with state and answer.

        :param int page: page of the list
        :return: the page
        """
        Request_sudo, domain = self._therapy_get_own_requests()
        pager = portal_pager(
            url="/my/therapy/requests",
            total=Request_sudo.search_count(domain),
            page=max(page, 1),
            step=PAGE_SIZE,
        )
        values = {
            **self._prepare_portal_layout_values(),
            "requests": Request_sudo.search(
                domain, limit=PAGE_SIZE, offset=pager["offset"]
            ),
            "pager": pager,
            "page_name": "therapy_requests",
        }
        return request.render("therapy_portal.portal_therapy_requests", values)

    @route("/my/therapy/requests/new", **PAGE)
    def therapy_request_new(self, kind="other", **kwargs):
        """Show the form of a new request.

        :param str kind: what is asked for, chosen beforehand
        :return: the page
        """
        return self._therapy_render_request({"kind": kind})

    @route("/my/therapy/requests/create", **POST)
    def therapy_request_create(self, kind="", text="", patient="", amount="", **kwargs):
        """Store a request.

        :param str kind: what is asked for
        :param str text: in the payer's words
        :param str patient: id of a patient of the family, or empty
        :param str amount: for money back, as typed; may be empty
        :return: redirection to the list, or the form again with the reason
        """
        typed = {"kind": kind, "text": text, "patient": patient, "amount": amount}
        env, partner = request.env, request.env.user.partner_id
        currency = env.company.currency_id
        value = 0.0
        if kind == "refund" and amount.strip():
            value = self._therapy_read_amount(currency, amount)
        if kind not in dict(KINDS) or not text.strip():
            error = env._("Choose what you need and tell us in a few words.")
            return self._therapy_render_request(typed, error)
        if value is None:
            return self._therapy_render_request(
                typed,
                env._(
                    "Type an amount like %(example)s.",
                    example=self._therapy_write_amount(currency, 25),
                ),
            )
        patients = partner._therapy_get_portal_patients()
        chosen = patients.filtered(lambda record: str(record.id) == patient)
        Request_sudo = env["therapy.change.request"].sudo()  # sudo: payers may not
        try:
            with env.cr.savepoint():
                Request_sudo.create(
                    {
                        "partner_id": partner.id,
                        "patient_id": chosen.id,
                        "kind": kind,
                        "text": text.strip(),
                        "amount": value,
                        "company_id": env.company.id,
                    }
                )
        except ValidationError as error:
            return self._therapy_render_request(typed, str(error))
        return request.redirect("/my/therapy/requests?sent=1", code=303, local=True)

    @route("/my/therapy/requests/<int:request_id>", **PAGE)
    def therapy_request(self, request_id, **kwargs):
        """Show one own request with its answer.

        :param int request_id: the request
        :return: the page
        :raise NotFound: if there is no such request or it is somebody else's
        """
        Request_sudo, domain = self._therapy_get_own_requests()
        record = Request_sudo.search(Domain("id", "=", request_id) & domain, limit=1)
        if not record:
            raise NotFound()
        values = {
            **self._prepare_portal_layout_values(),
            "record": record,
            "page_name": "therapy_request",
        }
        return request.render("therapy_portal.portal_therapy_request", values)

    def _therapy_get_own_requests(self):
        """Return the model of requests in sudo mode, and the domain of the own ones.

        :rtype: tuple
        """
        Request_sudo = request.env["therapy.change.request"].sudo()  # sudo: own only
        return Request_sudo, Domain("partner_id", "=", request.env.user.partner_id.id)

    def _therapy_render_request(self, typed, error=""):
        """Render the form of a request.

        :param dict typed: what was typed
        :param str error: why it was refused
        :return: response
        """
        Request_sudo = request.env["therapy.change.request"].sudo()  # sudo: labels only
        selection = Request_sudo._fields["kind"]
        values = {
            **self._prepare_portal_layout_values(),
            "typed": typed,
            "error": error,
            "kinds": selection._description_selection(request.env),
            "patients": request.env.user.partner_id._therapy_get_portal_patients(),
            "page_name": "therapy_request_new",
        }
        return request.render("therapy_portal.portal_therapy_request_new", values)

    # === BILLING CONTACT === #

    @route("/my/therapy/contact", **PAGE)
    def therapy_contact(self, **kwargs):
        """Show whom the practice writes to about the bills.

        :return: the page
        """
        return self._therapy_render_contact()

    @route("/my/therapy/contact/save", **POST)
    def therapy_contact_save(self, name="", email="", phone="", **kwargs):
        """Store the billing contact; a new e-mail waits for the old address's word.

        :param str name: name of the contact
        :param str email: e-mail of the contact
        :param str phone: phone of the contact
        :return: the page with what happened
        """
        env, partner_sudo = request.env, request.env.user.partner_id.sudo()  # sudo: own
        typed = {"name": name, "email": email, "phone": phone}
        new = email_normalize(email or "")
        if not new or "." not in new.partition("@")[2]:
            error = env._("This is not an e-mail address.")
            return self._therapy_render_contact(typed, error)
        if len(name) > 100 or len(phone) > 40:
            return self._therapy_render_contact(typed, env._("That is too long."))
        old = partner_sudo._therapy_get_bill_email()
        notice = env._("Saved.")
        changed = (
            name.strip() != (partner_sudo.therapy_contact_name or ""),
            phone.strip() != (partner_sudo.therapy_contact_phone or ""),
        )
        try:
            with env.cr.savepoint():
                if any(changed):
                    partner_sudo.write(
                        {
                            "therapy_contact_name": name.strip(),
                            "therapy_contact_phone": phone.strip(),
                        }
                    )
                    partner_sudo.message_post(
                        body=env._("The payer changed the billing contact.")
                    )
                if new != old:
                    notice = self._therapy_change_email(partner_sudo, old, new)
        except ValidationError as error:
            return self._therapy_render_contact(typed, str(error))
        return self._therapy_render_contact(notice=notice)

    def _therapy_change_email(self, partner_sudo, old, new):
        """Start the change of a billing e-mail.

        :param partner_sudo: the payer
        :param str old: present address, empty if there is none
        :param str new: new address
        :return: what to tell the payer
        :rtype: str
        """
        env = request.env
        if not old:
            partner_sudo.therapy_contact_email = new
            return env._("Saved. Bills go to %(email)s now.", email=new)
        env["therapy.contact.change"]._therapy_start(partner_sudo, new)
        return env._(
            "We have sent a message to %(old)s. Bills go to the new address once it is "
            "confirmed there. No access to that address any more? Send us a request.",
            old=old,
        )

    def _therapy_render_contact(self, typed=None, error="", notice=""):
        """Render the billing contact.

        :param dict typed: what was typed, if it was refused
        :param str error: why
        :param str notice: what was done
        :return: response
        """
        partner_sudo = request.env.user.partner_id.sudo()  # sudo: own contact
        Change_sudo = request.env["therapy.contact.change"].sudo()  # sudo: own only
        email = partner_sudo._therapy_get_bill_email()
        waiting = Change_sudo.search(
            [
                ("partner_id", "=", partner_sudo.id),
                ("state", "=", "waiting"),
                ("old_email", "=", email),
            ],
            limit=1,
        )
        values = {
            **self._prepare_portal_layout_values(),
            "contact": typed
            or {
                "name": partner_sudo.therapy_contact_name or partner_sudo.name,
                "email": email,
                "phone": partner_sudo.therapy_contact_phone or partner_sudo.phone or "",
            },
            "other_emails": ", ".join(partner_sudo._therapy_get_other_bill_emails()),
            "waiting": waiting,
            "error": error,
            "notice": notice,
            "page_name": "therapy_contact",
        }
        return request.render("therapy_portal.portal_therapy_contact", values)

    # === CONFIRMATION BY THE OLD ADDRESS === #

    @route("/my/contact/confirm/<string:token>", **{**PUBLIC_PAGE, "methods": ["GET"]})
    def therapy_contact_confirm(self, token, **kwargs):
        """Ask for the word; opening the link changes nothing (mail scanners open it).

        :param str token: the secret of the link
        :return: the page
        """
        change_sudo = request.env["therapy.contact.change"]._therapy_find(token)
        return self._therapy_render_confirm(change_sudo, token)

    @route("/my/contact/confirm/<string:token>", **{**PUBLIC_PAGE, "methods": ["POST"]})
    def therapy_contact_confirmed(self, token, **kwargs):
        """Change the address.

        :param str token: the secret of the link
        :return: the page
        """
        change_sudo = request.env["therapy.contact.change"]._therapy_find(token)
        if change_sudo:
            change_sudo._therapy_confirm()
        return self._therapy_render_confirm(change_sudo, token, done=True)

    def _therapy_render_confirm(self, change_sudo, token, done=False):
        """Render the page of a confirmation link.

        :param change_sudo: the change, or none
        :param str token: the secret of the link
        :param bool done: whether it was confirmed just now
        :return: response
        """
        values = {"change": change_sudo, "token": token, "done": done}
        return self._therapy_render("therapy_portal.contact_confirm", values)

    @route()
    def portal_address_submit(self, partner_id=None, **form_data):
        """Override of `portal`: no browser says that its values need no check.

        :param str partner_id: the contact
        :param dict form_data: what was typed
        :return: what core returns
        """
        form_data.pop("verify_address_values", None)
        return super().portal_address_submit(partner_id=partner_id, **form_data)

    def _validate_address_values(self, address_values, partner_sudo, *args, **kwargs):
        """Override of `portal`: a payer's e-mail changes on the billing contact only.

        Core's address form would send all bills elsewhere without anybody's word.
        """
        invalid, missing, messages = super()._validate_address_values(
            address_values, partner_sudo, *args, **kwargs
        )
        new = email_normalize(address_values.get("email") or "")
        if (
            partner_sudo
            and partner_sudo._therapy_filter_payers()
            and "email" in address_values
            and new != email_normalize(partner_sudo.email or "")
            and partner_sudo.email
        ):
            invalid.add("email")
            messages.append(
                request.env._(
                    "Change the e-mail address for bills under My bills > Billing "
                    "contact."
                )
            )
        return invalid, missing, messages
