"""``./setup/chaos``: charges cards while everything breaks, then counts.

Two Odoo processes on one database, with all of Odoo's jobs; one sandbox of the
processor. In waves, bills are charged by runs and by people who click twice, while a
process is killed at a chosen moment between two steps, connections are dropped before
and after the processor did its work, requests are refused or fail, and events come
twice, late and in any order. At the end the job that asks about charges without an
answer runs, and the processor's books are compared with ours: nothing may be lost,
charged twice or unknown.
"""

import argparse
import random
import time

from .. import console, odoo, paths, postgres
from ..console import Stop, say, step
from . import counts
from .battle import Battle
from .world import World

#: Charges of a full run, and kills it must have had in each window.
CHARGES, KILLS = 1000, 20
#: Bills that are charged in one wave: in a full run, and in a short one.
WAVE, SHORT_WAVE = 8, 6


def run(charges, seed, *, kills):
    """Charge, break, settle and count.

    :param int charges: number of bills to charge
    :param int seed: decides what is charged, killed and broken in each wave
    :param int kills: kills wanted in each window
    :return: what was counted
    :rtype: counts.Counts
    """
    chance = random.Random(seed)
    world = World(f"chaos_{paths.clone_id()}")
    try:
        with step(f"Practice: {charges} bills, cards on file, two Odoo processes"):
            world.build(charges, chance)
        battle = Battle(world, chance, kills)
        with step("Waves of charges, kills and storms"):
            battle.fight(WAVE if charges >= CHARGES else SHORT_WAVE)
        with step("Peace: resolver, events, posting"):
            battle.settle()
        return counts.take(world, battle)
    finally:
        world.stop()
        odoo.drop_database(world.database)


def main(arguments):
    """Run ``./setup/chaos`` and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="./setup/chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("charges", nargs="?", type=int, default=CHARGES)
    parser.add_argument("--seed", type=int, help="repeat the run with this seed")
    options = parser.parse_args(arguments)
    if options.charges < 45:
        raise Stop("./setup/chaos wants 45 charges or more: a wave for each window.")
    seed = options.seed
    if seed is None:
        seed = random.SystemRandom().randrange(10**6)
    odoo.ready()
    postgres.start()
    begin = time.monotonic()
    say(f"== chaos: {options.charges} charges, seed {seed}")
    kills = KILLS if options.charges >= CHARGES else 1
    found = run(options.charges, seed, kills=kills)
    for line in found.lines():
        say(f"  {line}")
    console.say(f"\n  {time.monotonic() - begin:.0f} s")
    for problem in found.problems():
        say(f"  FAILED {problem}")
    say(f"  repeat with: ./setup/chaos {options.charges} --seed {seed}")
    return 1 if found.problems() else 0
