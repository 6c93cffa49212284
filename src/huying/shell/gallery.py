"""The gallery: every component in every state on one page, for the people who build and judge the screens."""

from __future__ import annotations

import os
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.shell.assets import asset_url

FRAMES = {
    "desk": "shell/gallery/desk.html",
    "dark": "shell/gallery/desk.html",
    "portal": "shell/gallery/portal.html",
    "map": "shell/gallery/map.html",
}

CHOICES = [("repair", _("报修")), ("ask", _("咨询")), ("praise", _("表扬"))]


class SampleForm(forms.Form):
    """One field of each kind, so that errors can be seen on all of them."""

    what = forms.CharField(
        label=_("发生了什么"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("时间、地点、情况")
    )
    phone = forms.CharField(label=_("手机号"), widget=forms.TextInput(attrs={"type": "tel"}))
    kind = forms.ChoiceField(label=_("类别"), choices=CHOICES, widget=forms.RadioSelect)
    unit = forms.ChoiceField(label=_("单位"), choices=[("", _("请选择")), *CHOICES], required=False)
    seen = forms.DateField(label=_("看到的日子"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    photo = forms.FileField(label=_("照片"), required=False)
    hide = forms.BooleanField(label=_("不让被反映的单位知道我是谁"), required=False)
    agree = forms.BooleanField(label=_("我已核对"))


def _sample_rows() -> list[dict[str, Any]]:
    now = timezone.now()
    lights = ["none", "blue", "yellow", "red", "black"]
    names = [_("路灯不亮"), _("小区门口占道停车"), _("井盖松动，车过有响声"), _("楼道堆放杂物"), _("夜间施工噪声")]
    return [
        {
            "code": f"HY-2026-{1001 + at}",
            "name": names[at],
            "place": _("朝阳街道 · 桃花社区 · 第三网格"),
            "light": lights[at],
            "due": now + timedelta(hours=30 - at * 14, minutes=11),
        }
        for at in range(5)
    ]


def _shapes() -> dict[str, Any]:
    def square(at: int) -> list[list[float]]:
        lon, lat, side = 112.340 + 0.008 * (at % 4), 28.580 + 0.008 * (at // 4), 0.008
        bend = 0.0012 * (at % 3)
        return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon + bend, lat + side], [lon, lat]]

    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": f"第{at + 1}网格", "url": "#"},
                "geometry": {"type": "Polygon", "coordinates": [square(at)]},
            }
            for at in range(12)
        ],
    }


def _ground() -> dict[str, Any]:
    """A river between greens and a few roads, so that the look of the ground can be judged without any place."""

    def feature(kind: str, name: str, rank: int, geometry: str, points: list[Any]) -> dict[str, Any]:
        about = {"kind": kind, "name": name, "name_en": name, "rank": rank}
        return {
            "type": "Feature",
            "properties": about,
            "geometry": {"type": geometry, "coordinates": points},
        }

    def band(west: float, wide: float) -> list[list[list[float]]]:
        bends = [(28.57, 0.0), (28.58, 0.002), (28.59, 0.0005), (28.6, 0.003), (28.615, 0.002)]
        there = [[west + shift, lat] for lat, shift in bends]
        back = [[west + wide + shift, lat] for lat, shift in reversed(bends)]
        return [[*there, *back, there[0]]]

    return {
        "type": "FeatureCollection",
        "features": [
            feature("park", "", 0, "Polygon", band(112.3545, 0.0035)),
            feature("water", "桃花溪", 0, "Polygon", band(112.3552, 0.0021)),
            feature("road", "朝阳大道", 0, "LineString", [[112.33, 28.588], [112.352, 28.588], [112.38, 28.592]]),
            feature("road", "文昌路", 1, "LineString", [[112.348, 28.57], [112.348, 28.615]]),
            feature("road", "", 2, "LineString", [[112.364, 28.57], [112.366, 28.615]]),
        ],
    }


def _points() -> dict[str, Any]:
    lights = ["none", "blue", "yellow", "red", "black"]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": f"HY-{at}", "url": "#", "light": lights[at % 5]},
                "geometry": {"type": "Point", "coordinates": [112.341 + 0.0013 * at, 28.581 + 0.0021 * (at * 7 % 11)]},
            }
            for at in range(24)
        ],
    }


def gallery(request: HttpRequest, page: str = "desk") -> HttpResponse:
    """Served only in development or with HUYING_GALLERY=1."""
    if not (settings.DEBUG or os.environ.get("HUYING_GALLERY") == "1"):
        raise Http404
    drawn = {"areas.json": _shapes, "points.json": _points, "ground.json": _ground}
    if page in drawn:
        return JsonResponse(drawn[page]())
    if page not in FRAMES:
        raise Http404
    wrong = SampleForm({"what": "", "phone": "123"})
    now = timezone.now()
    return render(
        request,
        FRAMES[page],
        {
            "theme": "dark" if page == "dark" else "light",
            "form": SampleForm(),
            "wrong": wrong,
            "rows": _sample_rows(),
            "choices": CHOICES,
            "cards": [(key, said, _("通常 3 天内答复")) for key, said in CHOICES],
            "now": now,
            "earlier": now - timedelta(minutes=7),
            "yesterday": now - timedelta(days=1, hours=2),
            "later": now + timedelta(days=2, hours=5),
            "page": SimpleNamespace(prev="a", next="b"),
            "steps": [_("说清楚"), _("在哪里"), _("核对送出")],
            "photos": [{"url": asset_url("mark.svg"), "alt": _("路灯近照"), "caption": _("处置前")}] * 3,
            "crumbs": [("/", _("首页")), ("#", _("事件")), ("", "HY-2026-1001")],
            "errors": [("what", _("请写明发生了什么"))],
        },
    )
