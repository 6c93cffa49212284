"""Joining what belongs together: average linkage over a sparse table of chances. Pure.

Two groups join when the mean chance of all pairs across them (a missing pair counts 0) is high enough, the surest pair
of groups first. The mean guards against chains: one message that resembles both sides cannot tie them together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

Links = Iterable[tuple[int, int, float]]


def linked(count: int, links: Links, threshold: float, sizes: Sequence[int] | None = None) -> list[list[int]]:
    """Groups of 0..count-1, each ascending, ordered by their first; ``links`` are pairs i < j with a chance above 0.

    With ``sizes`` each of them stands for so many already joined, and the chance of a link is the sum over both sides.
    """
    size = list(sizes) if sizes is not None else [1] * count
    near: list[dict[int, float]] = [{} for _ in range(count)]
    for one, other, chance in links:
        near[one][other] = near[other][one] = chance
    members: list[list[int]] = [[number] for number in range(count)]
    heap = [
        (-total / (size[one] * size[other]), one, other)
        for one in range(count)
        for other, total in near[one].items()
        if one < other and total >= threshold * size[one] * size[other]
    ]
    heapq.heapify(heap)
    while heap:
        mean, one, other = heapq.heappop(heap)
        total = near[one].get(other) if members[one] and members[other] else None
        if total is None or -total / (size[one] * size[other]) > mean + 1e-12:
            continue  # joined elsewhere since, or grown less alike; a fresh entry is in the heap when it still counts
        _join(near, members, one, other)
        size[one] += size[other]
        for third, total in near[one].items():
            fresh = total / (size[one] * size[third])
            if fresh >= threshold:
                heapq.heappush(heap, (-fresh, min(one, third), max(one, third)))
    return sorted(sorted(group) for group in members if group)


def _join(near: list[dict[int, float]], members: list[list[int]], one: int, other: int) -> None:
    """Empty ``other`` into ``one``; what is kept between groups are sums of chances."""
    members[one] += members[other]
    members[other] = []
    del near[one][other]
    for third, total in near[other].items():
        if third != one:
            near[one][third] = near[third][one] = near[one].get(third, 0.0) + total
            del near[third][other]
    near[other] = {}
