from .common import TherapyStripeCommon


class ChargeRunCommon(TherapyStripeCommon):
    """A biller who charges many bills at once, at a pace that tests can wait for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.therapy_charge_rate = 100

    def _create_run(self, bills, **vals):
        action = bills.with_user(self.biller).action_therapy_charge_run()
        run = self.env["therapy.charge.run"].browse(action["res_id"])
        run.write(vals)
        return run

    def _work(self, run):
        run.with_user(self.biller).action_start()
        self.env["therapy.charge.run"]._cron_charge()
        self.env.invalidate_all()

    def _charge_bills(self, bills, **vals):
        run = self._create_run(bills, **vals)
        self._work(run)
        return run

    def _create_bills(self, count, amount=100.0):
        bills = self.env["account.move"]
        for number in range(count):
            bills |= self._create_bill(amount + number)
        return bills

    def _run_job(self):
        self.env["therapy.charge.run"]._cron_charge()
        self.env.invalidate_all()
