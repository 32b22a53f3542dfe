import re

from odoo.addons.therapy_billing.tests.languages import find_english, load_language

from .page_common import PageCommon

# Names of people, services, cards and practices, and what people wrote themselves.
DATA = (
    "Ada Fitz Bob Roy Una Zelda Fitzroy Max Dr Quill Hartmann Bea Biller Blue Plan",
    "Maple Street Practice My Company Psychotherapy Three parts Yes from next month",
    "new old tax INV RINV paid BNK PBNK Odoo Powered by",
    # The names of languages in the menu, and of a result of core's demo provider.
    "English US error",
)


class LanguageCommon(PageCommon):
    """Everybody reads another language than the one the addons are written in."""

    lang = None
    allow_inherited_tests_method = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_language(cls.env, cls.lang)
        people = cls.env["res.partner"].search([("email", "!=", False)])
        (people | cls.company.partner_id | cls.patient).write({"lang": cls.lang})
        cls._set_up_pages()
        cls.aunt_user = cls.mother_user.copy(
            {"login": "una", "password": "una", "partner_id": cls.aunt.id}
        )

    def setUp(self):
        super().setUp()
        self.found = []
        self.seen = 0

    def _be(self, login=None):
        """Be somebody else in the browser, with the language of the test."""
        self.authenticate(login, login)
        self.opener.cookies["frontend_lang"] = self.lang

    def _read(self, source, place):
        """Look for English words; `place` tells where."""
        self.seen += 1
        env = self.env(su=True)  # sudo: names of providers, methods
        data = (*DATA, *env["payment.provider"].search([]).mapped("name"))
        data += tuple(env["payment.method"].search([]).mapped("name"))
        self.found += [
            f"{place}: {word}" for word in find_english(str(source), self.lang, data)
        ]

    def _see(self, path, has=""):
        """Open a page and look for English words on it."""
        page = self._get(path)
        self.assertEqual(page.status_code, 200, path)
        return self._check(page, has)

    def _check(self, page, has=""):
        path = re.sub(r"https?://[^/]+", "", page.url)
        self.assertIn(has, page.text, path)
        self._read(page.text, path)
        return page.text

    def _judge(self, least):
        self.assertGreaterEqual(self.seen, least)
        self.assertFalse(self.found, "\n".join(sorted(set(self.found))))
