#!/usr/bin/env python3
"""Times nasfw's training step and inference beside PyTorch's (and ONNX Runtime's) on the same
weights and inputs, and checks first that both compute the same.

    pip install -r benches/peer/requirements.txt
    cargo build --release
    python benches/peer/compare.py step            # arch0-2 and seven random genotypes
    python benches/peer/compare.py infer           # arch0-2, 512 x 512

Rounds alternate: nasfw, PyTorch (NCHW), PyTorch (channels_last), then again, each with the same
number of threads. Figures are medians over all rounds; ratios are PyTorch's better format over nasfw.
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
    """Fixed seed, none left out."""
    command = [nasfw, "sample", "--controller", "random", "-n", str(RANDOM), "--seed", "1", "--json"]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return {f"random{at}": json.loads(line)["genotype"] for at, line in enumerate(lines)}


def nasfw(args, genotype: str, extra: list[str]) -> dict:
    command = [args.nasfw, "bench", args.what, "--genotype", genotype, "--json"]
    command += ["--threads", str(args.threads), "--runs", str(args.runs)]
    if args.what == "step":
        command += ["--set", "space.width=48", "--set", "space.repeats=1", "--outputs", "21"]
        command += ["--batch", "8", "--input", "256x256"]
    else:
        command += ["--set", "space.width=64", "--set", "space.repeats=2", "--outputs", "21"]
        command += ["--input", "512x512"]
    out = subprocess.run(command + extra, capture_output=True, check=True, text=True).stdout
    return json.loads(out)


def case(args, genotype: str, folder: Path) -> dict:
    nasfw(args, genotype, ["--reference", str(folder)])
    graph = json.loads((folder / "graph.json").read_text())
    files = {
        stem: load_file(folder / f"{stem}.safetensors")
        for stem in ("weights", "inputs", "outputs", "gradients")
    }
    formats = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}
    kind = Step if args.what == "step" else Infer
    peers = {
        name: kind(GraphNetwork(graph, files["weights"]), files, layout)
        for name, layout in formats.items()
    }
    if args.what == "infer":
        peers["onnxruntime"] = Onnx(GraphNetwork(graph, files["weights"]), files, args.threads)
    error = max(peer.error(files) for peer in peers.values())
    for peer in peers.values():
        peer.run()
        peer.run()
    times: dict[str, list[float]] = {"nasfw": [], **{name: [] for name in peers}}
    for _ in range(args.rounds):
        times["nasfw"].append(nasfw(args, genotype, [])["seconds_median"])
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
    """Largest difference, relative to the largest value."""
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12))


class Step:
    def __init__(self, network: GraphNetwork, files: dict, layout):
        self.network = network.to(memory_format=layout).train()
        inputs = files["inputs"]
        count = sum(name.startswith("input") for name in inputs)
        self.inputs = [
            to_nchw(inputs[f"input{i}"]).contiguous(memory_format=layout) for i in range(count)
        ]
        self.labels = torch.from_numpy(inputs["labels"]).long()
        self.optimiser = torch.optim.Adam(network.parameters(), lr=3e-3, weight_decay=1e-5)

    def backward(self):
        outputs = self.network(self.inputs)
        loss = 0.0
        for at, output in enumerate(outputs):
            if output.shape[2:] != self.labels.shape[1:]:
                output = F.interpolate(
                    output, size=self.labels.shape[1:], mode="bilinear", align_corners=False
                )
            term = F.cross_entropy(output, self.labels, ignore_index=255)
            loss = loss + term * (1.0 if at == 0 else 0.15)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        return outputs

    def error(self, files: dict) -> float:
        outputs = self.backward()
        errors = [
            relative(files["outputs"][f"output{at}"], output.detach().permute(0, 2, 3, 1).numpy())
            for at, output in enumerate(outputs)
        ]
        # Every gradient as one vector: parameters whose gradient is rounding (a weight before a
        # normalisation of zeros, say) have no relative error of their own.
        ours, theirs = [], []
        for name, parameter in self.network.named():
            gradient = parameter.grad
            if gradient is None:
                gradient = torch.zeros_like(parameter)
            theirs.append(to_nasfw(gradient).ravel())
            # nasfw gives no gradient to what can only be multiplied by zero.
            known = files["gradients"].get(name)
            ours.append(np.zeros_like(theirs[-1]) if known is None else known.ravel())
        ours, theirs = np.concatenate(ours), np.concatenate(theirs)
        errors.append(float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)))
        return max(errors)

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
