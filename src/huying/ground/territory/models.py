"""Tables of territory. The database guards codes, levels, parents and periods itself (see also migration 0002)."""

from typing import ClassVar

import shapely
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry


class AreaLevel(models.TextChoices):
    PROVINCE = "province", _("省")
    CITY = "city", _("市")
    COUNTY = "county", _("区县")
    TOWN = "town", _("街道（镇）")
    COMMUNITY = "community", _("社区（村）")
    GRID = "grid", _("网格")
    MICRO = "micro", _("微网格")


class AreaKind(models.TextChoices):
    NONE = "", _("行政区域")
    GENERAL = "general", _("综合网格")
    SPECIAL = "special", _("专属网格")
    TEMPORARY = "temporary", _("临时网格")


class Area(models.Model):
    """An administrative area, a grid or a micro-grid. The code never changes; a re-divided grid gets an end date.

    `shape` is WKB in CGCS2000 degrees; `lon`, `lat` a point inside. Validity is half-open: [valid_from, valid_to).
    """

    code = models.CharField(_("编码"), max_length=17, primary_key=True, db_collation="C")
    level = models.CharField(_("级别"), max_length=9, choices=AreaLevel)
    kind = models.CharField(_("类别"), max_length=9, choices=AreaKind, blank=True, default="")
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True, default="")
    parent = models.ForeignKey(
        "self", verbose_name=_("上级"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    shape = models.BinaryField(_("边界"), null=True, blank=True)
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    attributes = models.JSONField(_("属性"), default=dict, blank=True)

    class Meta:
        verbose_name = _("区域")
        verbose_name_plural = _("区域")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15}|[0-9]{17})$"),
                name="territory_area_code_form",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="territory_area_period"
            ),
            models.CheckConstraint(
                condition=(Q(lon__isnull=True) & Q(lat__isnull=True))
                | Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90),
                name="territory_area_centre",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="territory_area_named"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def geometry(self) -> BaseGeometry | None:
        """The shape as geometry, None when it is not known."""
        return shapely.from_wkb(bytes(self.shape)) if self.shape else None


class AreaChange(models.Model):
    """How one area became another: the record that lets an old case find today's grid. Append-only."""

    class Kind(models.TextChoices):
        DRAW = "draw", _("新设")
        SPLIT = "split", _("拆分")
        MERGE = "merge", _("合并")
        RESHAPE = "reshape", _("调整边界")
        RENAME = "rename", _("更名")
        RETIRE = "retire", _("撤销区域")

    predecessor = models.ForeignKey(
        Area, verbose_name=_("原区域"), null=True, on_delete=models.PROTECT, related_name="changes_after"
    )
    successor = models.ForeignKey(
        Area, verbose_name=_("新区域"), null=True, on_delete=models.PROTECT, related_name="changes_before"
    )
    kind = models.CharField(_("变更"), max_length=8, choices=Kind)
    on = models.DateField(_("生效日期"))
    at = models.DateTimeField(_("记录时间"))
    reason = models.CharField(_("原因"), max_length=200, blank=True, default="")
    details = models.JSONField(_("详情"), default=dict, blank=True)

    class Meta:
        verbose_name = _("区域变更")
        verbose_name_plural = _("区域变更")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(predecessor__isnull=False) | Q(successor__isnull=False),
                name="territory_change_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.predecessor_id or ''}→{self.successor_id or ''}"


class PlaceName(models.Model):
    """A name on the ground by which people say where something is. A road carries its line and house numbers."""

    class Kind(models.TextChoices):
        ESTATE = "estate", _("小区")
        VILLAGE = "village", _("村")
        BUILDING = "building", _("楼栋")
        ROAD = "road", _("道路")
        SCHOOL = "school", _("学校")
        HOSPITAL = "hospital", _("医院")
        MARKET = "market", _("市场")
        PARK = "park", _("公园")
        INDUSTRY = "industry", _("园区")
        METRO = "metro", _("地铁站")
        POI = "poi", _("其他地点")

    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True, default="")
    aliases = ArrayField(models.CharField(max_length=80), verbose_name=_("别名"), default=list, blank=True)
    kind = models.CharField(_("类别"), max_length=8, choices=Kind)
    area = models.ForeignKey(Area, verbose_name=_("所属区域"), null=True, blank=True, on_delete=models.PROTECT)
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    path = models.BinaryField(_("道路中线"), null=True, blank=True)
    number_from = models.IntegerField(_("起始门牌号"), null=True, blank=True)
    number_to = models.IntegerField(_("终止门牌号"), null=True, blank=True)

    class Meta:
        verbose_name = _("地名")
        verbose_name_plural = _("地名")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "name", "area", "number_from"], nulls_distinct=False, name="territory_placename_once"
            ),
            models.CheckConstraint(
                condition=Q(number_from__isnull=True, number_to__isnull=True)
                | Q(number_from__isnull=False, number_to__isnull=False),
                name="territory_placename_numbers",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="territory_placename_named"),
        ]

    def __str__(self) -> str:
        return self.name


class BaseLayer(models.Model):
    """One thing drawn under the grids, so that a map needs no tiles: water, green, road (rank 0 widest), building."""

    class Kind(models.TextChoices):
        WATER = "water", _("水域")
        PARK = "park", _("绿地")
        ROAD = "road", _("道路")
        RAIL = "rail", _("轨道")
        BUILDING = "building", _("建筑")

    kind = models.CharField(_("类别"), max_length=8, choices=Kind)
    name = models.CharField(_("名称"), max_length=80, blank=True, default="")
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True, default="")
    area = models.CharField(_("区域"), max_length=17, blank=True, default="", db_collation="C")
    rank = models.SmallIntegerField(_("等级"), default=0)
    shape = models.BinaryField(_("图形"))

    class Meta:
        verbose_name = _("底图要素")
        verbose_name_plural = _("底图要素")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class TerritoryVersion(models.Model):
    """One row whose stamp the database renews with every change of territory: who has read it knows what is stale."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    stamp = models.UUIDField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="territory_version_single")]

    def __str__(self) -> str:
        return str(self.stamp)
