#!/usr/bin/env python3
"""Tables of evaluated architectures: made in pieces, and summarised.

    table.py extend NAME --data DIR --encoder-weights FILE --to 1000     # evaluate the first 1,000 architectures
    table.py repeat NAME --data DIR --encoder-weights FILE --to 120      # the first 120 with two more seeds
    table.py train NAME --data DIR --encoder-weights FILE --to 40        # the first 40 trained in full
    table.py show NAME                                                   # noise, correlations, decisions that matter

NAME is that of a configuration beside this file, NAME.toml; the table is NAME.csv. The architectures are the first ones
that the controller `random` proposes with seed 0. Every call does what is missing, in pieces whose results are in the
table once they end, so it can be interrupted and repeated. An evaluation does not depend on the others of its piece; it is
the same to the byte on machines of one instruction level.
"""

import argparse
import csv
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ["index", "genotype", "params", "macs", "stage0", "stage1", "stage0_seed1", "stage1_seed1",
           "stage0_seed2", "stage1_seed2", "trained"]


def read(name):
    path = HERE / f"{name}.csv"
    if not path.exists():
        return {}
    with open(path, newline="") as file:
        return {int(row["index"]): row for row in csv.DictReader(file)}


def write(name, rows):
    path = HERE / f"{name}.csv"
    new = path.with_suffix(".new")
    with open(new, "w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows(rows[index] for index in sorted(rows))
    new.replace(path)


def call(args, *more):
    done = subprocess.run([args.program, *map(str, more)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, more))}: exit code {done.returncode}")
    return done.stdout


def proposals(args):
    """Genotypes of the first architectures, as proposed."""
    lines = call(args, "sample", "--controller", "random", "--seed", "0", "-n", str(args.to), "--json")
    return [json.loads(line)["genotype"] for line in lines.splitlines()]


def search(args, genotypes, out):
    """Evaluates genotypes in this order, and returns their trials."""
    config = (HERE / f"{args.name}.toml").read_text()
    prior = f"prior = {json.dumps(genotypes)}\ntrials = {len(genotypes)}\n"
    file = out.parent / "config.toml"
    file.write_text(config.replace("[run]\n", f"[run]\n{prior}", 1))
    call(args, "run", "--config", file, "--seed", "0", "--data", args.data, "--encoder-weights", args.encoder_weights,
         "--workers", str(args.workers), "--threads", "1", "--quiet", "--out", out)
    return [json.loads(line) for line in call(args, "trials", out, "--json").splitlines()]


def pieces(items, size):
    return [items[at:at + size] for at in range(0, len(items), size)]


def folder():
    return tempfile.TemporaryDirectory(prefix="nasfw-table-")


def extend(args):
    rows, all_of_them = read(args.name), proposals(args)
    missing = [index for index in range(args.to) if index not in rows]
    for piece in pieces(missing, args.piece):
        with folder() as place:
            trials = search(args, [all_of_them[index] for index in piece], Path(place) / "run")
        for index, trial in zip(piece, trials):
            stage0, stage1 = (trial["stage_rewards"] + [""] * 2)[:2]
            rows[index] = {"index": index, "genotype": trial["genotype"], "params": trial["params"],
                           "macs": trial["macs"], "stage0": stage0, "stage1": stage1}
        write(args.name, rows)
        print(f"{len(rows)} architectures", flush=True)


def repeat(args):
    rows = read(args.name)
    missing = [index for index in range(args.to) if index in rows and not rows[index]["stage1_seed2"]]
    for piece in pieces(missing, max(1, args.piece // 3)):
        genotypes = [rows[index]["genotype"] for index in piece for _ in range(3)]
        with folder() as place:
            trials = search(args, genotypes, Path(place) / "run")
        for at, index in enumerate(piece):
            first, *others = [trial["stage_rewards"] for trial in trials[3 * at:3 * at + 3]]
            if [str(reward) for reward in first] != [rows[index]["stage0"], rows[index]["stage1"]]:
                sys.exit(f"architecture {index}: {first} the second time; is it the same machine and version?")
            for seed, rewards in enumerate(others, 1):
                rows[index][f"stage0_seed{seed}"], rows[index][f"stage1_seed{seed}"] = rewards
        write(args.name, rows)
        print(f"with three seeds: {sum(bool(row.get('stage1_seed2')) for row in rows.values())}", flush=True)


def train(args):
    rows = read(args.name)
    missing = [index for index in range(args.to) if index in rows and not rows[index]["trained"]]
    for piece in pieces(missing, max(1, args.piece // 10)):
        with folder() as place:
            run = Path(place) / "run"
            search(args, [rows[index]["genotype"] for index in piece], run)
            for at, index in enumerate(piece):
                model = Path(place) / f"model{at}"
                said = call(args, "train", "--from", f"{run}#{at}", "--out", model, "--threads", "1", "--json")
                rows[index]["trained"] = json.loads(said.splitlines()[-1])["reward"]
        write(args.name, rows)
        print(f"trained in full: {sum(bool(row.get('trained')) for row in rows.values())}", flush=True)


def ranks(values):
    order = sorted(range(len(values)), key=lambda at: values[at])
    result, first = [0.0] * len(values), 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for at in order[first:last + 1]:
            result[at] = (first + last) / 2
        first = last + 1
    return result


def spearman(pairs):
    """Spearman's rho, with the interval of Bonett & Wright (2000)."""
    x, y = (ranks(side) for side in zip(*pairs))
    n = len(x)
    mean = (n - 1) / 2
    spread = lambda side: math.sqrt(sum((value - mean) ** 2 for value in side))
    rho = sum((a - mean) * (b - mean) for a, b in zip(x, y)) / (spread(x) * spread(y))
    error = math.sqrt((1 + rho * rho / 2) / (n - 3))
    low, high = (math.tanh(math.atanh(rho) + by * 1.96 * error) for by in (-1, 1))
    return f"{rho:.3f}, 95 % interval {low:.3f} to {high:.3f}, n = {n}"


def decisions(genotype):
    """Labels and options of a genotype of the cell space."""
    (first, *branches), wiring = json.loads(genotype)
    yield "cell: first operation", first
    for at, (left, right, one, other) in enumerate(branches):
        yield f"cell: layer {at}, inputs", (left, right)
        yield f"cell: layer {at}, operations", (one, other)
    for at, pair in enumerate(wiring):
        yield f"wiring: block {at}", tuple(pair)


def explained(rows, value):
    """Share of the variance of `value` between the groups of a decision, less what chance gives (omega squared)."""
    groups = {}
    for row in rows:
        for label, option in decisions(row["genotype"]):
            groups.setdefault(label, {}).setdefault(option, []).append(value(row))
    values = [value(row) for row in rows]
    mean = sum(values) / len(values)
    total = sum((v - mean) ** 2 for v in values)
    for label, options in groups.items():
        between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in options.values())
        free = len(options) - 1
        within = (total - between) / max(1, len(values) - len(options))
        yield label, (between - free * within) / (total + within), len(options)


def show(args):
    rows = [row for row in read(args.name).values() if row["stage1"]]
    number = lambda row, key: float(row[key])
    distinct = {row["genotype"]: row for row in rows}
    print(f"{len(rows)} architectures, {len(distinct)} of them distinct")
    rows = list(distinct.values())
    final = sorted(number(row, "stage1") for row in rows)
    quartiles = [final[int(share * (len(final) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]
    print("rewards after the last stage, least, quartiles, most:", " ".join(f"{q:.4f}" for q in quartiles))
    print("stages 0 and 1:", spearman([(number(row, "stage0"), number(row, "stage1")) for row in rows]))
    half = final[len(final) // 2]
    better = [row for row in rows if number(row, "stage1") >= half]
    print("stages 0 and 1, the better half:", spearman([(number(row, "stage0"), number(row, "stage1")) for row in better]))
    for stage in ("stage0", "stage1"):
        keys = [stage, f"{stage}_seed1", f"{stage}_seed2"]
        seeds = [[number(row, key) for key in keys] for row in rows if row[keys[2]]]
        if len(seeds) < 4:
            continue
        squares = sum((v - sum(group) / 3) ** 2 for group in seeds for v in group)
        print(f"{stage}: standard deviation over seeds {math.sqrt(squares / (2 * len(seeds))):.4f}, of {len(seeds)} architectures with 3 seeds")
        print(f"{stage}, one seed and another:", spearman([(group[0], group[1]) for group in seeds]))
    trained = [row for row in rows if row["trained"]]
    for stage in ("stage0", "stage1"):
        if len(trained) > 3:
            print(f"{stage} and full training:", spearman([(number(row, stage), number(row, "trained")) for row in trained]))
    print("decisions, by the share of the variance of the last stage's rewards that they explain alone:")
    for label, share, options in sorted(explained(rows, lambda row: number(row, "stage1")), key=lambda it: -it[1]):
        print(f"  {share:6.3f}  {label} ({options} options seen)")


def add_inputs(command):
    command.add_argument("--data", required=True, type=Path, help="the data set's folder")
    command.add_argument("--encoder-weights", required=True, type=Path, help="initial weights of the encoder")
    command.add_argument("--program", default="nasfw")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (("extend", extend), ("repeat", repeat), ("train", train), ("show", show)):
        command = commands.add_parser(name)
        command.set_defaults(does=does)
        command.add_argument("name", help="the name of a configuration beside this file")
        if does is show:
            continue
        add_inputs(command)
        command.add_argument("--to", required=True, type=int, help="number of architectures, from the first one")
        command.add_argument("--workers", type=int, default=1)
        command.add_argument("--piece", type=int, default=40, help="evaluations after which the table is written")
    args = parser.parse_args()
    args.does(args)


if __name__ == "__main__":
    main()
