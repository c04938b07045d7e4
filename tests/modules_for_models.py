"""torch modules of a file, as a project has them: what models are described by is their class and its arguments."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Perceptron(nn.Module):
    """Keeps its arguments as attributes, which is torch's habit."""

    def __init__(self, inputs: int, hidden: int = 8, act: str = "relu") -> None:
        super().__init__()
        self.inputs = inputs
        self.hidden = hidden
        self.act = act
        self.first = nn.Linear(inputs, hidden)
        self.last = nn.Linear(hidden, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Two layers."""
        return self.last(getattr(torch, self.act)(self.first(x)))


class Forgetful(nn.Module):
    """Keeps no argument."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """One layer."""
        return self.layer(x)


class Acting(nn.Module):
    """Keeps a function under another name than its argument's."""

    def __init__(self, activation: object = torch.relu) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.act = activation

    def forward(self, x: Tensor) -> Tensor:
        """One layer."""
        return self.act(self.layer(x))  # type: ignore[operator]


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        """The same twice."""
        return self.second(self.first(x))
