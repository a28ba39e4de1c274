#!/usr/bin/env python3
"""Whole searches beside random ones of equal cost, and what each recommends after full training.

    searches.py search NAME --data DIR --encoder-weights FILE --seeds 5      # as many searches as are missing
    searches.py show NAME

NAME is that of a configuration beside this file, as for table.py, whose early termination and repeats are those of the
default here; the results are in searches.csv. A search tries 48 architectures with the default controller and 48 with
`random` (`run --baseline random`), both recommend one, and these two are trained in full, with the same seed, from the
search's warmed-up encoder. `reward` is the task's on the validation split, which a search never sees.
"""

import argparse
import csv
import json
import math
import tempfile
from pathlib import Path

from table import HERE, add_inputs, call

TABLE = HERE / "searches.csv"
COLUMNS = ["name", "seed", "controller", "trials", "complete", "recommended", "expected", "low", "high", "highest",
           "params", "macs", "seconds", "reward"]
# Two-sided 95 % points of Student's t by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def read():
    if not TABLE.exists():
        return []
    with open(TABLE, newline="") as file:
        return list(csv.DictReader(file))


def write(rows):
    new = TABLE.with_suffix(".new")
    with open(new, "w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows(sorted(rows, key=lambda row: (row["name"], int(row["seed"]), row["controller"])))
    new.replace(TABLE)


def settings(name):
    """The table's configuration, with the default's early termination and repeats."""
    lines = (HERE / f"{name}.toml").read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith(("distinct", "termination", "max_failures")))


def one(args, seed, place):
    """A search and the random one beside it, and their rows."""
    run = place / "run"
    (place / "config.toml").write_text(settings(args.name))
    said = call(args, "run", "--config", place / "config.toml", "--data", args.data, "--encoder-weights",
                args.encoder_weights, "--seed", seed, "--trials", args.trials, "--baseline", "random", "--workers", "1",
                "--threads", "1", "--json", "--out", run)
    end = json.loads(said.splitlines()[-1])
    rows = []
    for folder, of in ((run, end), (run / "baseline", end["baseline"])):
        trials = [json.loads(line) for line in call(args, "trials", folder, "--json").splitlines()]
        first = of["contenders"]["ranked"][0]
        chosen = trials[first["trial"]]
        model = place / f"model{len(rows)}"
        said = call(args, "train", "--from", folder, "--out", model, "--threads", "1", "--json")
        trained = json.loads(said.splitlines()[-1])
        rows.append({
            "name": args.name, "seed": seed, "controller": "random" if rows else "default", "trials": len(trials),
            "complete": sum(trial["status"] == "complete" for trial in trials), "recommended": chosen["genotype"],
            "expected": first["expected"], "low": first["low"], "high": first["high"],
            "highest": max(trial["reward"] for trial in trials if trial["status"] == "complete"),
            "params": chosen["params"], "macs": chosen["macs"], "seconds": round(sum(t["seconds"] for t in trials), 1),
            "reward": trained["reward"],
        })
    return rows


def search(args):
    for seed in range(args.first, args.first + args.seeds):
        if any(row["name"] == args.name and int(row["seed"]) == seed for row in read()):
            continue
        with tempfile.TemporaryDirectory(prefix="nasfw-search-") as place:
            rows = one(args, seed, Path(place))
        # Read again: another call may have added some.
        write(read() + rows)
        print(f"{args.name}, seed {seed}: " + ", ".join(f"{row['controller']} {row['reward']:.4f}" for row in rows), flush=True)


def show(args):
    rows = [row for row in read() if row["name"] == args.name]
    by = lambda controller: {int(row["seed"]): row for row in rows if row["controller"] == controller}
    default, random = by("default"), by("random")
    seeds = sorted(default.keys() & random.keys())
    for column in ("highest", "expected", "reward"):
        ours, theirs = ([float(of[seed][column]) for seed in seeds] for of in (default, random))
        differences = [a - b for a, b in zip(ours, theirs)]
        n = len(seeds)
        mean = sum(differences) / n
        line = f"{column}: default {sum(ours) / n:.4f}, random {sum(theirs) / n:.4f}, difference {mean:+.4f}"
        if n > 1:
            error = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1) / n)
            half = STUDENT.get(n - 1, 1.96) * error
            line += f", 95 % interval {mean - half:+.4f} to {mean + half:+.4f}"
        print(f"{line}, {n} seeds")
    cost = lambda of: sum(float(of[seed]["seconds"]) for seed in seeds) / max(1, len(seeds))
    print(f"seconds of evaluation: default {cost(default):.0f}, random {cost(random):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (("search", search), ("show", show)):
        command = commands.add_parser(name)
        command.set_defaults(does=does)
        command.add_argument("name", help="the name of a configuration beside this file")
        if does is show:
            continue
        add_inputs(command)
        command.add_argument("--first", type=int, default=0, help="the first seed")
        command.add_argument("--seeds", type=int, default=5)
        command.add_argument("--trials", type=int, default=48)
    args = parser.parse_args()
    args.does(args)


if __name__ == "__main__":
    main()
