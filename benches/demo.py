#!/usr/bin/env python3
"""Tabulates the results of the demo searches that `demo.sh` runs.

    python benches/demo.py FOLDER

FOLDER/DATA,TASK,SEED.json is the output of `nasfw run --json`: a line per trial, then the summary.
"""

import json
import statistics
import sys
from pathlib import Path


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    print("| data, task | seed | best trial | median trial | constant prediction | parameters of the best | minutes |")
    print("|---|---|---|---|---|---|---|")
    for file in sorted(Path(sys.argv[1]).glob("*,*,*.json")):
        data, task, seed = file.stem.split(",")
        *trials, summary = [json.loads(line) for line in file.read_text().splitlines()]
        rewards = [t["reward"] for t in trials if t["reward"] is not None]
        best = summary["best"]
        seconds = sum(summary["seconds"].values())
        print(
            f"| {data}, {task} | {seed} | {best['reward']:.4f} | {statistics.median(rewards):.4f} "
            f"| {summary['constant_reward']:.4f} | {best['params']:,} | {seconds / 60:.1f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
