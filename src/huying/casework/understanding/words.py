"""What the subjects and figures of learning are called."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from .rules import Subject

OF_EACH = {Subject.ITEM: _("各事项成绩"), Subject.UNIT: _("各单位成绩"), Subject.URGENCY: _("急与不急各自的成绩")}
SUBJECTS: Final = {Subject.ITEM: _("是什么事"), Subject.UNIT: _("谁来办"), Subject.URGENCY: _("急不急")}
FIGURES: Final = {
    "accuracy": _("说对的比例"),
    "macro_f1": _("各类平均 F1"),
    "ece": _("把握与实际的差"),
}
