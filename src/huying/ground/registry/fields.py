"""Every field of the registry, once: forms, import and export, merging, screens, interface and the phone read it here.

A field is kept in a column, in the plain ``details``, or sealed in ``private``. Values are plain: text, numbers, ISO dates,
``True``/``False``; ``None`` (or "" for text and choices) is empty. A ``ref`` holds the uid of another record as text, or, for
``to="staff"``, the number of a person of the organisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from . import choices as words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Type = Literal["text", "choice", "date", "integer", "decimal", "phone", "id_number", "boolean", "ref"]
Kept = Literal["column", "details", "private"]
KINDS: Final = ("premises", "person", "household", "organisation", "facility", "relation", "residence", "care")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``least`` and ``most`` bound numbers; ``most`` also bounds the length of a text (signs)."""

    name: str
    label: StrOrPromise
    type: Type = "text"
    choices: words.Choices = ()
    required: bool = False
    kept: Kept = "column"
    to: str = ""
    least: float | None = None
    most: float | None = None
    unit: str = ""
    hint: StrOrPromise = ""
    usual: words.Choices = ()  # of a free text: what is usually written, with its words in the reader's language

    @property
    def private(self) -> bool:
        """Sealed at rest, masked on screens, read through the door."""
        return self.kept == "private"

    @property
    def empty(self) -> Any:
        """What the field holds when it holds nothing."""
        return "" if self.type in ("text", "choice", "phone", "id_number") else None


KIND_LABELS: Final[Mapping[str, StrOrPromise]] = {
    "premises": _("房屋场所"),
    "person": _("人员"),
    "household": _("住户"),
    "organisation": _("单位组织"),
    "facility": _("设施"),
    "relation": _("亲属与联系人"),
    "residence": _("居住与工作"),
    "care": _("关爱名单"),
}


def _ending(*codes: str) -> Field:
    return Field("ending", _("注销原因"), "choice", tuple(pair for pair in words.ENDINGS if pair[0] in codes))


_ENDED_ON = Field("ended_on", _("注销日期"), "date")
_LON = Field("lon", _("经度"), "decimal", least=-180, most=180, unit="°")
_LAT = Field("lat", _("纬度"), "decimal", least=-90, most=90, unit="°")

_PREMISES = (
    Field("kind", _("类别"), "choice", words.PREMISES_KINDS, required=True),
    Field("name", _("名称"), required=True, most=80, hint=_("本级名称，如 3栋、502室")),
    Field("parent", _("上级"), "ref", to="premises"),
    _LON,
    _LAT,
    Field("use", _("用途"), "choice", words.USES),
    Field("risk", _("风险等级"), "choice", words.RISKS),
    Field("small_kind", _("三小场所"), "choice", words.SMALL_KINDS),
    Field("floor_area", _("建筑面积"), "decimal", least=0, most=10_000_000, unit="m²"),
    Field("height", _("建筑高度"), "decimal", least=0, most=1000, unit="m"),
    Field("fire_class", _("火灾危险性类别"), "choice", words.FIRE_CLASSES),
    Field("floors", _("层数"), "integer", kept="details", least=1, most=200),
    Field("rooms", _("房间数"), "integer", kept="details", least=0, most=10_000),
    Field("structure", _("结构"), kept="details", most=40, usual=words.STRUCTURES),
    Field("built_year", _("建成年份"), "integer", kept="details", least=1800, most=2200),
    Field("lodging", _("有人住宿"), "boolean", kept="details"),
    Field("gas", _("使用瓶装燃气"), "boolean", kept="details"),
    Field("note", _("备注"), kept="details", most=500),
    Field("keeper_name", _("负责人"), kept="private", most=64),
    Field("keeper_phone", _("负责人电话"), "phone", kept="private"),
    _ending("closed", "demolished", "mistake"),
    _ENDED_ON,
)
_PERSON = (
    Field("name", _("姓名"), kept="private", required=True, most=64),
    Field("id_number", _("身份证号"), "id_number", kept="private"),
    Field("sex", _("性别"), "choice", words.SEXES),
    Field("birth_date", _("出生日期"), "date", kept="private"),
    Field("phone", _("电话"), "phone", kept="private"),
    Field("phone2", _("备用电话"), "phone", kept="private"),
    Field("home", _("现住址"), "ref", to="premises"),
    Field("registration", _("户籍类别"), "choice", words.REGISTRATIONS),
    Field("native_place", _("户籍地"), kept="private", most=200),
    Field("employer", _("工作单位"), kept="private", most=120),
    Field("education", _("文化程度"), kept="details", most=40, usual=words.EDUCATION),
    Field("party_member", _("党员"), "boolean", kept="private"),
    Field("ethnicity", _("民族"), kept="private", most=40),
    Field("health", _("健康状况"), kept="private", most=200),
    Field("language", _("常用语言"), kept="details", most=40, usual=words.LANGUAGES),
    Field("note", _("备注"), kept="private", most=500),
    _ending("moved", "died", "mistake"),
    _ENDED_ON,
)
_HOUSEHOLD = (
    Field("premises", _("住址"), "ref", to="premises", required=True),
    Field("kind", _("类别"), "choice", words.HOUSEHOLD_KINDS, required=True),
    Field("head", _("户主"), "ref", to="person"),
    Field("tenure", _("住房来源"), "choice", words.TENURES),
    Field("note", _("备注"), kept="private", most=500),
    _ending("moved", "mistake"),
    _ENDED_ON,
)
_ORGANISATION = (
    Field("name", _("名称"), required=True, most=120),
    Field("kind", _("类别"), "choice", words.ORGANISATION_KINDS, required=True),
    Field("credit_code", _("统一社会信用代码"), most=18),
    Field("premises", _("经营地址"), "ref", to="premises"),
    Field("industry", _("行业"), kept="details", most=80),
    Field("staff_count", _("从业人数"), "integer", kept="details", least=0, most=1_000_000),
    Field("opened_on", _("开业日期"), "date", kept="details"),
    Field("contact_name", _("负责人"), kept="private", most=64),
    Field("contact_phone", _("负责人电话"), "phone", kept="private"),
    Field("note", _("备注"), kept="details", most=500),
    _ending("closed", "moved", "mistake"),
    _ENDED_ON,
)
_FACILITY = (
    Field("kind", _("类别"), "choice", words.FACILITY_KINDS, required=True),
    Field("name", _("名称"), required=True, most=80),
    Field("number", _("编号"), most=40),
    Field("premises", _("所在房屋场所"), "ref", to="premises"),
    _LON,
    _LAT,
    Field("condition", _("状况"), "choice", words.CONDITIONS),
    Field("keeper", _("管护单位"), "ref", to="organisation"),
    Field("next_service_on", _("下次保养日期"), "date", kept="details"),
    Field("note", _("备注"), kept="details", most=500),
    _ending("demolished", "mistake"),
    _ENDED_ON,
)
_RELATION = (
    Field("resident", _("谁的亲属或联系人"), "ref", to="person", required=True),
    Field("kind", _("关系"), "choice", words.RELATION_KINDS, required=True),
    Field("other", _("本地登记的人员"), "ref", to="person"),
    Field("contact_name", _("联系人姓名"), kept="private", most=64),
    Field("contact_phone", _("联系人电话"), "phone", kept="private"),
    Field("contact_address", _("联系人住址"), kept="private", most=200),
    Field("emergency_rank", _("紧急联系次序"), "integer", least=1, most=9),
    _ending("done", "mistake"),
    _ENDED_ON,
)
_RESIDENCE = (
    Field("resident", _("人员"), "ref", to="person", required=True),
    Field("premises", _("房屋场所"), "ref", to="premises", required=True),
    Field("kind", _("类别"), "choice", words.RESIDENCE_KINDS, required=True),
    Field("since", _("开始日期"), "date"),
    Field("until", _("结束日期"), "date", hint=_("不再居住或工作的第一天")),
    Field("household", _("所属住户"), "ref", to="household"),
    Field("role", _("与户主关系"), "choice", words.HOUSEHOLD_ROLES),
    _ending("moved", "done", "mistake"),
    _ENDED_ON,
)
_CARE = (
    Field("resident", _("人员"), "ref", to="person", required=True),
    Field("list", _("名单"), "choice", words.CARE_LISTS, required=True),
    Field("basis", _("法律依据"), required=True, most=200),
    Field("reason", _("列入原因"), kept="private", most=500),
    Field("since", _("起始日期"), "date", required=True),
    Field("until", _("到期日期"), "date", required=True, hint=_("到期自动移出，需继续的请重新核实列入")),
    Field("responsible", _("责任人"), "ref", to="staff"),
    Field("visits_every", _("走访周期"), "integer", least=1, most=366, unit="d"),
    _ending("done", "expired", "mistake"),
    _ENDED_ON,
)


def _named(*fields: Field) -> dict[str, Field]:
    return {field.name: field for field in fields}


FIELDS: Final[Mapping[str, Mapping[str, Field]]] = {
    "premises": _named(*_PREMISES),
    "person": _named(*_PERSON),
    "household": _named(*_HOUSEHOLD),
    "organisation": _named(*_ORGANISATION),
    "facility": _named(*_FACILITY),
    "relation": _named(*_RELATION),
    "residence": _named(*_RESIDENCE),
    "care": _named(*_CARE),
}


def as_json() -> dict[str, list[dict[str, Any]]]:
    """All fields with labels in Chinese and English, as the phone gets them."""
    return {kind: [_described(field) for field in FIELDS[kind].values()] for kind in KINDS}


def _described(field: Field) -> dict[str, Any]:
    said: dict[str, Any] = {"name": field.name, "type": field.type, "label": _both(field.label)}
    said |= {"required": field.required, "private": field.private}
    if field.hint:
        said["hint"] = _both(field.hint)
    if field.choices:
        said["choices"] = [{"name": code, "label": _both(label)} for code, label in field.choices]
    bounds = {"to": field.to, "least": field.least, "most": field.most, "unit": field.unit}
    return said | {key: value for key, value in bounds.items() if value not in ("", None)}


def _both(text: StrOrPromise) -> dict[str, str]:
    said = {}
    for language, locale in (("zh", "zh-hans"), ("en", "en")):
        with override(locale):
            said[language] = str(text)
    return said
