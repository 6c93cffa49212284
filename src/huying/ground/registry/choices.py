"""The words a registry field may hold: code → label. Codes are stored and exchanged; labels are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Choices = tuple[tuple[str, "StrOrPromise"], ...]

PREMISES_KINDS: Final[Choices] = (
    ("compound", _("小区（院落）")),
    ("building", _("楼栋")),
    ("unit", _("单元")),
    ("floor", _("楼层")),
    ("room", _("房屋")),
    ("shop", _("门店")),
    ("workshop", _("作坊")),
    ("leisure", _("娱乐场所")),
    ("site", _("工地")),
    ("public", _("公共场所")),
)
USES: Final[Choices] = (
    ("dwelling", _("自住")),
    ("rental", _("出租")),
    ("group_rental", _("群租")),
    ("dormitory", _("宿舍")),
    ("business", _("经营")),
    ("mixed", _("住改商（住商混用）")),
    ("office", _("办公")),
    ("storage", _("仓储")),
    ("school", _("学校")),
    ("medical", _("医疗")),
    ("empty", _("空置")),
    ("other", _("其他")),
)
RISKS: Final[Choices] = (("red", _("红色")), ("yellow", _("黄色")), ("green", _("绿色")))
SMALL_KINDS: Final[Choices] = (("shop", _("小档口")), ("workshop", _("小作坊")), ("leisure", _("小娱乐场所")))
FIRE_CLASSES: Final[Choices] = (("A", _("甲")), ("B", _("乙")), ("C", _("丙")), ("D", _("丁")), ("E", _("戊")))
SEXES: Final[Choices] = (("female", _("女")), ("male", _("男")))
REGISTRATIONS: Final[Choices] = (
    ("local", _("本地户籍")),
    ("elsewhere", _("流动人口")),
    ("hk_mo_tw", _("港澳台居民")),
    ("foreign", _("外籍")),
)
HOUSEHOLD_KINDS: Final[Choices] = (("family", _("家庭户")), ("collective", _("集体户")))
TENURES: Final[Choices] = (
    ("owned", _("自有")),
    ("rented", _("租住")),
    ("lent", _("借住")),
    ("dormitory", _("单位宿舍")),
)
ORGANISATION_KINDS: Final[Choices] = (
    ("company", _("企业")),
    ("sole_trader", _("个体工商户")),
    ("school", _("学校与幼儿园")),
    ("medical", _("医疗机构")),
    ("public_body", _("机关事业单位")),
    ("social", _("社会组织")),
    ("property", _("物业服务企业")),
    ("committee", _("业主委员会")),
    ("other", _("其他")),
)
FACILITY_KINDS: Final[Choices] = (
    ("hydrant", _("消火栓")),
    ("extinguishers", _("灭火器箱")),
    ("fire_station", _("微型消防站")),
    ("charging", _("电动自行车充电设施")),
    ("lift", _("电梯")),
    ("gas", _("燃气设施")),
    ("power", _("配电设施")),
    ("manhole", _("井盖")),
    ("lamp", _("路灯")),
    ("camera", _("公共视频")),
    ("aed", _("自动体外除颤器")),
    ("shelter", _("应急避难场所")),
    ("waste", _("垃圾分类点")),
    ("play", _("健身与儿童设施")),
    ("billboard", _("户外广告牌")),
    ("other", _("其他")),
)
CONDITIONS: Final[Choices] = (("good", _("完好")), ("worn", _("需维护")), ("broken", _("损坏")), ("gone", _("缺失")))
RELATION_KINDS: Final[Choices] = (
    ("spouse", _("配偶")),
    ("parent", _("父母")),
    ("child", _("子女")),
    ("grandparent", _("祖父母（外祖父母）")),
    ("grandchild", _("孙子女（外孙子女）")),
    ("sibling", _("兄弟姐妹")),
    ("guardian", _("监护人")),
    ("carer", _("照护人")),
    ("relative", _("其他亲属")),
    ("friend", _("朋友邻居")),
    ("landlord", _("房东")),
    ("employer", _("雇主")),
)
RESIDENCE_KINDS: Final[Choices] = (
    ("lives", _("居住")),
    ("works", _("工作")),
    ("owns", _("产权人")),
    ("lets", _("出租人")),
)
HOUSEHOLD_ROLES: Final[Choices] = (
    ("head", _("户主")),
    ("spouse", _("配偶")),
    ("child", _("子女")),
    ("parent", _("父母")),
    ("other", _("其他成员")),
)
CARE_LISTS: Final[Choices] = (
    ("elder_alone", _("独居老人")),
    ("elder_aged", _("高龄老人")),
    ("elder_disabled", _("失能老人")),
    ("disabled", _("残疾人")),
    ("low_income", _("低保与低收入家庭")),
    ("destitute", _("特困人员")),
    ("child_hardship", _("困境儿童")),
    ("child_left", _("留守儿童")),
    ("veteran", _("优抚对象")),
    ("severe_illness", _("重病慢病人员")),
    ("mental_health", _("严重精神障碍患者")),
    ("correction", _("社区矫正对象")),
    ("released", _("安置帮教对象")),
    ("drug_recovery", _("社区戒毒康复人员")),
)
ENDINGS: Final[Choices] = (
    ("moved", _("迁出")),
    ("died", _("死亡")),
    ("closed", _("关停")),
    ("demolished", _("拆除")),
    ("expired", pgettext_lazy("care", "到期")),
    ("done", _("已了结")),
    ("mistake", _("登记有误")),
    ("erased", _("已删除")),
)
# What is usually written in free texts, as it is written; shown in the reader's language where it is one of these.
EDUCATION: Final[Choices] = (
    ("文盲", _("不识字")),
    ("小学", _("小学")),
    ("初中", _("初中")),
    ("高中", _("高中")),
    ("中专", _("中专")),
    ("大专", _("大专")),
    ("本科", _("本科")),
    ("硕士", _("硕士")),
    ("博士", _("博士")),
)
LANGUAGES: Final[Choices] = (
    ("普通话", _("普通话")),
    ("方言", _("方言")),
    ("粤语", _("粤语")),
    ("英语", _("英语")),
)
STRUCTURES: Final[Choices] = (
    ("砖混", _("砖混")),
    ("砖木", _("砖木")),
    ("框架", _("框架")),
    ("剪力墙", _("剪力墙")),
    ("钢结构", _("钢结构")),
    ("土木", _("土木")),
)
