"""What people do in a browser: pages, the payment form, the way back from the bank."""

import re

from lxml import html

from odoo.tools import mute_logger

HTTP_LOG = "odoo.http"


class Refused(Exception):
    """The server's answer to a call it refused, in its own words."""


class Browser:
    """One person's browser; several are open at the same time.

    :param story: the test
    :param str login: login, or nothing for a visitor
    """

    def __init__(self, story, login=None):
        self.story = story
        story.session = None  # Or the session of the browser before would be ended.
        story.authenticate(login, login)
        self._opener, self._session = story.opener, story.session

    def _use(self):
        self.story.opener, self.story.session = self._opener, self._session

    # === REQUESTS === #

    def get(self, path, **kwargs):
        """Open a page and return the answer."""
        self._use()
        return self.story.url_open(path, timeout=30, **kwargs)

    def post(self, path, data):
        """Send a form and return the page that follows."""
        self._use()
        return self.story.url_open(path, data=data, timeout=30)

    def call(self, route, **params):
        """Make a JSON-RPC call as the pages' scripts do.

        :raise Refused: with the server's message
        """
        self._use()
        body = {"jsonrpc": "2.0", "method": "call", "id": 0, "params": params}
        url = route if route.startswith("http") else self.story.base_url() + route
        answer = self._opener.post(url, json=body, timeout=30)
        answer.raise_for_status()
        if "error" in answer.json():
            raise Refused(answer.json()["error"]["data"]["message"])
        return answer.json().get("result")

    def model(self, model, method, ids, *args, **kwargs):
        """Call a method of a model as the web client does."""
        return self.call(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=[ids, *args],
            kwargs=kwargs,
        )

    def refusal(self, function, *args, **kwargs):
        """Do something that is refused, and return the words of the refusal."""
        with mute_logger(HTTP_LOG), self.story.assertRaises(Refused) as caught:
            function(*args, **kwargs)
        return str(caught.exception)

    # === PAYING === #

    def look_up(self, number, code):
        """Type a bill's number and access code at /pay; return the page after it."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/pay").text)
        return self.post(
            "/pay",
            {
                "csrf_token": token.group(1),
                "bill_number": number,
                "access_code": code,
            },
        )

    def open_form(self, path):
        """Open a page with core's payment form."""
        return PaymentForm(self, self.get(path))

    def pay_new_card(self, form, card="pm_card_visa", **values):
        """Type a card into the form, confirm it, come back; return the last page."""
        started = form.submit(**values)
        return self.confirm(started, card)

    def confirm(self, started, card="pm_card_visa"):
        """Confirm a payment that was started with a card, and come back.

        :param dict started: answer of the transaction route
        """
        tx = self.story.find_transaction(started)
        intent = self.story._confirm(tx, card)
        return self.come_back(started, intent)

    def come_back(self, started, intent):
        """Return from Stripe to the practice; return the page at the end."""
        kind = intent["object"]
        self.get(
            started["return_url"],
            params={
                kind: intent["id"],
                f"{kind}_client_secret": intent["client_secret"],
                "redirect_status": "succeeded",
            },
        )
        return self.wait()

    def wait(self):
        """Wait on the status page as its script does; return the page it leads to."""
        self.get("/payment/status")
        return self.get(self.call("/payment/status/poll")["landing_route"])


class PaymentForm:
    """Core's payment form on a page."""

    def __init__(self, browser, answer):
        self.browser, self.answer = browser, answer
        found = html.fromstring(answer.text).xpath("//form[@id='o_payment_form']")
        if not found:
            raise AssertionError(f"There is no payment form at {answer.url}")
        self.form = found[0]

    def options(self, kind):
        """Return the attributes of the saved cards or of the methods offered.

        :param str kind: token or payment_method
        """
        return [
            radio.attrib
            for radio in self.form.xpath(".//input[@name='o_payment_radio']")
            if radio.get("data-payment-option-type") == kind
        ]

    def submit(self, card=None, save=False, route=None, **forged):
        """Press the pay button, as core's script does.

        :param card: a saved card that the form offers
        :param bool save: whether to tick the box that keeps the card
        :param str route: another address than the form's
        :param forged: values that the page would not send
        :return: what the transaction route answers
        :rtype: dict
        """
        data = {name[5:]: value for name, value in self.form.attrib.items()}
        if card:
            [chosen] = [
                option
                for option in self.options("token")
                if int(option["data-payment-option-id"]) == card.id
            ]
        else:
            chosen = self.options("payment_method")[0]
        option = int(chosen["data-payment-option-id"])
        params = {
            "provider_id": int(chosen["data-provider-id"]),
            "payment_method_id": None if card else option,
            "token_id": option if card else None,
            "amount": float(data["amount"]) if data.get("amount") else None,
            "flow": "token" if card else "direct",
            "tokenization_requested": save,
            "landing_route": data["landing-route"],
            "is_validation": data.get("mode") == "validation",
        }
        if data.get("access-token"):
            params["access_token"] = data["access-token"]
        if data["transaction-route"] == "/payment/transaction":
            currency = data.get("currency-id")
            params["currency_id"] = int(currency) if currency else None
            params["partner_id"] = int(data["partner-id"])
        if data.get("payment-reference"):
            params["payment_reference"] = data["payment-reference"]
        params.update(forged)
        return self.browser.call(route or data["transaction-route"], **params)
