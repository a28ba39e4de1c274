#!/usr/bin/env python3
"""Tabulates trainings that differ only in their seed: mean, standard deviation and each value.

    python benches/seeds.py FOLDER METRIC [METRIC ...]

FOLDER has one JSON object per training, in TASK-WHAT-SEED.json, as printed by `nasfw train --json` and
`benches/peer/train.py`. Metrics that a task does not have are skipped.
"""

import json
import statistics
import sys
from pathlib import Path


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder, metrics = Path(sys.argv[1]), sys.argv[2:]
    found: dict[str, dict[str, dict[int, dict]]] = {}
    for file in sorted(folder.glob("*-*-*.json")):
        task, rest = file.stem.split("-", 1)
        what, seed = rest.rsplit("-", 1)
        text = file.read_text().strip()
        if not text:
            print(f"{file}: empty; the training has not ended", file=sys.stderr)
            continue
        found.setdefault(task, {}).setdefault(what, {})[int(seed)] = json.loads(text)["metrics"]
    print("| task | metric | training | mean ± deviation | each seed |")
    print("|---|---|---|---|---|")
    for task, trainings in found.items():
        for metric in metrics:
            for what, seeds in trainings.items():
                values = [m[metric] for _, m in sorted(seeds.items()) if metric in m]
                if not values:
                    continue
                deviation = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
                each = ", ".join(f"{v:.4f}" for v in values)
                print(f"| {task} | {metric} | {what} | {statistics.fmean(values):.4f}{deviation} | {each} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
