"""How many bytes runs take that nothing else needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from ..belonging import NAMED_BY_RUN

POINT_BYTES = 27  # of a point in the file, as measured


class Weight:
    """What each run of a store weighs; read once, for as many groups of runs as there are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._points: dict[int, int] = dict(
            connection.execute("SELECT run_id, sum(count) FROM metrics GROUP BY run_id")
        )
        self._sizes: dict[str, int] = {}
        self._beside: set[str] = set()  # content in files of its own
        for sha256, size, beside in connection.execute("SELECT sha256, size, data IS NULL FROM contents"):
            self._sizes[sha256] = size
            if beside:
                self._beside.add(sha256)
        self._users: dict[str, set[int]] = {}
        self._named: dict[int, set[str]] = {}
        versions = "SELECT -version_id, sha256 FROM model_version_files"  # which no run takes along
        for number, sha256 in connection.execute(f"{NAMED_BY_RUN} UNION {versions}"):
            self._users.setdefault(sha256, set()).add(number)
            self._named.setdefault(number, set()).add(sha256)

    def points(self, numbers: Collection[int]) -> int:
        """Return how many points runs have."""
        return sum(self._points.get(number, 0) for number in numbers)

    def bytes(self, numbers: Collection[int]) -> int:
        """Return the bytes of the content that only these runs name, and of their points."""
        return sum(self._sizes.get(sha256, 0) for sha256 in self._alone(numbers)) + POINT_BYTES * self.points(numbers)

    def _alone(self, numbers: Collection[int]) -> set[str]:
        """Return the content that these runs name, and no others."""
        among = set(numbers)
        named = {sha256 for number in among for sha256 in self._named.get(number, ())}
        return {sha256 for sha256 in named if self._users[sha256] <= among}

    def going(self, numbers: Collection[int]) -> tuple[int, set[str]]:
        """Return what goes with these runs and with the content that no run names.

        Returns
        -------
        tuple of int and set of str
            The bytes within the store's file, and the hashes of the content that lies beside it.
        """
        hashes = self._alone(numbers) | (self._sizes.keys() - self._users.keys())
        inside = sum(self._sizes.get(sha256, 0) for sha256 in hashes - self._beside)
        return inside + POINT_BYTES * self.points(numbers), hashes & self._beside
