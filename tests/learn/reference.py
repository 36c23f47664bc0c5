#!/usr/bin/env python3
"""Derives answers to the exercises of `wiretalk learn` from what they show, with the standard
library alone, and holds the program's judgments against them.

    tests/learn/reference.py target/debug/wiretalk [--seed N] [--seeds COUNT] [--wrong COUNT]

For each kind and level it draws fresh seeds. The derived answer has to be judged right. Answers with
one thing wrong have to be refused, with a mark at the part and the byte that is wrong.
"""

import argparse
import random
import secrets
import sys

sys.dont_write_bytecode = True

import broken_rule
import forge_handshake
import order_events
import read_frame
import repair_server
import write_frame
from command import Command, Failure

KINDS = {
    "read-frame": read_frame,
    "write-frame": write_frame,
    "forge-handshake": forge_handshake,
    "broken-rule": broken_rule,
    "order-events": order_events,
    "repair-server": repair_server,
}

# The fewest wrong answers of each kind that have to be refused.
LEAST_WRONG = 30


def check(command, kind, level, seed, rng, most_wrong):
    """Checks one exercise."""
    exercise = command.exercise(kind, level, seed)
    reference = KINDS[kind]
    command.expect_right(exercise, reference.answer(exercise, rng))
    wrong = list(reference.wrong_answers(exercise, rng))
    for answer in rng.sample(wrong, min(most_wrong, len(wrong))):
        command.expect_wrong(exercise, answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", help="path of the wiretalk binary")
    parser.add_argument("--seed", type=int, help="repeat an earlier run [default: a fresh one]")
    parser.add_argument("--seeds", type=int, default=10, help="exercises of each level [10]")
    parser.add_argument("--wrong", type=int, default=5, help="wrong answers to each [5]")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind")
    args = parser.parse_args()
    seed = secrets.randbits(48) if args.seed is None else args.seed
    print(f"seed {seed}", flush=True)
    command, failed = Command(args.program), 0
    for kind in args.kind or KINDS:
        # Each kind draws from a seed of its own, so that --kind repeats what a whole run did.
        rng = random.Random(f"{seed} {kind}")
        for level in range(1, command.levels(kind) + 1):
            for exercise_seed in [rng.getrandbits(63) for _ in range(args.seeds)]:
                try:
                    check(command, kind, level, exercise_seed, rng, args.wrong)
                except (Failure, ValueError, LookupError, StopIteration) as error:
                    failed += 1
                    print(f"{kind} --level {level} --seed {exercise_seed}: {error!r}", flush=True)
        right, wrong = command.right.get(kind, 0), command.wrong.get(kind, 0)
        print(f"{kind}: {right} right, {wrong} refused", flush=True)
        if not failed and wrong < LEAST_WRONG:
            failed += 1
            print(f"{kind}: fewer than {LEAST_WRONG} wrong answers were tried", flush=True)
    if failed:
        print(f"{failed} failed; repeat with --seed {seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
