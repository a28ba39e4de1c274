#!/usr/bin/env python3
"""Times nasfw's training step and inference against PyTorch's (and ONNX Runtime's) on the same
weights and inputs, and checks that all of them give the same results.

    pip install -r benches/peer/requirements.txt
    cargo build --release
    python benches/peer/compare.py step            # arch0-2 and seven random genotypes
    python benches/peer/compare.py infer           # arch0-2, 512 x 512

Rounds alternate: nasfw, PyTorch (NCHW), PyTorch (channels_last), then again, each with the same
number of threads. Times are medians over all rounds; ratios are PyTorch's faster format over nasfw.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

from network import GraphNetwork, to_nasfw, to_nchw

PUBLISHED = {
    "arch0": "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]",
    "arch1": "[[2,[1,0,3,6],[0,1,2,8],[2,0,6,1]],[[2,3],[3,1],[4,4]]]",
    "arch2": "[[5,[0,0,4,1],[3,2,0,1],[5,6,5,0]],[[1,3],[4,3],[2,2]]]",
}
RANDOM = 7
TOLERANCE = 1e-4
SEEDS = 10


def main() -> int:
    args = arguments()
    torch.set_num_threads(args.threads)
    architectures = dict(PUBLISHED)
    if args.what == "step":
        architectures |= random_genotypes(args.nasfw)
    rows = []
    for name, genotype in architectures.items():
        with tempfile.TemporaryDirectory() as folder:
            row = case(args, genotype, Path(folder))
        rows.append((name, row))
        print(name, json.dumps(row), file=sys.stderr, flush=True)
    table(rows, args)
    return 0 if all(row["error"] <= TOLERANCE for _, row in rows) else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("what", choices=["step", "infer"])
    parser.add_argument("--nasfw", default="target/release/nasfw")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3, help="measurements in a round")
    return parser.parse_args()


def random_genotypes(nasfw: str) -> dict[str, str]:
    """Random genotypes from a fixed seed, without selection."""
    command = [nasfw, "sample", "--controller", "random", "-n", str(RANDOM), "--seed", "1", "--json"]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return {f"random{at}": json.loads(line)["genotype"] for at, line in enumerate(lines)}


SHAPES = {
    "step": ["--batch", "8", "--input", "256x256"],
    "infer": ["--batch", "1", "--input", "512x512"],
    "small step": ["--batch", "8", "--input", "32x32"],
}
SPACES = {
    "step": ["--set", "space.width=48", "--set", "space.repeats=1"],
    "infer": ["--set", "space.width=64", "--set", "space.repeats=2"],
}


def nasfw(args, genotype: str, runs: int, shape: str, extra: list[str]) -> dict:
    command = [args.nasfw, "bench", args.what, "--genotype", genotype, "--outputs", "21", "--json"]
    command += ["--threads", str(args.threads), "--runs", str(runs)]
    command += SPACES[args.what] + SHAPES[shape] + extra
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return json.loads(out)


def reference(args, genotype: str, folder: Path, shape: str, seed: int) -> tuple[dict, dict]:
    nasfw(args, genotype, 1, shape, ["--seed", str(seed), "--reference", str(folder)])
    graph = json.loads((folder / "graph.json").read_text())
    stems = ("weights", "inputs", "outputs", "gradients")
    return graph, {stem: load_file(folder / f"{stem}.safetensors") for stem in stems}


def step_error(args, genotype: str, folder: Path) -> float:
    """The median, over random cases, of the error of our outputs and gradients relative to PyTorch in
    double precision.

    Wherever a value before an activation is within rounding of its bound, two correct programs in
    single precision differ by a whole gradient. Cases are therefore small, and those in which PyTorch
    in single precision itself differs from double precision by more than a tenth of the tolerance are
    skipped, because they show nothing.
    """
    errors, passed = [], 0
    for seed in range(SEEDS):
        graph, files = reference(args, genotype, folder, "small step", seed)
        exact = Step(GraphNetwork(graph, files["weights"]), files, torch.contiguous_format, torch.double)
        single = Step(GraphNetwork(graph, files["weights"]), files, torch.contiguous_format)
        exact.backward()
        single.backward()
        if distance(single.gradients(), exact.gradients()) > TOLERANCE / 10:
            passed += 1
            continue
        errors.append(exact.error(files))
    print(f"  {len(errors)} cases compared, {passed} passed over", file=sys.stderr)
    return statistics.median(errors) if errors else math.inf


def case(args, genotype: str, folder: Path) -> dict:
    graph, files = reference(args, genotype, folder, args.what, 0)
    formats = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}
    kind = Step if args.what == "step" else Infer
    peers = {
        name: kind(GraphNetwork(graph, files["weights"]), files, layout)
        for name, layout in formats.items()
    }
    if args.what == "infer":
        peers["onnxruntime"] = Onnx(GraphNetwork(graph, files["weights"]), files, args.threads)
    if args.what == "step":
        error = step_error(args, genotype, folder)
    else:
        error = max(peer.error(files) for peer in peers.values())
    for peer in peers.values():
        peer.run()
        peer.run()
    times: dict[str, list[float]] = {"nasfw": [], **{name: [] for name in peers}}
    for _ in range(args.rounds):
        times["nasfw"].append(nasfw(args, genotype, args.runs, args.what, [])["seconds_median"])
        for name, peer in peers.items():
            times[name].append(statistics.median(clock(peer.run) for _ in range(args.runs)))
    return {
        "error": error,
        **{name: statistics.median(values) for name, values in times.items()},
        "spread": {name: [min(values), max(values)] for name, values in times.items()},
    }


def clock(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The maximum difference, relative to the maximum value."""
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12))


def distance(ours: dict, theirs: dict) -> float:
    """The relative distance of all arrays as one vector; missing arrays are zero."""
    difference = sum(np.sum((ours.get(n, 0.0) - t.astype(np.float64)) ** 2) for n, t in theirs.items())
    return math.sqrt(difference / sum(np.sum(t.astype(np.float64) ** 2) for t in theirs.values()))


class Step:
    def __init__(self, network: GraphNetwork, files: dict, layout, dtype=torch.float):
        self.network = network.to(memory_format=layout, dtype=dtype).train()
        inputs = files["inputs"]
        count = sum(name.startswith("input") for name in inputs)
        self.inputs = [
            to_nchw(inputs[f"input{i}"]).to(dtype).contiguous(memory_format=layout)
            for i in range(count)
        ]
        self.labels = torch.from_numpy(inputs["labels"]).long()
        self.optimiser = torch.optim.Adam(network.parameters(), lr=3e-3, weight_decay=1e-5)
        self.outputs = []

    def backward(self):
        self.outputs = self.network(self.inputs)
        loss = 0.0
        for at, output in enumerate(self.outputs):
            if output.shape[2:] != self.labels.shape[1:]:
                output = F.interpolate(
                    output, size=self.labels.shape[1:], mode="bilinear", align_corners=False
                )
            term = F.cross_entropy(output, self.labels, ignore_index=255)
            loss = loss + term * (1.0 if at == 0 else 0.15)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()

    def gradients(self) -> dict[str, np.ndarray]:
        named = ((n, p.grad) for n, p in self.network.named())
        return {n: to_nasfw(g) for n, g in named if g is not None}

    def error(self, files: dict) -> float:
        """The error of nasfw's outputs and gradients relative to the last backward pass."""
        outputs = [
            relative(files["outputs"][f"output{at}"], output.detach().permute(0, 2, 3, 1).numpy())
            for at, output in enumerate(self.outputs)
        ]
        return max(*outputs, distance(files["gradients"], self.gradients()))

    def run(self):
        self.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 3.0)
        self.optimiser.step()


class Infer:
    def __init__(self, network: GraphNetwork, files: dict, layout):
        self.network = network.to(memory_format=layout).eval()
        self.image = to_nchw(files["inputs"]["input0"]).contiguous(memory_format=layout)

    def run(self):
        with torch.inference_mode():
            return self.network([self.image])

    def error(self, files: dict) -> float:
        return relative(files["outputs"]["output0"], self.run()[0].permute(0, 2, 3, 1).numpy())


class Onnx:
    def __init__(self, network: GraphNetwork, files: dict, threads: int):
        import onnxruntime

        image = to_nchw(files["inputs"]["input0"])
        wrapped = Single(network).eval()
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/network.onnx"
            torch.onnx.export(
                wrapped, (image,), path, dynamo=False, input_names=["image"], opset_version=17
            )
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            self.session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        self.feed = {"image": image.numpy()}

    def run(self):
        return self.session.run(None, self.feed)

    def error(self, files: dict) -> float:
        return relative(files["outputs"]["output0"], self.run()[0].transpose(0, 2, 3, 1))


class Single(torch.nn.Module):
    def __init__(self, network: GraphNetwork):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network([image])[0]


def table(rows, args):
    peers = [name for name in rows[0][1] if name not in ("error", "spread", "nasfw")]
    print(f"{args.what}, {args.threads} threads, milliseconds (medians of {args.rounds} rounds)\n")
    head = ["", "nasfw", *peers, "ratio", *(["ratio ort"] if "onnxruntime" in peers else []), "error"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    ratios, ort = [], []
    for name, row in rows:
        best = min(row["nchw"], row["channels_last"])
        ratios.append(best / row["nasfw"])
        cells = [name, f"{row['nasfw'] * 1e3:.1f}"]
        cells += [f"{row[peer] * 1e3:.1f}" for peer in peers]
        cells.append(f"{ratios[-1]:.2f}")
        if "onnxruntime" in peers:
            ort.append(row["onnxruntime"] / row["nasfw"])
            cells.append(f"{ort[-1]:.2f}")
        cells.append(f"{row['error']:.1e}")
        print("| " + " | ".join(cells) + " |")
    mean = lambda xs: math.exp(statistics.fmean(math.log(x) for x in xs))
    print(f"\ngeometric mean of ratios: {mean(ratios):.2f}, least {min(ratios):.2f}")
    if ort:
        print(f"against ONNX Runtime: {mean(ort):.2f}, least {min(ort):.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process (both formats of PyTorch, all cases): {peak:.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
