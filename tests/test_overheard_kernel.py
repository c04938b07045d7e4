"""Two front ends ask a kernel at the same moment: with the extension, ipykernels below 7.4 answer both."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from other_kernels import lay_ipykernel

import jupyter_track

ROUNDS = 1_000  # without the guard about one round in 260 is overheard: 98 of 100 tries find it
PATIENCE = 20_000  # milliseconds


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelManager]:
    """A kernel of ipykernel 7.3 with the extension loaded."""
    paths = (lay_ipykernel(tmp_path_factory.mktemp("laid"), "7.3"), Path(jupyter_track.__file__).parent.parent)
    manager = KernelManager()
    manager.start_kernel(env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))})
    try:
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(60)
        code = "%load_ext jupyter_track\nimport ipykernel; assert ipykernel.__version__.startswith('7.3.')"
        assert client.execute_interactive(code, timeout=60)["content"]["status"] == "ok"
        client.stop_channels()
        yield manager
    finally:
        manager.shutdown_kernel(now=True)


def test_no_request_is_overheard(kernel: KernelManager) -> None:
    """A request that arrives while the reply to another leaves is answered, without a third to wake the kernel."""
    asking = [kernel.connect_shell(), kernel.connect_shell()]
    chance = random.Random(7)
    try:
        for place in range(ROUNDS):
            assert _both_answered(kernel, asking, chance.uniform(0, 0.003)), f"overheard in round {place}"
    finally:
        for socket in asking:
            socket.close(0)


def _both_answered(kernel: KernelManager, asking: list[Any], apart: float) -> bool:
    """Ask twice, some seconds apart."""
    first, second = (kernel.session.msg("kernel_info_request") for _ in asking)
    kernel.session.send(asking[0], first)
    then = time.perf_counter() + apart
    while time.perf_counter() < then:
        pass  # a sleep is too coarse to meet the moment
    kernel.session.send(asking[1], second)
    answered = [bool(socket.poll(PATIENCE)) for socket in asking]
    for socket, came in zip(asking, answered, strict=True):
        if came:
            socket.recv_multipart()
    return all(answered)
