"""payers.csv: creates patients with their guarantors and coverages."""

from odoo.addons.therapy_billing.tools import rows as rows_tool

from .base import Rejected
from .payers_rows import PayersParser
from .people import People


class PayersImporter(PayersParser):
    """Reads patients with their guarantors and coverages.

    A patient known with other shares or another copay is left as it is: who pays
    what is changed on the patient, by a person.
    """

    def read_rows(self, rows):
        """Read the payers. See :meth:`Importer.read_rows`."""
        results = [self._new_result(row) for row in rows]
        by_patient = {}
        for result in results:
            try:
                payer = self._parse_row(result)
            except Rejected as rejected:
                result.reject(str(rejected))
                continue
            family = by_patient.setdefault(payer.patient, {})
            if first := family.get(payer.identity):
                self._read_again(result, first, payer)
            else:
                family[payer.identity] = payer
        self.people = People(self.env, self.company)
        families = [list(family.values()) for family in by_patient.values()]
        self._find_patients(families)
        self._find_insurers(families)
        self._find_guarantors(families)
        self._create_links([f for f in families if self._is_new(f)])
        return results

    # === PEOPLE === #

    def _find_patients(self, families):
        """Find or create the patients.

        :param list families: lists of `Payer`, one per patient
        """
        emails = {
            payer.email
            for family in families
            for payer in family
            if payer.role == "self" and payer.email
        }
        known_payers = self.people.search_by_email(emails)
        new = []
        for family in families:
            head = family[0]
            if head.patient in self.people.patients:
                continue
            vals = self._prepare_patient_vals(family)
            same = [
                partner
                for partner in known_payers.get(vals.get("email"), [])
                if rows_tool.fold(partner.name) == rows_tool.fold(vals["name"])
                and not partner.is_patient
            ]
            results = [payer.result for payer in family]
            if same:
                if self.update_record(same[0], vals, results):
                    self.people.patients[head.patient] = same[0]
            else:
                new.append(({**vals, "company_id": self.company.id}, results))
        for patient in self.create_records("res.partner", new):
            if patient:
                self.people.add_patient(patient)

    def _prepare_patient_vals(self, family):
        """Return the values of a patient.

        :param list family: the patient's payers
        :return: values of a `res.partner`
        :rtype: dict
        """
        head = family[0]
        vals = {
            "name": f"{head.first} {head.last}",
            "therapy_last_name": head.last,
            "therapy_first_name": head.first,
            "birthdate": head.birthdate,
            "is_patient": True,
        }
        for payer in family:
            if payer.role == "self" and payer.email:
                vals["email"] = payer.email
        return vals

    def _find_insurers(self, families):
        """Find or create the insurers, by name.

        :param list families: lists of `Payer`, one per patient
        """
        rows = [p for family in families for p in family if p.role == "insurer"]
        new = {}
        for payer in rows:
            key = rows_tool.fold(payer.name)
            if key not in self.people.insurers:
                vals = {"name": payer.name, "is_insurer": True, "is_company": True}
                new.setdefault(key, (vals, []))[1].append(payer.result)
        created = self.create_records("res.partner", list(new.values()))
        self.people.insurers.update(zip(new, created, strict=True))
        for payer in rows:
            payer.partner = self.people.insurers[rows_tool.fold(payer.name)]

    def _find_guarantors(self, families):
        """Find or create the people who pay, by e-mail address.

        :param list families: lists of `Payer`, one per patient
        """
        rows = [p for f in families for p in f if p.role in ("guardian", "other")]
        known = self.people.search_by_email({p.email for p in rows if p.email})
        new = {}
        for payer in rows:
            payer.partner = self._match_guarantor(payer, known)
            if not payer.partner:
                # Without an address a payer is known within the family only.
                key = payer.email or (payer.patient, payer.identity)
                vals = {
                    "name": payer.name,
                    "email": payer.email or False,
                    "company_id": self.company.id,
                }
                new.setdefault(key, (vals, [], []))
                new[key][1].append(payer.result)
                new[key][2].append(payer)
        created = self.create_records(
            "res.partner", [(v, r) for v, r, _p in new.values()]
        )
        for partner, (_vals, _results, payers) in zip(
            created, new.values(), strict=True
        ):
            for payer in payers:
                payer.partner = partner
                self._compare_name(payer)
        for family in families:
            for payer in family:
                if payer.role == "self":
                    payer.partner = self.people.patients.get(payer.patient)

    def _match_guarantor(self, payer, known):
        """Return the known person of a row, if any.

        An address that belongs to a patient of another name (a child, say) does not
        make the patient the payer.

        :param Payer payer: the row
        :param dict known: lists of partners by address
        :return: a `res.partner` or None
        """
        same_name = rows_tool.fold(payer.name)
        candidates = known.get(payer.email, []) if payer.email else []
        if not payer.email:
            patient = self.people.patients.get(payer.patient)
            links = patient.guarantor_ids if patient else []
            candidates = [
                link.partner_id
                for link in links
                if rows_tool.fold(link.partner_id.name) == same_name
            ]
        for partner in candidates:
            if rows_tool.fold(partner.name) == same_name:
                return partner
        for partner in candidates:
            if not partner.is_patient:
                payer.partner = partner
                self._compare_name(payer)
                return partner
        return None

    def _compare_name(self, payer):
        """Warn when the payer found by e-mail has another name.

        :param Payer payer: the row, with its partner
        """
        name = payer.partner and payer.partner.name
        if name and rows_tool.fold(name) != rows_tool.fold(payer.name):
            payer.result.warn(
                self._("This e-mail address belongs to %(name)s.", name=name)
            )

    # === GUARANTORS AND COVERAGES === #

    def _is_new(self, family):
        """Tell whether a patient has no payers yet; otherwise judge the rows.

        :param list family: the patient's payers
        :return: whether guarantors and coverages are to be created
        :rtype: bool
        """
        family[:] = [payer for payer in family if payer.partner]
        patient = family and self.people.patients.get(family[0].patient)
        if not patient:
            return False
        guarantors = patient.guarantor_ids.filtered(
            lambda row: row.company_id == self.company
        )
        coverages = patient.coverage_ids.filtered(
            lambda row: row.company_id == self.company
        )
        if not guarantors and not coverages:
            return True
        stored = {(row.partner_id, f"{row.percent:.2f}") for row in guarantors} | {
            (row.insurer_id, f"{row.copay:.2f}") for row in coverages
        }
        for payer in family:
            value = payer.copay if payer.role == "insurer" else payer.percent
            if payer.result.state == "rejected":
                continue
            if (payer.partner, f"{value:.2f}") in stored:
                payer.result.unchanged()
            else:
                payer.result.reject(
                    self._(
                        "The patient is there with other payers; change them on the "
                        "patient."
                    )
                )
        return False

    def _create_links(self, families):
        """Create guarantors and coverages of new patients.

        :param list families: lists of `Payer`, one per patient
        """
        guarantors, coverages = [], []
        for family in families:
            patient = self.people.patients[family[0].patient]
            sequences = {True: 0, False: 0}
            for payer in family:
                insured = payer.role == "insurer"
                sequences[insured] += 10
                vals = {
                    "patient_id": patient.id,
                    "sequence": sequences[insured],
                    "company_id": self.company.id,
                }
                if insured:
                    vals.update(insurer_id=payer.partner.id, copay=float(payer.copay))
                    coverages.append((vals, [payer.result]))
                else:
                    vals.update(
                        partner_id=payer.partner.id,
                        role=payer.role,
                        percent=float(payer.percent),
                    )
                    guarantors.append((vals, [payer.result]))
            self._check_shares(family)
        self.create_records("therapy.guarantor", guarantors)
        self.create_records("therapy.coverage", coverages)

    def _check_shares(self, family):
        """Warn when the shares of a patient do not add up.

        :param list family: the patient's payers
        """
        people = [payer for payer in family if payer.percent is not None]
        total = sum(payer.percent for payer in people)
        if total != 100:
            for payer in people or family:
                payer.result.warn(
                    self._(
                        "The guarantors' shares add up to %(total)s percent, not 100: "
                        "the patient's sessions cannot be billed.",
                        total=f"{total:g}",
                    )
                )
        insurers = [payer for payer in family if payer.role == "insurer"]
        for payer in insurers[1:]:
            payer.result.warn(
                self._("This insurer is asked after the one before has answered.")
            )
