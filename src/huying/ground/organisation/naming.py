"""Names for codes that belong to rooms above: catalogue items and trades. The catalogue registers them in `ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Provider = Callable[[Iterable[str]], Mapping[str, str]]
_providers: dict[str, Provider] = {}


def register(kind: str, provider: Provider) -> None:
    """`kind` is "item" or "trade"; the provider gives names in the active language for the codes it knows."""
    _providers[kind] = provider


def names(kind: str, codes: Iterable[str]) -> dict[str, str]:
    """A name for every code; an unknown code stands for itself."""
    wanted = set(codes)
    known = _providers[kind](wanted) if kind in _providers and wanted else {}
    return {code: known.get(code, code) for code in wanted}
