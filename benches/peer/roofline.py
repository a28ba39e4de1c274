#!/usr/bin/env python3
"""Compares the time of a training step with the limits of the machine.

    python benches/peer/roofline.py           # arch0-2 and the seven random genotypes of compare.py

The bound is the time of the multiply-adds of all convolutions except depthwise ones at the rate of a
large matrix product, plus the time of the memory traffic at the rate of a large copy, both measured
here with the same number of threads. Traffic: every operation reads its inputs and writes its result
once; in the backward pass, it reads its inputs and the gradient of its result, and writes the gradients
of its inputs. A normalisation reads its input twice and, in the backward pass, its input and the
gradient twice. Activations, identities and sums of one operand are free.
"""

import argparse
import json
import math
import statistics
import tempfile
from pathlib import Path

import torch
from safetensors.numpy import load_file

from compare import PUBLISHED, clock, nasfw, random_genotypes, to_nchw
from network import GraphNetwork


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nasfw", default="target/release/nasfw")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    args.what = "step"
    torch.set_num_threads(args.threads)
    rate, bandwidth = multiply_adds_per_second(), bytes_per_second()
    print(f"{args.threads} threads: {rate / 1e9:.0f} G multiply-adds/s, copy {bandwidth / 1e9:.1f} GB/s\n")
    print("| | multiply-adds, G | traffic, MB | bound, ms | step, ms | ratio |")
    print("|" + "---|" * 6)
    ratios = []
    for name, genotype in (PUBLISHED | random_genotypes(args.nasfw)).items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = nasfw(args, genotype, args.runs, "step", ["--reference", folder])["seconds_median"]
            work, traffic = step(Path(folder))
        bound = work / rate + traffic / bandwidth
        ratios.append(seconds / bound)
        print(
            f"| {name} | {work / 1e9:.2f} | {traffic / 1e6:.0f} | {bound * 1e3:.0f} "
            f"| {seconds * 1e3:.0f} | {ratios[-1]:.2f} |",
            flush=True,
        )
    mean = math.exp(statistics.mean(map(math.log, ratios)))
    print(f"\ngeometric mean {mean:.2f}, largest {max(ratios):.2f}")


def multiply_adds_per_second(side: int = 1024) -> float:
    a, b = torch.randn(side, side), torch.randn(side, side)
    return side**3 / statistics.median(clock(lambda: a @ b) for _ in range(21))


def bytes_per_second(length: int = 1 << 26) -> float:
    a, b = torch.randn(length), torch.zeros(length)
    return 8 * length / statistics.median(clock(lambda: b.copy_(a)) for _ in range(11))


def step(folder: Path) -> tuple[float, float]:
    """Multiply-adds and bytes of one training step."""
    graph = json.loads((folder / "graph.json").read_text())
    weights = load_file(folder / "weights.safetensors")
    given = load_file(folder / "inputs.safetensors")
    network = GraphNetwork(graph, weights)
    inputs = [to_nchw(given[f"input{i}"]) for i in range(len(network.inputs))]
    sizes = sizes_of(network, inputs)
    learns: dict[int, bool] = {}
    work = traffic = 0.0
    for at in network.order:
        node = network.nodes[at]
        op, before, size = node["op"], node["inputs"], math.prod(sizes[at])
        kind = op["kind"]
        learns[at] = kind in ("conv", "batch_norm") or any(learns[i] for i in before)
        if kind in ("input", "identity", "zero", "activation") or (kind == "add" and len(before) == 1):
            continue
        read = sum(math.prod(sizes[i]) for i in before[: 1 if kind == "resize_to" else None])
        back = sum(math.prod(sizes[i]) for i in before if learns[i])
        passes = 2 if kind == "batch_norm" else 1
        traffic += 4 * (passes * read + size)
        traffic += 4 * (passes * (size + (read if kind in ("conv", "batch_norm") else 0)) + back)
        if kind == "conv" and op["groups"] < sizes[before[0]][1]:
            products = size * op["kernel"] ** 2 * sizes[before[0]][1] / op["groups"]
            work += products * (3 if learns[before[0]] else 2)
    return work, traffic


def sizes_of(network: GraphNetwork, inputs: list[torch.Tensor]) -> dict[int, tuple]:
    """Shapes of all computed values, batch and channels first."""
    outputs, network.output_nodes = network.output_nodes, network.order
    with torch.no_grad():
        values = network(inputs)
    network.output_nodes = outputs
    return {at: tuple(value.shape) for at, value in zip(network.order, values)}


if __name__ == "__main__":
    main()
