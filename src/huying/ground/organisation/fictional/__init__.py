"""A believable organisation for a fictional place: units, posts, people, rotas, lists and demonstration logins.

`plan` is pure and deterministic; `load` writes a plan in bulk.
"""

from .load import Loaded, load
from .logins import DEMO_LOGINS, DEMO_PASSWORD, DEMO_RESIDENTS, DemoLogin, DemoResident
from .plan import Plan, plan
from .vocabulary import read_items, read_trades

__all__ = [
    "DEMO_LOGINS",
    "DEMO_PASSWORD",
    "DEMO_RESIDENTS",
    "DemoLogin",
    "DemoResident",
    "Loaded",
    "Plan",
    "load",
    "plan",
    "read_items",
    "read_trades",
]
