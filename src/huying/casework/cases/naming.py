"""What deeds and chains of cases are called on pages of rooms below, such as the record of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from .models import Case
from .turns import chain
from .words import ACTIONS

_MORE: dict[str, StrPromise] = {
    "open": gettext_lazy("登记反映"),
    "join": gettext_lazy("登记又一人反映"),
    "attach": gettext_lazy("上传照片和材料"),
    "absorb": gettext_lazy("合并进来"),
    "release": gettext_lazy("撤销合并"),
    "warn": gettext_lazy("时限预警"),
    "supervise": gettext_lazy("发督办单"),
    "supervise_answer": gettext_lazy("回复督办单"),
    "supervise_send_back": gettext_lazy("退回督办回复"),
    "supervise_escalate": gettext_lazy("督办升级"),
    "supervise_remind": gettext_lazy("催促回复督办单"),
    "supervise_close": gettext_lazy("督办了结"),
}


def acts(verbs: Iterable[str]) -> Mapping[str, str]:
    """A name for each deed that is done to cases."""
    known = _MORE | {str(action): words for action, words in ACTIONS.items()}
    return {verb: str(known[verb]) for verb in verbs if verb in known}


def numbers(chains: Iterable[str]) -> Mapping[str, str]:
    """The number of the case each chain is of; one query."""
    ids = [int(name.removeprefix("case:")) for name in chains if name.removeprefix("case:").isdecimal()]
    return {chain(pk): number for pk, number in Case.objects.filter(pk__in=ids).values_list("pk", "number")}
