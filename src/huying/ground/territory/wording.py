"""What checks found, in words for people."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from huying.ground.territory.topology import Problem


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
