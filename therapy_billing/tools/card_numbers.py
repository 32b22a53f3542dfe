"""Finding card numbers in what people type, so that none is ever stored (rule P2).

A number counts when its length, first digits and check digit are those of a payment
card. That leaves trace numbers of banks and insurers alone in nine cases of ten, and
always the 15-digit form of an NPI (80840...), which has the same check digit. Texts of
references are mostly not looked at: see `therapy.card.number.mixin`.
"""

import re
import unicodedata

from .luhn import luhn_ok

_TAG = re.compile(r"<[^>]*>")
_URL = re.compile(r"https?://\S+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_ENTITY = re.compile(r"&(nbsp|#160|#xa0);", re.IGNORECASE)
# Groups of digits with at most two separators between them: 4242 4242-4242.4242
_GAP = r"[ \t\r\n\u00a0\u202f._/\-\u2010-\u2015]{1,2}"
_RUN = re.compile(rf"(?<![\w.,])\d+(?:{_GAP}\d+)*(?!\w)")
_DIGIT = re.compile(r"\d")
_GROUP = re.compile(r"\d+")
_MASK = "[card number removed]"


def _is_card(digits):
    """Tell whether digits are a number of a card network.

    >>> _is_card("4242424242424242"), _is_card("4242424242424241")
    (True, False)
    >>> _is_card("808401234567893")
    False
    """
    size = len(digits)
    if not 13 <= size <= 19 or len({*digits}) < 2:
        return False
    if digits[0] == "2":  # Mastercard only; other such numbers are mostly dates
        known = size == 16 and 2221 <= int(digits[:4]) <= 2720
    else:
        known = digits[0] in "3456"
    return known and luhn_ok(digits)


def _spans(text):
    """Yield (start, end) of each card number in a plain text."""
    for run in _RUN.finditer(text):
        groups = [
            (found.start() + run.start(), found.end() + run.start())
            for found in _GROUP.finditer(run.group())
        ]
        begin = 0
        while begin < len(groups):
            for end in range(len(groups), begin, -1):
                chosen = groups[begin:end]
                sizes = {stop - start for start, stop in chosen}
                # As printed on a card, or typed digit by digit; not a list of numbers.
                if len(chosen) > 1 and not (min(sizes) >= 3 or sizes == {1}):
                    continue
                digits = "".join(text[start:stop] for start, stop in chosen)
                if len(digits) <= 19 and _is_card(digits):
                    yield chosen[0][0], chosen[-1][1]
                    begin = end - 1
                    break
            begin += 1


def _plain(text):
    """Return what a reader sees, without addresses of pages."""
    text = _ENTITY.sub(" ", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    return _URL.sub(" ", _TAG.sub(" ", text))


def has_card_number(text):
    """Tell whether a text holds the number of a card, in whatever way it is typed.

    >>> has_card_number("her Visa is 4242 4242-4242 4242, exp 04/28")
    True
    >>> has_card_number("<p>3782&nbsp;822463<b>10005</b></p>")
    True
    >>> has_card_number("NPI 1234567893, trace 021000021234567, INV/2026/00042")
    False
    >>> has_card_number("https://pay.example.com/4242424242424242"), has_card_number("")
    (False, False)

    :param str text: plain text or HTML, may be empty
    :rtype: bool
    """
    if not text or len(_DIGIT.findall(text)) < 13:
        return False
    return next(_spans(_plain(text)), None) is not None


def mask_card_numbers(text):
    """Return a text with each card number replaced; for mail nobody can be told about.

    >>> mask_card_numbers("my card: 4242 4242 4242 4242 thanks")
    'my card: [card number removed] thanks'
    >>> mask_card_numbers("nothing here")
    'nothing here'

    :param str text: plain text or HTML
    :return: the text; without its markup when a number was spread over tags
    :rtype: str
    """
    if not has_card_number(text):
        return text
    for source in (text, _plain(text)):
        result, last = [], 0
        for start, end in _spans(source):
            result += [source[last:start], _MASK]
            last = end
        masked = "".join([*result, source[last:]])
        if not has_card_number(masked):
            break
    return masked
