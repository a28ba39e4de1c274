#!/usr/bin/env python3
"""Measures how time and memory of a training step grow with batch, pixels and threads.

    python benches/peer/scaling.py            # nasfw; --torch adds PyTorch's peak memory
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile

from compare import PUBLISHED

# Runs a command and prints the peak memory of its process.
CHILD = """
import resource, subprocess, sys
out = subprocess.run(sys.argv[1:], capture_output=True, check=True, text=True).stdout
print(out.strip())
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

# One step of the reference in a folder, in PyTorch's channels_last.
TORCH = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
from safetensors.numpy import load_file
from compare import Step
from network import GraphNetwork
torch.set_num_threads(int(sys.argv[3]))
folder = Path(sys.argv[2])
stems = ("weights", "inputs", "outputs", "gradients")
files = {s: load_file(folder / f"{s}.safetensors") for s in stems}
graph = json.loads((folder / "graph.json").read_text())
step = Step(GraphNetwork(graph, files["weights"]), files, torch.channels_last)
for _ in range(3):
    step.run()
"""


def measured(command: list[str]) -> tuple[str, int]:
    """Standard output and peak memory in bytes."""
    out = subprocess.run([sys.executable, "-c", CHILD, *command], capture_output=True, check=True, text=True)
    *text, kib = out.stdout.strip().splitlines()
    return "\n".join(text), int(kib) * 1024


def step(args, genotype: str, batch: int, side: int, threads: int, extra=()) -> tuple[float, int]:
    command = [args.nasfw, "bench", "step", "--genotype", genotype, "--json"]
    command += ["--set", "space.width=48", "--set", "space.repeats=1", "--batch", str(batch)]
    command += ["--input", f"{side}x{side}", "--threads", str(threads), "--runs", str(args.runs), *extra]
    text, peak = measured(command)
    return json.loads(text)["seconds_median"], peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nasfw", default="target/release/nasfw")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--torch", action="store_true")
    args = parser.parse_args()

    print("| | batch 2 | 4 | 8 | 16 | crop 128 | 192 | 256 | 384 | 1 thread | 2 threads | ratio |")
    print("|" + "---|" * 12)
    for name, genotype in PUBLISHED.items():
        cells = [(batch, 256, 2) for batch in (2, 4, 8, 16)]
        cells += [(8, side, 2) for side in (128, 192, 256, 384)]
        cells += [(8, 256, threads) for threads in (1, 2)]
        # In rounds over all of them, because the speed of the machine varies over time.
        rounds = [[step(args, genotype, *cell)[0] for cell in cells] for _ in range(args.rounds)]
        times = [statistics.median(column) for column in zip(*rounds)]
        ratio = statistics.median(times[-2] / times[-1] for times in rounds)
        row = " | ".join(f"{time * 1e3:.0f}" for time in times)
        print(f"| {name}, ms | {row} | {ratio:.2f} |", flush=True)

    print("\npeak memory of a process that takes steps, MiB")
    for name, genotype in PUBLISHED.items():
        with tempfile.TemporaryDirectory() as folder:
            _, ours = step(args, genotype, 8, 256, 2)
            line = f"{name}: nasfw {ours / 2**20:.0f}"
            if args.torch:
                step(args, genotype, 8, 256, 2, ["--reference", folder])
                _, theirs = measured([sys.executable, "-c", TORCH, sys.path[0], folder, "2"])
                _, idle = measured([sys.executable, "-c", "import torch"])
                line += f", PyTorch {theirs / 2**20:.0f} (of which {idle / 2**20:.0f} before any step)"
            print(line, flush=True)


if __name__ == "__main__":
    main()
