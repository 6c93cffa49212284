from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st

from huying.kernel.errors import Invalid
from huying.kernel.factories import MOMENT, ZHANG
from huying.kernel.privacy import (
    AccessEntry,
    SealedTextField,
    Unsealable,
    blind,
    blind_candidates,
    is_bank_card,
    is_id_number,
    mask_id_number,
    mask_name,
    mask_phone,
    mask_text,
    reveal,
    seal,
    seal_many,
    unseal,
    who_looked,
)

ID = "11010519491231002X"
CARD = "6222021234567890128"


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张*"), ("张建国", "张*"), ("欧阳锋", "欧阳*"), ("John", "J*"), (" 李 ", "李*"), ("", "")],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341234", "138****1234"),
        ("+86 138-1234-1234", "138****1234"),
        ("0769-22331234", "****1234"),
        ("12345", "****"),
        ("", ""),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


def test_identity_numbers() -> None:
    assert is_id_number(ID)
    assert is_id_number(ID.lower())
    assert not is_id_number("110105194912310021")
    assert mask_id_number(ID) == "110****002X"
    assert is_bank_card(CARD)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("请打13812341234找我", "请打138****1234找我"),
        ("电话：１３８１２３４１２３４。", "电话：138****1234。"),
        ("+86 138 1234 1234", "138****1234"),
        ("138-1234-1234或0769-22331234", "138****1234或****1234"),
        (f"身份证{ID}丢了", "身份证110****002X丢了"),
        (f"卡号 {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}", "卡号 ****0128"),
        ("车牌粤S12345乱停", "车牌粤S***45乱停"),
        ("粤B·D12345 占道", "粤B***45 占道"),
        ("发到 zhang.san@example.com 吧", "发到 z***@example.com 吧"),
        ("两个号13812341234 13912345678", "两个号138****1234 139****5678"),
    ],
)
def test_free_text(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026年3月2日 14:30 路灯不亮",
        "网格441900001001001有3处积水",
        "编号SJ20260302000001",
        "金额1234567890123元",
        "东城街道12号楼3单元502",
        "",
    ],
)
def test_what_is_not_personal_stays_readable(text: str) -> None:
    assert mask_text(text) == text


@given(st.text(max_size=80), st.integers(0, 99_999_999), st.sampled_from(["", " ", "，", "找", "\n"]))
def test_no_mobile_number_survives_in_any_text(text: str, tail: int, edge: str) -> None:
    around = "".join(sign for sign in text if not sign.isalnum() and not sign.isdecimal() and sign not in "+-. ")
    phone = f"138{tail:08}"
    assert phone not in mask_text(f"{around}{edge}{phone}{edge}{around}")


@given(st.text())
def test_masking_never_fails_and_is_stable(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once


@given(st.text())
def test_sealing_gives_the_text_back(text: str) -> None:
    encoded = text.encode("utf-8", "replace").decode()
    assert unseal(seal(encoded)) == encoded
    assert seal(encoded) != seal(encoded)


def test_damage_is_found() -> None:
    sealed = bytearray(seal("13812341234"))
    sealed[-1] ^= 1
    with pytest.raises(Unsealable):
        unseal(bytes(sealed))
    for short in (b"", b"\x01", bytes(sealed[:6])):
        with pytest.raises(Unsealable):
            unseal(short)


def test_after_a_change_of_secret_old_values_are_read_while_the_old_one_is_kept(settings: Any) -> None:
    sealed, index = seal("秘密"), blind("13812341234")
    old = settings.HUYING_SECRET
    settings.HUYING_SECRET = "another-secret-0123456789-abcdefghijklmnop"
    with pytest.raises(Unsealable):
        unseal(sealed)
    settings.HUYING_SECRET_FALLBACKS = [old]
    assert unseal(sealed) == "秘密"
    assert blind("13812341234") != index
    assert index in blind_candidates("13812341234")
    settings.HUYING_SECRET = ""
    with pytest.raises(ImproperlyConfigured):
        seal("x")


def test_blind_index_ignores_how_a_number_is_written() -> None:
    assert blind("138-1234 1234") == blind("１３８１２３４１２３４") == blind("13812341234")
    assert blind("13812341235") != blind("13812341234")
    assert len(blind("x")) == 32
    assert len(seal_many(["a", "b"])) == 2


@pytest.mark.django_db
def test_a_sealed_field_is_plain_in_python_and_sealed_in_the_database() -> None:
    with isolate_apps("huying.kernel"):

        class Note(models.Model):
            text = SealedTextField(null=True)

            class Meta:
                app_label = "kernel"

        with connection.schema_editor() as editor:
            editor.create_model(Note)
        Note._default_manager.bulk_create([Note(text="13812341234"), Note(text=None)])
        assert list(Note._default_manager.order_by("id").values_list("text", flat=True)) == ["13812341234", None]
        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM kernel_note ORDER BY id")
            stored = bytes(cursor.fetchone()[0])
    assert b"138" not in stored
    assert unseal(stored) == "13812341234"


@pytest.mark.django_db
def test_revealing_opens_and_logs() -> None:
    opened = reveal(actor=ZHANG, now=MOMENT, subject="case:1", why="回访核实", fields={"phone": seal("13812341234")})
    assert opened == {"phone": "13812341234"}
    entry = AccessEntry.objects.get()
    assert (entry.actor_ref, entry.actor_unit, entry.subject, entry.why) == ("person:12", 7, "case:1", "回访核实")
    assert (entry.what, entry.at) == (["phone"], MOMENT)
    assert reveal(actor=ZHANG, now=MOMENT, subject="case:1", why="导出", fields=["phone", "name"]) == {}
    assert AccessEntry.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("why", "fields"), [("", ["phone"]), (" 看 ", ["phone"]), ("看" * 201, ["phone"]), ("回访", [])]
)
def test_without_a_reason_nothing_is_opened_or_logged(why: str, fields: list[str]) -> None:
    with pytest.raises(Invalid):
        reveal(actor=ZHANG, now=MOMENT, subject="case:1", why=why, fields=fields)
    assert AccessEntry.objects.count() == 0


@pytest.mark.django_db
def test_the_person_concerned_sees_who_looked(django_assert_num_queries: Any) -> None:
    for n in range(5):
        reveal(actor=ZHANG, now=MOMENT, subject="case:1", why=f"第{n}次", fields=["phone"])
    reveal(actor=ZHANG, now=MOMENT, subject="case:2", why="另一件", fields=["phone"])
    with django_assert_num_queries(1):
        first = who_looked("case:1", size=3)
    assert [entry.why for entry in first.rows] == ["第4次", "第3次", "第2次"]
    assert [entry.why for entry in who_looked("case:1", size=3, cursor=first.next).rows] == ["第1次", "第0次"]
