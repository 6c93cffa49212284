"""What checks found, in words for people."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from huying.ground.territory.parsing import REFUSALS
from huying.ground.territory.topology import Problem


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line or an outline cannot be used, and what to do instead."""

    title: StrOrPromise
    hint: str = ""


def refusal(reason: str) -> Refusal:
    """The words for a reason that topology gives."""
    hints = {
        "line_misses": _("请从网格外面一侧点起，穿过网格，到另一侧外面结束。"),
        "line_ends_inside": _("线的一端停在了网格里面，请把这一端的圆点拖到边界外面。"),
        "part_too_small": _("请把线往网格里面挪一挪。"),
        "invalid": _("请退一步，或把交叉的圆点拖开。"),
        "swallows_neighbour": _("请退一步，把边界收回来一些。"),
    }
    return Refusal(REFUSALS.get(reason, reason), hints.get(reason, ""))


def problem_kinds() -> dict[str, str]:
    """Each kind of problem in a word, for the map."""
    return {"overlap": _("重叠"), "gap": _("空隙"), "outside": _("越界")}


def describe(problem: Problem, name_of: Callable[[str], str] = str) -> str:
    """One sentence: which grids, how large, and where."""
    names = [name_of(code) for code in problem.codes]
    size = _("%(area)s 平方米") % {
        "area": f"{problem.area_m2:,.0f}" if problem.area_m2 >= 10 else f"{problem.area_m2:.1f}"
    }
    place = f"{problem.lon:.6f}, {problem.lat:.6f}"
    if problem.kind == "overlap":
        return _("%(a)s 与 %(b)s 重叠 %(size)s，位于 %(place)s") % {
            "a": names[0],
            "b": names[1],
            "size": size,
            "place": place,
        }
    if problem.kind == "gap":
        beside = _("、").join(names) or _("边缘")
        return _("%(beside)s 旁有 %(size)s 没有网格，位于 %(place)s") % {"beside": beside, "size": size, "place": place}
    if problem.kind == "outside":
        return _("%(a)s 有 %(size)s 超出所属区域，位于 %(place)s") % {"a": names[0], "size": size, "place": place}
    if problem.kind == "invalid":
        return _("%(a)s 的边界无效：%(why)s") % {"a": names[0], "why": problem.detail}
    return _("%(a)s 没有边界") % {"a": names[0]}
