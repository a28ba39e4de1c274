#!/usr/bin/env python3
"""Trains an architecture in plain PyTorch with the recipe of `nasfw train`, and prints its metrics as JSON.

    pip install numpy pillow safetensors torch
    python benches/peer/train.py --task segm --data stamps-seg --seed 0 \\
        --genotype G --set space.width=24 --set train.epochs=20

Architecture and settings come from nasfw (`bench --reference`, `run --dry-run`), with the options of `nasfw train`.
Reading, augmentation, initial weights, losses, optimisers, averaging and metrics are implemented here, with a random
generator of their own. Metrics are those after the last epoch.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import numpy as np
import torch

import samples
import tasks
from network import GraphNetwork


def main() -> int:
    args = arguments()
    torch.set_num_threads(args.threads)
    start = time.perf_counter()
    config = settings(args)
    train, data = config["train"], config["data"]
    how_read = (data["depth_scale"], data["box_margin"])
    train_set, channels = samples.read(args.task, args.data, "train", *how_read)
    val_set, _ = samples.read(args.task, args.data, "val", *how_read)
    network = build(args, channels).to(memory_format=torch.channels_last)
    fit(network, train_set, train, args)
    metrics = evaluate(network, val_set, train, args.task, channels)
    seconds = round(time.perf_counter() - start, 1)
    metrics = {name: round(float(value), 6) for name, value in metrics.items()}
    print(json.dumps({"seed": args.seed, "metrics": metrics, "seconds": seconds}))
    return 0


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nasfw", default="target/release/nasfw")
    parser.add_argument("--task", choices=["segm", "depth", "pose"], required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--genotype", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


def nasfw(args, *words: str, only: str = "") -> str:
    sets = [word for one in args.set if one.startswith(only) for word in ("--set", one)]
    return subprocess.run([args.nasfw, *words, *sets], capture_output=True, check=True, text=True).stdout


def settings(args) -> dict:
    return tomllib.loads(nasfw(args, "run", "--task", args.task, "--dry-run"))


def build(args, channels: int) -> GraphNetwork:
    """Encoder, decoder and auxiliary heads: the deployed network, and its additional outputs in training."""
    graph, by_name = None, {}
    for what, size in (("infer", "32x32"), ("step", "32x32")):
        with tempfile.TemporaryDirectory() as folder:
            words = ["bench", what, "--genotype", args.genotype, "--outputs", str(channels), "--input", size]
            words += ["--batch", "1", "--runs", "1", "--reference", folder]
            # `bench` has other defaults than `train`, so the whole table of the space is passed.
            words += [w for key, v in flat(settings(args)["space"]) for w in ("--set", f"space.{key}={v}")]
            subprocess.run([args.nasfw, *words], capture_output=True, check=True)
            part = json.loads((Path(folder) / "graph.json").read_text())
        if graph is None:
            graph = part
            by_name = {node["name"]: at for at, node in enumerate(graph["nodes"])}
            continue
        names = [node["name"] for node in part["nodes"]]
        for node in part["nodes"]:
            if node["name"] not in by_name:
                by_name[node["name"]] = len(graph["nodes"])
                inputs = [by_name[names[i]] for i in node["inputs"]]
                graph["nodes"].append({**node, "inputs": inputs})
        graph["outputs"] = [{**o, "node": by_name[names[o["node"]]]} for o in part["outputs"]]
    return GraphNetwork(graph, initial(graph["nodes"], np.random.default_rng([args.seed, 0])))


def flat(table: dict, path: str = ""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        elif key != "plugin":
            yield path + key, str(value).lower() if isinstance(value, bool) else value


def initial(nodes: list, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """He-normal weights by the number of inputs, biases 0, normalisations as the identity."""
    channels, weights = [], {}
    for node in nodes:
        op, name = node["op"], node["name"]
        before = [channels[i] for i in node["inputs"]]
        if op["kind"] == "conv":
            shape = (op["kernel"], op["kernel"], before[0] // op["groups"], op["out_channels"])
            deviation = np.sqrt(2 / np.prod(shape[:3]))
            weights[f"{name}.weight"] = rng.normal(0, deviation, shape).astype(np.float32)
            weights[f"{name}.bias"] = np.zeros(op["out_channels"], np.float32)
            channels.append(op["out_channels"])
        elif op["kind"] == "input":
            channels.append(op["channels"])
        else:
            channels.append(sum(before) if op["kind"] == "concat" else before[0])
        if op["kind"] == "batch_norm":
            for part, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
                weights[f"{name}.{part}"] = np.full(before[0], value, np.float32)
    return weights


def optimiser(parameters: list, how: dict):
    if how["kind"] == "adam":
        return torch.optim.Adam(parameters, lr=how["lr"], weight_decay=how["weight_decay"])
    return torch.optim.SGD(parameters, lr=how["lr"], momentum=how["momentum"], weight_decay=how["weight_decay"])


def fit(network: GraphNetwork, train_set: list, how: dict, args):
    groups = {node["name"]: node["group"] for node in network.nodes}
    parts = {"encoder": [], "decoder": []}
    for name, parameter in network.named():
        is_encoder = groups[name.rsplit(".", 1)[0]] == "encoder"
        parts["encoder" if is_encoder else "decoder"].append(parameter)
    optimisers = {part: optimiser(parameters, how[part]) for part, parameters in parts.items()}
    rates = {part: how[part]["lr"] for part in parts}
    wanted = how["samples"] or len(train_set)
    steps = max(wanted // how["batch"], 1)
    average = copy.deepcopy(list(network.parameters())) if how["polyak"] > 0 else None
    decays = {"constant": lambda left: 1, "linear": lambda left: left, "polynomial": lambda left: left**0.9}
    first = np.random.default_rng([args.seed, 1]).permutation(len(train_set))
    for epoch in range(how["epochs"]):
        # Each pass takes the next samples of an endless cycle through the set.
        at = (np.arange(wanted) + epoch * wanted) % len(train_set)
        order = np.random.default_rng([args.seed, 2, epoch]).permutation(first[at])
        losses = []
        for step in range(steps):
            chosen = order[step * how["batch"] : (step + 1) * how["batch"]]
            crops = []
            for place, index in enumerate(chosen):
                rng = np.random.default_rng([args.seed, 3, epoch, step, place])
                crops.append(
                    samples.train_view(train_set[index], how["shorter_side_px"], how["crop_px"], rng)
                )
            left = 1 - (epoch * steps + step) / (how["epochs"] * steps)
            for part, opt in optimisers.items():
                opt.param_groups[0]["lr"] = rates[part] * decays[how["decay"]](left)
            losses.append(one_step(network.train(), crops, parts, optimisers, how, args.task))
            if average:
                with torch.no_grad():
                    for mean, now in zip(average, network.parameters()):
                        mean.lerp_(now, 1 - how["polyak"])
        if average:
            with torch.no_grad():
                for mean, now in zip(average, network.parameters()):
                    now.copy_(mean)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}", file=sys.stderr)


def one_step(network, crops: list, parts: dict, optimisers: dict, how: dict, task: str) -> float:
    images = torch.from_numpy(np.stack([image for image, _ in crops]))
    truths = [truth for _, truth in crops]
    loss = 0.0
    for at, output in enumerate(network([images])):
        weight = 1.0 if at == 0 else how["auxiliary"]
        if weight > 0:
            loss = loss + weight * tasks.loss(task, output, truths, how["crop_px"])
    for opt in optimisers.values():
        opt.zero_grad(set_to_none=True)
    loss.backward()
    for part, opt in optimisers.items():
        if how["clip_norm"] > 0:
            torch.nn.utils.clip_grad_norm_(parts[part], how["clip_norm"])
        opt.step()
    return float(loss.detach())


def evaluate(network, val_set: list, how: dict, task: str, channels: int) -> dict:
    scorer = {"segm": tasks.Segmentation, "depth": tasks.Depth, "pose": tasks.Pose}[task](channels)
    crop = how["crop_px"]
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(val_set), how["batch"]):
            views = [
                samples.eval_view(s, how["shorter_side_px"], crop) for s in val_set[start : start + how["batch"]]
            ]
            images = torch.from_numpy(np.stack([image for image, _ in views]))
            outputs = network([images])[0]
            for output, (_, truth) in zip(outputs, views):
                scorer.add(output, truth, *([crop] if task == "pose" else []))
    return scorer.metrics()


if __name__ == "__main__":
    sys.exit(main())
