"""Who is who: patients, payers, insurers and providers of a practice."""

from odoo.fields import Domain

from odoo.addons.therapy_billing.tools import rows as rows_tool


def patient_key(last, first, birthdate):
    """Return what identifies a patient.

    >>> from datetime import date
    >>> patient_key("O'Neill", " Omar ", date(1998, 6, 26))
    ("o'neill", 'omar', datetime.date(1998, 6, 26))

    :param str last: last name
    :param str first: first name
    :param date birthdate: date of birth
    :return: the key
    :rtype: tuple
    """
    return rows_tool.fold(last), rows_tool.fold(first), birthdate


def stored_key(patient):
    """Return what identifies a patient who is there already.

    :param patient: a `res.partner`; one without first and last name goes by the name
    :return: the key, as of :func:`patient_key`
    :rtype: tuple
    """
    last, first = patient.therapy_last_name, patient.therapy_first_name
    if not last and not first:
        first, _blank, last = (patient.name or "").rpartition(" ")
    return patient_key(last, first, patient.birthdate)


class People:
    """Index of the partners that a file may name; read once per import."""

    def __init__(self, env, company):
        """Read the partners of the practice.

        :param env: the environment
        :param company: the practice, a `res.company`
        """
        self.env = env
        self.company = company
        in_company = Domain("company_id", "in", [False, company.id])
        Partner = env["res.partner"]
        patients = Partner.search(in_company & Domain("is_patient", "=", True))
        self.patients = {}
        for patient in patients.sorted("id", reverse=True):
            self.add_patient(patient)
        insurers = Partner.search(in_company & Domain("is_insurer", "=", True))
        self.insurers = {
            rows_tool.fold(insurer.name): insurer
            for insurer in insurers.sorted("id", reverse=True)
        }
        providers = Partner.search(in_company & Domain("is_provider", "=", True))
        self.providers = {}
        for provider in providers.sorted("id", reverse=True):
            self.add_provider(provider)

    def add_patient(self, patient):
        """Remember a patient.

        :param patient: a `res.partner`
        """
        self.patients[stored_key(patient)] = patient

    def add_provider(self, provider):
        """Remember a provider by NPI and by name.

        :param provider: a `res.partner`
        """
        self.providers[rows_tool.fold(provider.name)] = provider
        if provider.npi:
            self.providers[provider.npi] = provider

    def search_by_email(self, addresses):
        """Return the people, not insurers, with one of these e-mail addresses.

        :param addresses: normalized addresses
        :return: lists of `res.partner` by address, oldest first
        :rtype: dict
        """
        found = {}
        partners = self.env["res.partner"].search(
            [
                ("email_normalized", "in", list(addresses)),
                ("is_insurer", "=", False),
                ("company_id", "in", [False, self.company.id]),
            ],
            order="id",
        )
        for partner in partners:
            found.setdefault(partner.email_normalized, []).append(partner)
        return found
