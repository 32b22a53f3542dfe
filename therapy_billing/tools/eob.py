"""What an insurer's answer changes: whole minor units in, whole minor units out.

Nothing here is added up over time by itself: everything is a target computed from the
sum of all answers, so a take-back and a second answer need no rules of their own.
"""

from typing import NamedTuple


class Answer(NamedTuple):
    """All that an insurer has said about one service so far."""

    #: Paid, take-backs deducted.
    paid: int
    #: What it left to the patient's side (copay, coinsurance, deductible, ...).
    patient: int
    #: Whether it has said so for good.
    final: bool


class Borne(NamedTuple):
    """Who bears how much of the service in the books now."""

    #: The insurer that answers.
    claim: int
    #: The insurer after it.
    following: int
    #: All guarantors together.
    guarantors: int
    #: What the guarantors were asked for before any answer.
    estimate: int
    #: Contractual adjustments booked so far.
    contractual: int


class Change(NamedTuple):
    """What is to be booked; the first three add up to 0."""

    claim: int
    following: int
    guarantors: int
    contractual: int


def get_change(answer: Answer, borne: Borne, has_following: bool) -> Change:
    """Return what an answer changes in the books.

    The patient's part moves to the insurer that follows, less what the guarantors were
    asked for; without such an insurer to the guarantors. What is neither paid nor the
    patient's is the contractual adjustment.

    Of 175.25 with an estimate of 30.00 the insurer pays 85.00 and leaves 35.00 to the
    patient; the guarantors owe 5.00 more:

    >>> borne = Borne(14525, 0, 3000, 3000, 0)
    >>> get_change(Answer(8500, 3500, True), borne, False)
    Change(claim=-500, following=0, guarantors=500, contractual=5525)

    It leaves 10.00 only; they get 20.00 back:

    >>> get_change(Answer(11000, 1000, True), borne, False)
    Change(claim=2000, following=0, guarantors=-2000, contractual=5525)

    A second insurer is asked for what the estimate does not cover:

    >>> get_change(Answer(8500, 5000, True), borne, True)
    Change(claim=-2000, following=2000, guarantors=0, contractual=4025)

    Everything is taken back:

    >>> get_change(Answer(0, 0, False), Borne(14025, 0, 3500, 3000, 5525), False)
    Change(claim=500, following=0, guarantors=-500, contractual=-5525)

    :param Answer answer: what the insurer has said so far
    :param Borne borne: what is in the books
    :param bool has_following: whether another insurer is to be asked
    :return: what is to be booked
    :rtype: Change
    """
    if not answer.final:
        guarantors, following, contractual = borne.estimate, 0, 0
    elif has_following:
        guarantors = min(borne.guarantors, answer.patient)
        following = answer.patient - guarantors
    else:
        guarantors, following = answer.patient, 0
    to_guarantors = guarantors - borne.guarantors
    to_following = following - borne.following
    moved = to_guarantors + to_following
    if answer.final:
        contractual = borne.claim - moved - answer.paid
    return Change(-moved, to_following, to_guarantors, contractual - borne.contractual)
