"""A district that exists nowhere, of real proportions: for the demo, for tests and for measuring.

`make(scale, seed)` is pure and gives the same place for the same seed. It lies in the open East China Sea, and its
codes begin with 99, which no province of China has, so that nothing in it can be taken for a real place.
"""

from huying.ground.territory.fictional.place import FictionalPlace, Scale, make

__all__ = ["FictionalPlace", "Scale", "make"]
