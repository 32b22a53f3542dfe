"""Pages in a real browser: axe-core on each of them, the keyboard, the console."""

import os
import resource
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
WIDTHS = (1280, 390)
CARD_FRAME = 'iframe[title="Secure payment input frame"]'
RULES = ["wcag2a", "wcag2aa"]
# The form of core's demo provider stands where a real one has its card fields. No
# practice uses it, and our addons do not know it.
NOT_OURS = [["[id^='demo-container']"], ["[id^='demo-token-container']"]]
RUN_AXE = """async ([rules, exclude]) => {
    const found = await axe.run(
        {include: [["html"]], exclude},
        {runOnly: rules, resultTypes: ["violations"]}
    );
    return found.violations.flatMap((one) => one.nodes.map((node) =>
        `${one.id}: ${node.html.slice(0, 160)} (${node.any.map((a) => a.message)})`));
}"""
FOCUS_IS_SEEN = """(box) => {
    const style = getComputedStyle(box);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


@contextmanager
def _memory_for_chromium():
    """Lift Odoo's limit of address space, which Chromium takes without using it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Pages:
    """One Chromium for all pages of a test.

    :param story: the test; it is logged in as whom the browser stands for
    """

    def __init__(self, story):
        self.story = story
        self.problems = []
        axe = os.environ.get("THERAPY_AXE")
        story.assertTrue(axe, "./setup/test stories names the file of axe-core.")
        self.axe = Path(axe).read_text(encoding="utf-8")
        self.shots = os.environ.get("THERAPY_SHOTS")

    @contextmanager
    def open(self):
        """Keep the browser open for the length of the block, then judge."""
        story = self.story
        with (
            _memory_for_chromium(),
            story.allow_requests(all_requests=True),
            sync_playwright() as playwright,
        ):
            chromium = playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(ARGUMENTS)
            )
            self.context = chromium.new_context(
                base_url=story.base_url(), locale="en-US"
            )
            self.context.set_default_timeout(60_000)
            try:
                self.page = self.context.new_page()
                self.page.on("pageerror", lambda error: self._hear(str(error)))
                self.page.on("console", self._hear_console)
                yield self
            finally:
                chromium.close()
        story._wait_remaining_requests()
        story.assertFalse(self.problems, "\n".join(self.problems))

    def login(self):
        """Take over the test's own session; without it the browser is a guest's."""
        value = self.story.session.sid
        url = self.story.base_url()
        self.context.add_cookies([{"name": "session_id", "value": value, "url": url}])

    def logout(self):
        """Be a guest again."""
        self.context.clear_cookies()

    def _hear_console(self, message):
        # What lies on the servers of others cannot be reached in a test.
        place = message.location.get("url", "")
        if message.type == "error" and place.startswith(self.story.base_url()):
            self._hear(f"{message.text} ({place})")

    def _hear(self, text):
        self.problems.append(f"{self.page.url}: console: {text}")

    def check(self, path=None, has="h1"):
        """Open a page (or stay) and run axe-core on it at both widths.

        :param str path: where to, or nothing to stay
        :param str has: what the page must show, so that no error page is judged
        """
        if path:
            self.page.goto(path)
        self.page.wait_for_selector(has, state="attached")
        self._judge(self.page.url.split("/", 3)[3])

    def check_text(self, html, place):
        """Run axe-core on a document that is no page, as it is before it is printed.

        :param str html: the document
        :param str place: what to call it
        """
        self.page.goto("about:blank")  # Or the browser looks for a site's icon.
        self.page.set_content(html)
        self._judge(place)

    def _judge(self, place):
        self.page.evaluate(self.axe)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            found = self.page.evaluate(RUN_AXE, [RULES, NOT_OURS])
            self.problems += [f"{place} at {width}: {one}" for one in found]
            if self.page.evaluate(
                "document.documentElement.scrollWidth > window.innerWidth"
            ):
                self.problems.append(f"{place} at {width}: wider than the screen")
            if self.shots:
                name = place.split("?")[0].replace("/", "-")[:40]
                picture = f"{self.shots}/{name}-{width}.png"
                self.page.screenshot(path=picture, full_page=True)
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    def type_card(self, number):
        """Type a card into the frame of the processor's form."""
        radio = self.page.locator("input[data-payment-method-code=card]").first
        radio.check(force=True)  # Its label lies above it.
        form = self.page.frame_locator(CARD_FRAME).first
        for name, text in (
            ("number", number),
            ("expiry", "12 / 34"),
            ("cvc", "123"),
            ("postal", "12207"),
        ):
            form.locator(f"input[name={name}]").fill(text)

    def shoot(self, name):
        """Save a picture of what is on the screen, where pictures are asked for."""
        if self.shots:
            self.page.screenshot(path=f"{self.shots}/{name}.png")

    def tab_to(self, selector):
        """Press Tab until an element has the focus, and see that it shows."""
        for _press in range(60):
            focus = self.page.locator(":focus")
            if focus.count() and focus.evaluate("(b, s) => b.matches(s)", selector):
                seen = focus.evaluate(FOCUS_IS_SEEN)
                self.story.assertTrue(seen, f"{selector} does not show its focus")
                return
            self.page.keyboard.press("Tab")
        self.story.fail(f"Tab does not lead to {selector} on {self.page.url}")

    def type(self, selector, text):
        """Go to a field with Tab and type over what is in it."""
        self.tab_to(selector)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def enter(self, selector):
        """Go to a button with Tab and press Enter."""
        self.tab_to(selector)
        self.page.keyboard.press("Enter")
