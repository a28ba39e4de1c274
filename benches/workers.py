#!/usr/bin/env python3
"""Trials per hour with one worker and two, on two cores: the same trials each time, in alternating rounds.

    cargo build --release
    python benches/workers.py [--rounds 3] [--trials 8] [--only 1x1,2x1] [-- --set KEY=VALUE ...]

Measures the time in which trials are evaluated, learned from and stored, without warm-up and features, which a search
computes once. `0x2` evaluates in the program itself. Fails if the trials differ.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["NASFW_CACHE"] = "off"  # every trial is computed
NASFW = Path(__file__).resolve().parent.parent / "target/release/nasfw"
ONCE = {"warm-up", "features"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--only", default="1x1,2x1,1x2,0x2")
    parser.add_argument("settings", nargs="*")
    args = parser.parse_args()
    ways = [tuple(way.split("x")) for way in args.only.split(",")]
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        start = place / "start"
        # The warm-up and the first round, shared by all measurements.
        call("run", "--quiet", "--seed", "1", "--trials", "4", "--out", start, *args.settings)
        rates = {way: [] for way in ways}
        expected = None
        for round in range(args.rounds):
            for way in ways if round % 2 == 0 else reversed(ways):
                rate, trials = measure(start, place / "run", 4 + args.trials, way)
                expected = expected or trials
                assert trials == expected, f"other trials with {way[0]} workers"
                rates[way].append(rate)
                print(f"round {round}: {'x'.join(way)} {rate:.0f} trials an hour", file=sys.stderr, flush=True)
        first = ways[0]
        print("workers x threads   trials an hour, median   over the first way, median of rounds (all)")
        for way in ways:
            ratios = [a / b for a, b in zip(rates[way], rates[first])]
            shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
            median = statistics.median(rates[way])
            print(f"{way[0]} x {way[1]:<15} {median:>22.0f}   {statistics.median(ratios):.2f} ({shown})", flush=True)


def measure(start, run, wanted, way):
    shutil.copytree(start, run)
    output = call("resume", run, "--json", "--trials", wanted, "--workers", way[0], "--threads", way[1])
    seconds = json.loads(output.splitlines()[-1])["seconds"]
    evaluation = sum(value for work, value in seconds.items() if work not in ONCE)
    trials = call("trials", run, "--json", "--no-times")
    shutil.rmtree(run)
    return 3600 * (wanted - 4) / evaluation, trials


def call(*args):
    return subprocess.run([NASFW, *map(str, args)], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
