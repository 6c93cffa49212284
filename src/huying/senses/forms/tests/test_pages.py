"""The desk's pages, the interface and the commands of forms."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from huying.casework.cases import factories as place
from huying.casework.cases.factories import IN_GRID_1, NOW, Cast, account_of
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Refused
from huying.kernel.privacy import AccessEntry
from huying.senses.forms import actions, factories
from huying.senses.forms.commands import forms as command
from huying.senses.forms.importing import import_workbook
from huying.senses.forms.models import Form, Submission


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    settings.HUYING_REQUIRE_TOTP = False
    return place.make_cast()


def signed_in(actor: Actor) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(account_of(actor))
    return client


def filled(cast: Cast) -> Submission:
    files = factories.pictures(2, actor=cast.tang_grid, now=NOW)
    front, photo = files
    return actions.receive(
        actor=cast.tang_grid, now=NOW, op_id=uuid4(), form="small", version="1", begun_at=NOW - timedelta(minutes=5),
        ended_at=NOW, position=(*IN_GRID_1, 5.0), files=files,
        answers={"clear": "no", "keeper": "张三丰", "front": str(front),
                 "_findings": {"clear": factories.failing([photo], note="找李四 13800138000")}},
    )  # fmt: skip


def test_forms_are_imported_read_and_published(cast: Cast) -> None:
    client = signed_in(cast.zhao_centre)
    bad = SimpleUploadedFile("a.xlsx", factories.book([{"type": "x", "name": "a"}]))
    refused = client.post(reverse("forms-import"), {"file": bad})
    assert refused.status_code == 422 and "不支持题型 x" in refused.content.decode() and not Form.objects.exists()
    good = SimpleUploadedFile("a.xlsx", factories.book(factories.EXITS))
    shown = client.post(reverse("forms-import"), {"file": good}, follow=True).content.decode()
    assert "通道畅通吗" in shown and "不合格 → 事项 0514，严重，3 天" in shown and "发布这一版" in shown
    client.post(reverse("forms-publish", args=["small", 1]))
    assert Form.objects.get().current is not None
    again = SimpleUploadedFile("b.xlsx", factories.book(factories.EXITS[:2], version="2"))
    changed = client.post(reverse("forms-import"), {"file": again}, follow=True).content.decode()
    assert "和第 1 版比" in changed and "门头照片" in changed
    for name, args in (("forms-list", []), ("forms-form", ["small"]), ("forms-preview", ["small", 1])):
        page = client.get(reverse(name, args=args))
        assert page.status_code == 200 and "style=" not in page.content.decode()
    assert client.get(reverse("forms-definition", args=["small", 1])).json()["code"] == "small"
    for way in ("", "?as=written"):
        file = client.get(reverse("forms-download", args=["small", 1]) + way)
        assert import_workbook(file.content).definition["code"] == "small"
    client.post(reverse("forms-retire", args=["small"]), {"reason": "换表"})
    assert "已停用" in client.get(reverse("forms-form", args=["small"])).content.decode()


def test_a_worker_reads_and_does_not_change(cast: Cast) -> None:
    factories.published(now=NOW)
    client = signed_in(cast.tang_grid)
    assert "导入表单" not in client.get(reverse("forms-list")).content.decode()
    assert client.get(reverse("forms-import")).status_code == 403
    assert client.post(reverse("forms-retire", args=["small"]), {"reason": "x"}).status_code == 403
    assert Client().get(reverse("forms-list")).status_code == 302


def test_a_submission_is_read_and_personal_answers_are_opened_with_a_reason(cast: Cast) -> None:
    factories.published(now=NOW)
    made = filled(cast)
    client = signed_in(cast.qian_supervisor)
    page = reverse("forms-submission", args=[made.uid])
    assert "小表" in client.get(reverse("forms-submissions")).content.decode()
    shown = client.get(page).content.decode()
    assert "张三丰" not in shown and "138****8000" in shown and "通道畅通吗" in shown and "/small" in shown
    refused = client.post(page, {"why": ""})
    assert refused.status_code == 422 and "张三丰" not in refused.content.decode() and not AccessEntry.objects.exists()
    assert "张三丰" in client.post(page, {"why": "核对负责人"}).content.decode()
    entry = AccessEntry.objects.get()
    assert entry.subject == f"submission:{made.uid}" and entry.what == ["keeper"]
    assert signed_in(cast.he_sanitation).get(page).status_code == 404


def test_what_is_erased_says_that_the_rules_had_it_so(cast: Cast) -> None:
    """At the person's wish or since its time was over: the page and the refusal of a correction say neither."""
    factories.published(now=NOW)
    made = filled(cast)
    Submission.objects.filter(pk=made.pk).update(state=Submission.State.ERASED, answers={}, private=None)
    shown = signed_in(cast.qian_supervisor).get(reverse("forms-submission", args=[made.uid])).content.decode()
    assert "内容已按规定删除" in shown and "本人要求" not in shown
    with pytest.raises(Refused, match="已按规定删除"):
        actions.amend_submission(
            made.uid, answers={"clear": "yes"}, reason="看错了", author_window=timedelta(days=3), actor=cast.tang_grid,
            now=NOW,
        )  # fmt: skip
    made.refresh_from_db()
    assert (made.answers, made.revisions.count()) == ({}, 0)


def test_an_erased_form_says_that_it_was_and_not_at_whose_wish(cast: Cast) -> None:
    """Time does it as well as the person."""
    factories.published(now=NOW)
    made, about = filled(cast), uuid4()
    Submission.objects.filter(pk=made.pk).update(subject_kind="person", subject_uid=about)
    actions.forget_answers([about], actor=system("retention"), now=NOW, why="registry")
    client = signed_in(cast.qian_supervisor)
    shown = client.get(reverse("forms-submission", args=[made.uid])).content.decode()
    assert "内容已按规定删除" in shown and "本人要求" not in shown and "按要求" not in shown
    page = reverse("forms-submission", args=[made.uid])
    shown = client.get(page, headers={"accept-language": "en"}).content.decode()
    assert "answers were erased" in shown and "wish" not in shown and "on request" not in shown


def test_submissions_leave_as_a_marked_file_without_personal_answers(cast: Cast) -> None:
    factories.published(now=NOW)
    filled(cast)
    client = signed_in(cast.qian_supervisor)
    text = client.get(reverse("forms-export", args=["small", "csv"])).content.decode("utf-8-sig")
    assert "钱督办" in text.splitlines()[0] and "张三丰" not in text and "负责人" not in text and "否" in text
    assert client.get(reverse("forms-export", args=["small", "xlsx"])).content.startswith(b"PK")
    assert client.get(reverse("forms-export", args=["small", "pdf"])).status_code == 404
    assert AccessEntry.objects.filter(subject="submissions:small").count() == 2


def test_the_interface_gives_forms_and_submissions_in_scope(cast: Cast) -> None:
    factories.published(now=NOW)
    made = filled(cast)
    client = signed_in(cast.qian_supervisor)
    (form,) = client.get("/api/v1/forms").json()
    assert form["code"] == "small" and form["post"] == "fire" and form["version"] == "1"
    assert client.get("/api/v1/forms/small/definition?version=1").json()["items"][0]["name"] == "clear"
    assert client.get("/api/v1/forms/small/definition?version=7").status_code == 404
    (one,) = client.get("/api/v1/submissions?form=small&failing=true").json()["items"]
    assert one["uid"] == str(made.uid) and "keeper" not in one["answers"] and one["findings"][0]["item"] == "0514"
    assert signed_in(cast.he_sanitation).get("/api/v1/submissions").json()["items"] == []
    assert Client().get("/api/v1/forms").status_code == 401


def test_the_commands_import_and_list(cast: Cast, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(factories.book(factories.EXITS))
    bad.write_bytes(factories.book([{"type": "x", "name": "a"}]))
    told = CliRunner().invoke(command, ["import", str(good), "--publish", "--json"])
    assert json.loads(told.output)["published"] is True
    refused = CliRunner().invoke(command, ["import", str(bad)])
    assert refused.exit_code == 1 and "survey 2 type" in refused.output and Form.objects.count() == 1
    listed = json.loads(CliRunner().invoke(command, ["list", "--json"]).output)
    assert [one["code"] for one in listed["forms"]] == ["small"]
