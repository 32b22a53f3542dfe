"""Driving the screens: a thin layer over Playwright for Odoo's web client."""

import json
import re
import time
import urllib.request
from contextlib import contextmanager

from playwright.sync_api import Error, expect, sync_playwright

expect.set_options(timeout=60_000)
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# What the browser may complain about: nothing.
TOLERATED = ()


class Browser:
    """One Chromium; people with cookies of their own; numbered screenshots."""

    def __init__(self, info, shots):
        self.info, self.shots = info, shots
        self.count = 0
        self.complaints, self.pages = [], []

    @contextmanager
    def open(self):
        """Keep Chromium running for the length of the block."""
        self.shots.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            self.chromium = playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(ARGUMENTS)
            )
            try:
                yield self
            finally:
                self.chromium.close()

    def person(self, *, phone=False):
        """Return a page in a new profile: nobody is logged in."""
        context = self.chromium.new_context(
            base_url=self.info["odoo"],
            viewport=PHONE if phone else DESKTOP,
            locale="en-US",
            timezone_id="America/New_York",
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        self.pages.append(page)
        _count_requests(page)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, message):
        if message.type == "error" and not any(
            re.search(pattern, message.text) for pattern in TOLERATED
        ):
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def login(self, page, login, password):
        """Log in through the login page."""
        page.goto("/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password)
        page.click("form.oe_login_form button[type=submit]")
        page.wait_for_url(re.compile(r"/(odoo|my|web(?!/login))"))
        return page

    def shoot(self, page, name):
        """Save a picture of the page."""
        self.count += 1
        page.screenshot(
            path=self.shots / f"{self.count:02d}-{name}.png", full_page=True
        )

    def shoot_all(self, name):
        """Save a picture of every open page: a step broke."""
        for page in self.pages:
            if not page.is_closed():
                self.shoot(page, name)

    def mails(self):
        """Return every mail the practice sent, oldest first."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.info['mail']}/messages.json", timeout=10) as answer:
            return json.load(answer)

    def wait_for_mail(self, recipient, subject="", known=0, seconds=30):
        """Return the first mail to a recipient after the first ``known`` mails."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for mail in self.mails()[known:]:
                if (
                    recipient.lower() in mail["to"].lower()
                    and subject in mail["subject"]
                ):
                    return mail
            time.sleep(0.3)
        raise AssertionError(f"no mail to {recipient} within {seconds} s")

    def attachment(self, mail, index=0):
        """Return the bytes of a mail's attachment."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        url = f"{self.info['mail']}/{mail['id']}/attachment/{index}"
        with opener.open(url, timeout=10) as answer:
            return answer.read()


def _count_requests(page):
    """Keep the addresses of calls that wait for an answer in ``page.under_way``."""
    page.under_way = set()

    def begin(request):
        if request.resource_type in ("xhr", "fetch"):
            page.under_way.add(request.url)

    def end(request):
        page.under_way.discard(request.url)

    page.on("request", begin)
    page.on("response", lambda response: end(response.request))
    page.on("requestfinished", end)
    page.on("requestfailed", end)
    page.on("framenavigated", lambda frame: page.under_way.clear())


def backend(page, path):
    """Open a screen of the back office and wait until it is drawn."""
    page.goto(f"/odoo/{path}")
    page.wait_for_selector(".o_action_manager .o_view_controller, .o_content")
    idle(page)


def goto(page, path):
    """Open a page, also while another one is still on its way."""
    for _attempt in range(3):
        try:
            return page.goto(path)
        except Error as error:
            if "interrupted" not in str(error):
                raise
            page.wait_for_load_state()
    return page.goto(path)


def idle(page, quiet_ms=250):
    """Wait until the page has asked the server for nothing for a moment.

    Odoo's web client keeps a websocket, so Playwright's "networkidle" never comes.
    """
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        page.wait_for_timeout(quiet_ms)
        busy = page.locator(".o_blockUI, .o_loading_indicator").count()
        if not page.under_way and not busy:
            return
    raise AssertionError(
        f"the page does not come to rest: {sorted(page.under_way)[:3]}"
    )


def wait_for(question, seconds=30):
    """Wait until ``question()`` is true.

    :raise AssertionError: it is not, in time.
    """
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            raise AssertionError(f"still waiting after {seconds} s")
        time.sleep(0.3)


def button(page, name):
    """Press a form's button by its method name and wait for what it does.

    Rare buttons stand in the menu "More".
    """
    wanted = page.locator(f"button[name='{name}']:visible")
    more = page.locator(".o_therapy_more_toggle:visible")
    wanted.or_(more).first.wait_for()
    if not wanted.count():
        more.first.click()
    wanted.first.click()
    idle(page)


def fill_field(page, name, value):
    """Type into a form field by its technical name.

    A date that has a value is a button; pressing it makes it a field.
    """
    field = page.locator(f".o_field_widget[name='{name}']").first
    field.wait_for()
    if not field.locator("input, textarea").count():
        field.locator("button").first.click()
    box = field.locator("input, textarea").first
    box.fill(str(value))
    box.press("Tab")


def pick(page, name, value):
    """Choose a record in a many-to-one field by typing its name."""
    box = page.locator(f".o_field_widget[name='{name}'] input").first
    box.click()
    box.fill(value)
    page.locator(".o-autocomplete--dropdown-item", has_text=value).first.click()
    idle(page)


def select(page, name, label):
    """Choose a value of a selection field by its label.

    Odoo draws it as a native select or as a menu, by the field's widget.
    """
    field = page.locator(f".o_field_widget[name='{name}']").first
    if field.locator("select").count():
        field.locator("select").select_option(label=label)
    elif field.locator("input[type=radio]").count():
        field.get_by_label(label, exact=True).check()
    else:
        field.locator("input").first.click()
        page.locator(
            ".o_select_menu_item, .dropdown-item", has_text=label
        ).first.click()
    idle(page)


def text_of(page, name):
    """Return the text or value of a field on a form."""
    field = page.locator(f".o_field_widget[name='{name}']").first
    inputs = field.locator("input")
    return inputs.first.input_value() if inputs.count() else field.inner_text()


__all__ = [
    "Browser", "backend", "button", "expect", "fill_field", "goto", "idle", "pick",
    "select", "text_of", "wait_for",
]  # fmt: skip
