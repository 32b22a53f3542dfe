"""remittances.csv: what insurers paid, and what they say about each claim."""

from .remittances_reader import RemittancesReader


class RemittancesImporter(RemittancesReader):
    """Reads remittances into drafts; somebody looks at them and posts them."""

    def _store(self, groups):
        """Create the remittances, and the lines that are not there yet.

        :param dict groups: rows by (insurer, trace number)
        """
        known = self._get_known(groups)
        new = [key for key in groups if key not in known]
        created = self.create_records(
            "therapy.remittance",
            [
                (
                    {
                        "partner_id": groups[key][0].insurer.id,
                        "trace": groups[key][0].trace,
                        "date": groups[key][0].day,
                        "amount": float(groups[key][0].total),
                        "company_id": self.company.id,
                    },
                    [answer.result for answer in groups[key]],
                )
                for key in new
            ],
        )
        known |= dict(zip(new, created, strict=True))
        lines, extras = [], []
        for key, group in groups.items():
            remittance = known[key]
            for answer in group:
                if not remittance or self._is_there(answer, remittance):
                    continue
                vals = {"remittance_id": remittance.id, **answer.vals}
                if answer.service:
                    vals["session_line_id"] = answer.service.id
                    vals["session_id"] = answer.service.session_id.id
                target = lines if answer.service else extras
                target.append((vals, [answer.result]))
        self.create_records("therapy.remittance.line", lines)
        self.create_records("therapy.remittance.extra", extras)

    def _get_known(self, groups) -> dict:
        """Return the remittances that are there already.

        :param dict groups: rows by (insurer, trace number)
        :return: `therapy.remittance` by (insurer, trace number)
        :rtype: dict
        """
        found = self.env["therapy.remittance"].search(
            [
                ("company_id", "=", self.company.id),
                ("trace", "in", [trace for _insurer, trace in groups]),
                ("state", "!=", "undone"),
            ]
        )
        return {(x.partner_id, x.trace): x for x in found}

    def _is_there(self, answer, remittance) -> bool:
        """Judge a row of a remittance that may be there already.

        :param Answer answer: the row
        :param remittance: the remittance
        :return: whether nothing is to be created for it
        :rtype: bool
        """
        currency, vals = self.company.currency_id, answer.vals
        other_head = remittance.date != answer.day or currency.compare_amounts(
            remittance.amount, float(answer.total)
        )
        if answer.service:
            names = ("charge", "paid")
            same = remittance.line_ids.filtered(
                lambda line: (
                    line.session_line_id == answer.service
                    and line.is_takeback == answer.key[1]
                )
            )
        else:
            names = ("amount",)
            same = remittance.extra_ids.filtered(
                lambda row: (
                    row.kind == vals["kind"]
                    and not currency.compare_amounts(row.amount, vals["amount"])
                )
            )[:1]
        if (
            same
            and not other_head
            and not any(
                currency.compare_amounts(same[name], vals[name]) for name in names
            )
        ):
            answer.result.unchanged()
        elif same or other_head:
            answer.result.reject(
                self._("The trace number is there already with other content.")
            )
        elif remittance.state == "posted":
            answer.result.reject(
                self._("The remittance is in the books already, without this row.")
            )
        else:
            return False
        return True
