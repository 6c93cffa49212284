"""Forms of the territory administration."""

import json
from collections.abc import Sequence
from typing import Any

import shapely
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.coordinates import CRS_NAMES, Crs, convert_point, crs_of

CRS_WORDS = {
    "cgcs2000": "CGCS2000",
    "wgs84": "WGS-84",
    "gcj02": _("GCJ-02（高德、腾讯、微信）"),
    "bd09": _("BD-09（百度）"),
}
CRS_CHOICES = [(name, CRS_WORDS[name]) for name in CRS_NAMES]
LARGEST_FILE = 60 * 1024 * 1024


class CrsField(forms.ChoiceField):
    """A coordinate system."""

    def __init__(self) -> None:
        super().__init__(label=_("坐标系"), choices=CRS_CHOICES, initial="cgcs2000")

    def clean(self, value: Any) -> Crs:
        return crs_of(super().clean(value))


class ImportForm(forms.Form):
    """A file of areas or place names."""

    what = forms.ChoiceField(
        label=_("导入什么"),
        choices=[("areas", _("区域和网格")), ("names", _("地名"))],
        initial="areas",
        widget=forms.RadioSelect,
    )
    file = forms.FileField(label=_("文件"), help_text=_("GeoJSON，或带表头的 CSV（编码、名称、边界 WKT）"))
    crs = CrsField()
    allow_gaps = forms.BooleanField(label=_("社区内允许有空隙"), required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("文件超过 60 MB，请分区导入或使用命令行"))
        return file


class ReasonForm(forms.Form):
    """What every change asks for."""

    on = forms.DateField(
        label=_("生效日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("留空即今天生效"),
    )
    reason = forms.CharField(label=_("变更原因"), max_length=200, required=False)


class RenameForm(ReasonForm):
    name = forms.CharField(label=_("名称"), max_length=80)
    name_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    field_order = ("name", "name_en", "on", "reason")


class DrawForm(ReasonForm):
    name = forms.CharField(label=_("名称"), max_length=80)
    kind = forms.ChoiceField(
        label=_("类别"),
        choices=[("general", _("综合网格")), ("special", _("专属网格")), ("temporary", _("临时网格"))],
        widget=forms.RadioSelect,
        initial="general",
    )
    crs = CrsField()
    shape = forms.CharField(
        label=_("边界"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("在地图上画，或每行写一个点：经度,纬度"),
    )
    field_order = ("name", "kind", "shape", "crs", "on", "reason")

    def clean_shape(self) -> BaseGeometry:
        return polygon_from(self.cleaned_data["shape"], crs_of(self.data.get("crs") or "cgcs2000"))


class SplitForm(ReasonForm):
    line = forms.CharField(
        label=_("分割线"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("每行写线上的一个点：经度,纬度。线要从网格外面一侧穿到另一侧。"),
    )
    crs = CrsField()
    names = forms.CharField(required=False)
    field_order = ("line", "crs", "names", "on", "reason")

    def clean_line(self) -> LineString:
        return line_from(self.cleaned_data["line"], crs_of(self.data.get("crs") or "cgcs2000"))

    def clean_names(self) -> list[str]:
        """One name for each part, "" for one without: from as many fields, or from the lines of a single one."""
        given = self.data.getlist("names") if isinstance(self.data, QueryDict) else [self.cleaned_data["names"]]
        return [name.strip() for name in (given if len(given) > 1 else "".join(given).splitlines())]


class ReshapeForm(ReasonForm):
    shape = forms.CharField(
        label=_("边界"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("GeoJSON 图形，或每行写一个点：经度,纬度"),
    )
    crs = CrsField()
    carry = forms.BooleanField(
        label=_("相邻网格跟着调整"),
        required=False,
        initial=True,
        help_text=_("让出的地方归共同边界最长的相邻网格，占到的地方从相邻网格里减去"),
    )
    field_order = ("carry", "shape", "crs", "on", "reason")

    def __init__(self, *args: Any, original: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shape"].initial = original
        self.fields["shape"].widget.attrs["data-original"] = original

    def clean_shape(self) -> BaseGeometry:
        return polygon_from(self.cleaned_data["shape"], crs_of(self.data.get("crs") or "cgcs2000"))


class MergeForm(ReasonForm):
    codes = forms.MultipleChoiceField(label=_("与哪些相邻网格合并"), widget=forms.CheckboxSelectMultiple)
    name = forms.CharField(label=_("合并后的名称"), max_length=80)
    field_order = ("codes", "name", "on", "reason")

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["codes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices


def points_from(text: str, crs: Crs) -> list[tuple[float, float]]:
    """Points written one a line as longitude,latitude, converted to CGCS2000."""
    points = []
    for number, line in enumerate(filter(str.strip, text.replace("；", "\n").replace(";", "\n").splitlines()), start=1):
        parts = line.replace("，", ",").replace(",", " ").split()
        try:
            lon, lat = (float(part) for part in parts)
        except ValueError as error:
            raise forms.ValidationError(_("第 %(n)s 行应写成：经度,纬度"), params={"n": number}) from error
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise forms.ValidationError(_("第 %(n)s 行不是经纬度"), params={"n": number})
        points.append(convert_point(lon, lat, crs, "cgcs2000"))
    return points


def _drawn(text: str) -> BaseGeometry | None:
    """What the map wrote: a GeoJSON geometry in CGCS2000, whatever system is chosen for typing."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        shape: BaseGeometry = shapely.from_geojson(json.dumps(json.loads(text)))
    except (ValueError, shapely.errors.GEOSException) as error:
        raise forms.ValidationError(_("读不懂的图形")) from error
    return shape


def polygon_from(text: str, crs: Crs) -> BaseGeometry:
    """A polygon from the map or from typed points."""
    if (drawn := _drawn(text)) is not None:
        return drawn
    points = points_from(text, crs)
    if len(points) < 3:
        raise forms.ValidationError(_("边界至少要三个点"))
    return shapely.Polygon(points)


def line_from(text: str, crs: Crs) -> LineString:
    """A line from the map (the outline of a drawn polygon counts as one) or from typed points."""
    drawn = _drawn(text)
    if isinstance(drawn, LineString):
        return drawn
    if isinstance(drawn, shapely.Polygon):
        return LineString(drawn.exterior.coords)
    points = points_from(text, crs) if drawn is None else []
    if len(points) < 2:
        raise forms.ValidationError(_("分割线至少要两个点"))
    return LineString(points)
