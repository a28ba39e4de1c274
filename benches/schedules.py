#!/usr/bin/env python3
"""Selects the best trials of searches under two schedules, and compares their times; `schedules.sh` calls it.

    python benches/schedules.py pick PREFIX SEED    # lines WHAT ID: the trial that each selects
    python benches/schedules.py times PREFIX        # a table over all seeds

PREFIX-SCHEDULE-SEED.json has the trials of a search, as printed by `nasfw trials --json`.
"""

import json
import statistics
import sys
from pathlib import Path

SCHEDULES = ("progressive", "single-stage")


def trials(prefix: str, schedule: str, seed: int) -> list[dict]:
    text = Path(f"{prefix}-{schedule}-{seed}.json").read_text()
    return [json.loads(line) for line in text.splitlines()]


def best(evaluated: list[dict]) -> int:
    """The best trial by the rule of searches: complete trials first, then by reward, then the earlier one."""
    key = lambda t: (t["status"] == "complete", t["reward"] or 0.0, -t["id"])
    return max((t for t in evaluated if t["reward"] is not None), key=key)["id"]


def within(evaluated: list[dict], seconds: float) -> list[dict]:
    """The first trials that together take at most `seconds`; at least one."""
    kept, spent = [], 0.0
    for trial in evaluated:
        spent += trial["seconds"]
        if kept and spent > seconds:
            break
        kept.append(trial)
    return kept


def ranks(values: list[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    for rank, at in enumerate(order):
        result[at] = float(rank)
    return result


def pick(prefix: str, seed: int) -> None:
    cached, whole = (trials(prefix, s, seed) for s in SCHEDULES)
    cut = within(whole, sum(t["seconds"] for t in cached))
    print("progressive", best(cached))
    print("single-stage", best(whole))
    print("single-stage-cut", best(cut))


def times(prefix: str) -> None:
    print("| seed | seconds a trial: progressive | single-stage | single-stage trials in progressive's time | rank correlation |")
    print("|---|---|---|---|---|")
    for seed in range(3):
        cached, whole = (trials(prefix, s, seed) for s in SCHEDULES)
        same = [(a["reward"], b["reward"]) for a, b in zip(cached, whole) if None not in (a["reward"], b["reward"])]
        correlation = statistics.correlation(*(ranks([pair[side] for pair in same]) for side in (0, 1)))
        spent = sum(t["seconds"] for t in cached)
        a, b = (statistics.fmean(t["seconds"] for t in ts) for ts in (cached, whole))
        print(f"| {seed} | {a:.1f} | {b:.1f} | {len(within(whole, spent))} of {len(whole)} | {correlation:.2f} |")


def main() -> int:
    match sys.argv[1:]:
        case ["pick", prefix, seed]:
            pick(prefix, int(seed))
        case ["times", prefix]:
            times(prefix)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
