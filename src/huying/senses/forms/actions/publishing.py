"""Bringing a form in, publishing a version, retiring a form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue import queries as catalogue
from huying.ground.registry.fields import FIELDS
from huying.kernel import facts, trace
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, NotFound, Refused

from .. import access
from ..facts import FormPublished
from ..importing import Known, import_workbook, shipped_version
from ..models import Form, FormVersion
from ..workbook import Problem

SHIPPED: Final = Path(__file__).parents[1] / "shipped"
LOADER: Final = system("shipped-forms")
_LOADERS: Final = frozenset(system(name).ref for name in ("shipped-forms", "founding", "demo"))


class FormRefused(Invalid):
    """The file is no form we can use; ``problems`` says what is wrong in which row."""

    default_code = "form_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = problems[0]
        place = f"{first.sheet} {first.row}" if first.row else first.sheet
        said = f"{place}: {first.words}" if place else str(first.words)
        super().__init__(said, hint=_("请按提示改好表格再导入；一处也没有存下。"), field="file")


def import_form(content: bytes, *, actor: Actor, now: datetime, name: str = "") -> FormVersion:
    """Read an XLSForm and keep it as a version that is not published yet.

    The same definition under the same version again gives the version that is there; another one is refused, for a
    version never changes once published. Raises :class:`FormRefused` with every problem of the file.
    """
    access.must_edit(actor)
    codes = {item.code for item in catalogue.current(local_day(now)).items}
    return _bring_in(content, Known(codes, FIELDS), actor=actor, now=now, name=name)


def _bring_in(content: bytes, known: Known, *, actor: Actor, now: datetime, name: str) -> FormVersion:
    read = import_workbook(content, known)
    if not read.ok:
        raise FormRefused(read.problems)
    with transaction.atomic():
        form = _form_of(read.definition, actor, now)
        version = form.versions.filter(version=read.definition["version"]).first()
        if version is not None and version.definition == read.definition:
            return version
        if version is not None and version.published_at is not None:
            raise Refused(
                _("第 %(version)s 版已经发布，内容不能再变") % {"version": version.version},
                code="version_published",
                hint=_("请把 settings 表里的 version 改成新的版本号再导入。"),
            )
        version = version or FormVersion(form=form, number=form.versions.count() + 1)
        version.version, version.definition = read.definition["version"], read.definition
        version.source, version.source_name = content, name[:120]
        version.imported_at, version.imported_by, version.imported_by_name = now, actor.ref, actor.name[:80]
        version.save()
        _record(form, "import_form", actor, now, {"version": version.version, "number": version.number})
    return version


def _form_of(definition: dict[str, Any], actor: Actor, now: datetime) -> Form:
    """The form of this code, locked; born here when it is new."""
    what = {name: definition[name] for name in ("post", "kind", "subject")}
    Form.objects.bulk_create(
        [Form(code=definition["code"], created_at=now, created_by=actor.ref, **what)],
        ignore_conflicts=True,
    )
    return Form.objects.select_for_update(of=("self",)).get(code=definition["code"])


@transaction.atomic
def publish_version(code: str, number: int, *, actor: Actor, now: datetime) -> FormVersion:
    """Let phones fill in this version from now on. An earlier one may be published again; a later one stays known."""
    access.must_edit(actor)
    version = access.get_version(actor, code, number)
    form = Form.objects.select_for_update(of=("self",)).get(pk=version.form_id)
    if form.current_id == version.pk and form.retired_at is None:
        return version
    if version.published_at is None:
        version.published_at, version.published_by = now, actor.ref
        version.save(update_fields=["published_at", "published_by"])
    form.current, form.retired_at = version, None
    form.post, form.kind, form.subject = (version.definition[name] for name in ("post", "kind", "subject"))
    form.save(update_fields=["current", "retired_at", "post", "kind", "subject"])
    _record(form, "publish_form", actor, now, {"version": version.version, "number": number})
    facts.publish(FormPublished(form=code, version=version.version, at=now, by=actor.ref))
    return version


@transaction.atomic
def retire_form(code: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Nobody begins this form any more; what phones still hold of it is received as before."""
    access.must_edit(actor)
    if not reason.strip():
        raise Invalid(_("请写明理由"), field="reason")
    form = Form.objects.select_for_update(of=("self",)).get(pk=access.get_form(actor, code).pk)
    if form.retired_at is not None:
        return
    form.retired_at = now
    form.save(update_fields=["retired_at"])
    _record(form, "retire_form", actor, now, {}, reason.strip())


@dataclass(frozen=True, slots=True)
class Shipped:
    """What became of one form that comes with the program.

    ``state``: new, renewed, same, own (the place has its own version), retired.
    """

    code: str
    state: str
    version: str


def load_shipped(*, actor: Actor, now: datetime) -> list[str]:
    """Bring in and publish the forms that come with the program, where their code is not known yet; codes that are new.

    Items a place has struck from its catalogue do not keep a form out: what fails there then has no item of its own.
    """
    access.must_edit(actor)
    known = set(Form.objects.exclude(current=None).values_list("code", flat=True))
    new = [file for file in _shipped() if file.stem not in known]
    for file in new:
        _publish_shipped(file, actor=actor, now=now)
    return [file.stem for file in new]


def refresh_shipped(*, actor: Actor, now: datetime, take: Collection[str] = ()) -> list[Shipped]:
    """The same after the program was renewed: new forms come in, and newer versions of forms a place uses as they came.

    A form the place has changed or retired is left as it is, unless ``take`` names its code; its own versions stay, and
    may be published again. What phones have begun in an older version is received as before. Raises NotFound for a code
    that is not shipped.
    """
    access.must_edit(actor)
    files = _shipped()
    if unknown := sorted(set(take) - {file.stem for file in files}):
        raise NotFound(_("程序没有带 %(code)s 这张表单") % {"code": unknown[0]}, code="form_not_found")
    held = {
        form.code: form
        for form in Form.objects.select_related("current").defer("current__definition", "current__source")
    }
    return [_refresh(file, held.get(file.stem), file.stem in take, actor, now) for file in files]


def _refresh(file: Path, form: Form | None, taken: bool, actor: Actor, now: datetime) -> Shipped:
    current = form.current if form is not None else None
    ours = shipped_version(file.read_bytes())
    if form is None or current is None:
        return Shipped(file.stem, "new", _publish_shipped(file, actor=actor, now=now).version)
    if current.version == ours and form.retired_at is None:
        return Shipped(file.stem, "same", ours)
    if not taken and form.retired_at is not None:
        return Shipped(file.stem, "retired", current.version)
    if not taken and not _came_so(current, file):
        return Shipped(file.stem, "own", current.version)
    return Shipped(file.stem, "renewed", _publish_shipped(file, actor=actor, now=now).version)


def _came_so(version: FormVersion, file: Path) -> bool:
    """Whether this version was brought in by the program itself; whoever imports a file does it under their own name."""
    return version.imported_by in _LOADERS and version.source_name == file.name


def _shipped() -> list[Path]:
    return sorted(SHIPPED.glob("*.xlsx"))


@transaction.atomic
def _publish_shipped(file: Path, *, actor: Actor, now: datetime) -> FormVersion:
    version = _bring_in(file.read_bytes(), Known(None, FIELDS), actor=actor, now=now, name=file.name)
    return publish_version(version.form.code, version.number, actor=actor, now=now)


def _record(form: Form, verb: str, actor: Actor, now: datetime, body: dict[str, Any], reason: str = "") -> None:
    private = {"reason": reason} if reason else {}
    chain = f"form:{form.code}"
    trace.record([trace.Draft(chain=chain, verb=verb, actor=actor, at=now, body=body, private=private)])
