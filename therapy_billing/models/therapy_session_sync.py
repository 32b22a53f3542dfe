from datetime import datetime, timezone

import psycopg2

from odoo import Command, api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.therapy_billing.importers.people import patient_key, stored_key
from odoo.addons.therapy_billing.tools import clock, errors, rows

#: What a session and a patient may say, and of which kind it is.
KEYS = {
    "external_id": (str, int),
    "patient": (int, dict),
    "provider": (int, str),
    "start": (str,),
    "state": (str,),
    "services": (list,),
}
PATIENT_KEYS = dict.fromkeys(("last_name", "first_name", "birthdate"), (str,))
#: What a session must say.
NEEDED = ("external_id", "patient", "start")


class TherapySession(models.Model):
    """Sessions of another program, over Odoo's external API (docs/external-api.md)."""

    _inherit = "therapy.session"

    @api.model
    def therapy_sync(self, sessions):
        """Create or update sessions by their external IDs; idempotent.

        Each session stands for itself: what is wrong with one is said in its result,
        and nothing of it is kept. Only what a session names is changed.

        :param list sessions: dicts with `external_id`, `patient` (id, or
            `last_name`, `first_name`, `birthdate`), `start` (ISO 8601; without an
            offset it is the practice's time), and maybe `provider` (id, NPI or name),
            `state`, `services` (`code`, `minutes`, `units`, `modifiers`, `pos`)
        :return: for each, in order: `external_id`, `id`, `result` (created, updated,
            unchanged, rejected) and `reason`
        :rtype: list[dict]
        :raise AccessError: if the user may not write sessions
        """
        self.check_access("create")
        if not isinstance(sessions, list):
            raise UserError(self.env._("Send a list of sessions."))
        return [self._sync_safely(values) for values in sessions]

    def _sync_safely(self, values) -> dict:
        """Create or update one session, or nothing.

        :param dict values: the session as it was sent
        :return: its result
        :rtype: dict
        """
        number = isinstance(values, dict) and values.get("external_id")
        result = {"external_id": number or False, "id": False}
        try:
            with self.env.cr.savepoint():
                session, word = self._sync_one(values)
                self.env.flush_all()
        except AccessError:
            raise
        except (UserError, psycopg2.IntegrityError, psycopg2.DataError) as error:
            self.env.invalidate_all()
            reason = errors.describe(self.env, error)
            return {**result, "result": "rejected", "reason": reason}
        return {**result, "id": session.id, "result": word, "reason": ""}

    def _sync_one(self, values):
        """Create or update one session.

        :param dict values: the session as it was sent
        :return: (the session, created, updated or unchanged)
        :rtype: tuple
        :raise UserError: with what is wrong
        """
        values = self._sync_read(values, KEYS, NEEDED)
        number = str(values["external_id"])
        session = self.search(
            [("external_id", "=", number), ("company_id", "=", self.env.company.id)]
        )
        vals = self._sync_prepare(values)
        services = [self._sync_service(line) for line in values.get("services") or ()]
        if not session:
            lines = [Command.create(line) for line in services]
            vals |= {"external_id": number, "line_ids": lines}
            return self.create([vals]), "created"
        changed = {
            name: value
            for name, value in vals.items()
            if session._fields[name].convert_to_write(session[name], session) != value
        }
        commands = session._sync_compare(services) if "services" in values else []
        if commands:
            # In one write, so that the fee of a new state is counted from the new
            # services.
            changed["line_ids"] = commands
        if not changed:
            return session, "unchanged"
        session._check_not_locked()
        session.write(changed)
        session.invalidate_recordset(["line_ids"])  # their order may be another one
        return session, "updated"

    def _sync_read(self, values, allowed, needed) -> dict:
        """Return what was sent; refuse what is not understood, rather than drop it.

        :param dict values: what was sent; nothing (null) is as if it were not named
        :param dict allowed: kinds by name that may be there
        :param needed: names that must be there
        :return: the values that say something
        :rtype: dict
        :raise UserError: with the name
        """
        if not isinstance(values, dict):
            raise UserError(self.env._("This is not a set of names and values."))
        if unknown := sorted(map(str, set(values) - set(allowed))):
            raise UserError(self.env._("Unknown: %(names)s.", names=", ".join(unknown)))
        # XML-RPC has no null: its clients send False.
        named = {
            name: value
            for name, value in values.items()
            if value is not None and value is not False
        }
        if missing := [name for name in needed if not named.get(name)]:
            raise UserError(self.env._("Missing: %(names)s.", names=", ".join(missing)))
        for name, value in named.items():
            if isinstance(value, bool) or not isinstance(value, allowed[name]):
                raise UserError(
                    self.env._(
                        "This is no %(name)s: %(value)s", name=name, value=str(value)
                    )
                )
        return named

    def _sync_prepare(self, values) -> dict:
        """Return the values of a session, without its services.

        :param dict values: the session as it was sent
        :return: values of a `therapy.session`
        :rtype: dict
        :raise UserError: with what is wrong
        """
        vals = {
            "patient_id": self._sync_patient(values["patient"]).id,
            "start": self._sync_start(values["start"]),
        }
        if values.get("provider"):
            vals["provider_id"] = self._sync_provider(values["provider"]).id
        if values.get("state"):
            states = dict(self._fields["state"].selection)
            if values["state"] not in states:
                raise UserError(
                    self.env._(
                        "Unknown state: %(state)s. Known are %(known)s.",
                        state=values["state"],
                        known=", ".join(states),
                    )
                )
            vals["state"] = values["state"]
        return vals

    def _sync_start(self, text) -> datetime:
        """Return the start of a session.

        :param str text: ISO 8601, with or without an offset
        :return: naive UTC datetime, without seconds' fractions
        :rtype: datetime
        :raise UserError: if there is no such moment
        """
        try:
            moment = datetime.fromisoformat(text).replace(microsecond=0)
            if moment.tzinfo:
                return moment.astimezone(timezone.utc).replace(tzinfo=None)
            return clock.to_utc(moment, self.env.company.therapy_tz)
        except (ValueError, OverflowError):
            raise UserError(
                self.env._("Impossible start: %(text)s", text=text)
            ) from None

    def _sync_patient(self, who):
        """Return the patient.

        :param who: id, or a dict of last_name, first_name, birthdate
        :return: one `res.partner`
        :raise UserError: if there is not exactly one
        """
        Partner = self.env["res.partner"]
        domain = self._sync_get_people_domain() & Domain("is_patient", "=", True)
        if isinstance(who, dict):
            who = self._sync_read(who, PATIENT_KEYS, tuple(PATIENT_KEYS))
            try:
                birthdate = rows.parse_date(who["birthdate"])
            except ValueError as error:
                raise UserError(
                    self.env._("Impossible date of birth: “%(text)s”", text=str(error))
                ) from None
            key = patient_key(who["last_name"], who["first_name"], birthdate)
            found = Partner.search(domain & Domain("birthdate", "=", birthdate))
            found = found.filtered(lambda patient: stored_key(patient) == key)
        else:
            found = Partner.search(domain & Domain("id", "=", who))
        if len(found) != 1:
            raise UserError(self.env._("No patient, or several, are called this."))
        return found

    def _sync_provider(self, who):
        """Return the rendering provider.

        :param who: id, NPI or name
        :return: one `res.partner`
        :raise UserError: if there is not exactly one
        """
        Partner = self.env["res.partner"]
        domain = self._sync_get_people_domain() & Domain("is_provider", "=", True)
        if isinstance(who, int):
            found = Partner.search(domain & Domain("id", "=", who))
        else:
            found = Partner.search(domain & Domain("npi", "=", who))
        if not found and isinstance(who, str):
            found = Partner.search(domain).filtered(
                lambda provider: rows.fold(provider.name) == rows.fold(who)
            )
        if len(found) != 1:
            raise UserError(
                self.env._("No provider, or several: %(who)s", who=str(who))
            )
        return found

    def _sync_get_people_domain(self):
        """Return the domain of the people whom the practice may know.

        :return: the domain
        :rtype: Domain
        """
        return Domain("company_id", "in", [False, self.env.company.id])
