"""A store with a sweep: runs whose accuracy comes from the params by a rule that is known."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

from made_stores import add_runs

MODELS = {"svm": 0.0, "forest": 0.03, "mlp": 0.05}


def add_sweep(store: Path, count: int, **fields: Any) -> list[str]:
    """Add runs and return their ids, the oldest first.

    ``lr`` (log-spaced) and ``model`` decide the accuracy, ``dropout`` and ``batch`` do not, ``depth`` is equal in all.
    """
    source = random.Random(7)
    runs = []
    for seed in range(count):
        lr = float(f"{10 ** source.uniform(-5, -1):.3g}")
        model = source.choice(list(MODELS))
        accuracy = 0.9 - 0.1 * abs(math.log10(lr) + 3) + MODELS[model] + source.gauss(0, 0.01)
        params = {
            "lr": lr,
            "model": model,
            "batch": source.choice([16, 32, 64, 128]),
            "dropout": round(source.uniform(0, 0.5), 3),
            "depth": 3,
            "seed": seed,
        }
        metrics = {"accuracy": accuracy, "loss": 1 - accuracy}
        runs.append({"params": params, "metrics": metrics, "name": f"try-{seed}", **fields})
    return add_runs(store, *runs)
