"""Linear layers in eight bits, for processors on which that is faster than 32-bit floats.

Weights have a scale for each output, activations one for each token, so what a text becomes does not depend on what
it is embedded beside (LLM.int8(): Dettmers et al., 2022, section 3.1, vector-wise quantisation).
"""

from __future__ import annotations

import copy
from typing import Any

import torch


class EightBitLinear(torch.nn.Module):  # type: ignore[misc]  # torch is not followed: it takes mypy a minute
    """What a `torch.nn.Linear` computes, from weights of a byte each: float [..., in] -> float [..., out]."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        self.scales = weight.abs().amax(dim=1).clamp_min(1e-12) / 127
        self.weight = torch.round(weight / self.scales[:, None]).to(torch.int8).t().contiguous()
        self.bias = None if linear.bias is None else linear.bias.detach().float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
        scales = rows.abs().amax(dim=1, keepdim=True).clamp_min_(1e-12).div_(127)
        eight = rows.mul(scales.reciprocal()).round_().to(torch.int8)
        result = torch._int_mm(eight, self.weight).float().mul_(scales).mul_(self.scales)
        if self.bias is not None:
            result.add_(self.bias)
        return result.view(*x.shape[:-1], -1)


def in_eight_bits(model: Any) -> Any:
    """A copy of `model` (any torch module) whose linear layers compute in eight bits."""
    smaller = copy.deepcopy(model)
    for module in smaller.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                setattr(module, name, EightBitLinear(child))
    return smaller
