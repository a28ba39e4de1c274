"""A nasfw graph as plain PyTorch modules."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class GraphNetwork(nn.Module):
    """Runs the nodes of a graph that an output depends on, in order."""

    def __init__(self, graph: dict, weights: dict[str, np.ndarray]):
        super().__init__()
        self.nodes = graph["nodes"]
        self.output_nodes = [o["node"] for o in graph["outputs"]]
        read = set(self.output_nodes)
        for at in reversed(range(len(self.nodes))):
            if at in read:
                read.update(self.nodes[at]["inputs"])
        self.order = [at for at in range(len(self.nodes)) if at in read]
        self.inputs = [at for at, n in enumerate(self.nodes) if n["op"]["kind"] == "input"]
        channels: dict[int, int] = {}
        self.layers = nn.ModuleDict()
        for at, node in enumerate(self.nodes):
            op = node["op"]
            before = [channels[i] for i in node["inputs"]]
            kind = op["kind"]
            if kind == "input":
                channels[at] = op["channels"]
            elif kind == "conv":
                channels[at] = op["out_channels"]
            elif kind == "concat":
                channels[at] = sum(before)
            else:
                channels[at] = before[0]
            if at not in read:
                continue
            if kind == "conv":
                self.layers[str(at)] = conv(op, before[0], node["name"], weights)
            elif kind == "batch_norm":
                self.layers[str(at)] = batch_norm(before[0], node["name"], weights)

    def forward(self, inputs):
        values = dict(zip(self.inputs, inputs))
        for at in self.order:
            node = self.nodes[at]
            op, before = node["op"], [values.get(i) for i in node["inputs"]]
            kind = op["kind"]
            if kind == "input":
                continue
            if kind in ("conv", "batch_norm"):
                value = self.layers[str(at)](before[0])
            elif kind == "activation":
                value = F.relu(before[0]) if op["function"] == "relu" else F.relu6(before[0])
            elif kind == "identity":
                value = before[0]
            elif kind == "zero":
                value = torch.zeros_like(before[0])
            elif kind == "add":
                value = before[0]
                for other in before[1:]:
                    value = value + other
            elif kind == "concat":
                value = torch.cat(before, dim=1)
            elif kind == "global_average_pool":
                value = F.adaptive_avg_pool2d(before[0], 1)
            elif kind == "resize_to":
                value = before[0]
                if value.shape[2:] != before[1].shape[2:]:
                    value = F.interpolate(
                        value, size=before[1].shape[2:], mode="bilinear", align_corners=False
                    )
            else:
                raise ValueError(f"node {node['name']}: unknown operation {kind}")
            values[at] = value
        return [values[at] for at in self.output_nodes]

    def named(self):
        """Parameters by nasfw's names, each with a function that converts to nasfw's layout."""
        for at, layer in self.layers.items():
            name = self.nodes[int(at)]["name"]
            for part, parameter in layer.named_parameters():
                yield f"{name}.{part}", parameter


def conv(op: dict, channels: int, name: str, weights: dict) -> nn.Conv2d:
    kernel, dilation = op["kernel"], op["dilation"]
    layer = nn.Conv2d(
        channels,
        op["out_channels"],
        kernel,
        stride=op["stride"],
        padding=dilation * (kernel - 1) // 2,
        dilation=dilation,
        groups=op["groups"],
        bias=op["bias"],
    )
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights[f"{name}.weight"].transpose(3, 2, 0, 1).copy()))
        if op["bias"]:
            layer.bias.copy_(torch.from_numpy(weights[f"{name}.bias"]))
    return layer


def batch_norm(channels: int, name: str, weights: dict) -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights[f"{name}.weight"]))
        layer.bias.copy_(torch.from_numpy(weights[f"{name}.bias"]))
        layer.running_mean.copy_(torch.from_numpy(weights[f"{name}.running_mean"]))
        layer.running_var.copy_(torch.from_numpy(weights[f"{name}.running_var"]))
    return layer


def to_nasfw(array: torch.Tensor) -> np.ndarray:
    """A weight or its gradient in nasfw's layout: kernel, kernel, in, out."""
    array = array.detach().contiguous().numpy()
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def to_nchw(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.transpose(0, 3, 1, 2).copy())
