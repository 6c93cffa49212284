"""People, forms and field work with something in every list: for the pages that show them.

Written through the packages' own actions and factories. The names of residents are sealed, so ``MASKED`` says how they
look on a page.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from huying.casework.cases.factories import COUNTY, GRID_1, IN_GRID_1, LIUAN, Cast
from huying.ground.organisation.models import Person
from huying.ground.registry import looking
from huying.ground.registry.actions import ask_right, begin_care, merge_records, record_consent
from huying.ground.registry.actions.importing import import_records
from huying.ground.registry.actions.uploading import begin_upload, run_upload, take_upload
from huying.ground.registry.choices import CARE_LISTS
from huying.ground.registry.factories import a_resident, a_room, editor, kept, say
from huying.ground.registry.knowing.actions import count_knowledge
from huying.ground.registry.models import Premises, Proposal, Resident, Upload
from huying.kernel.actor import SYSTEM, Actor, Duty, system
from huying.kernel.clock import local_day
from huying.kernel.privacy import reveal
from huying.kernel.stream import partition_of
from huying.senses.alarms.actions import save_ladder
from huying.senses.alarms.factories import make_alarm
from huying.senses.alarms.models import Step
from huying.senses.devices.models import Contact, Device, LastValue
from huying.senses.field import actions as field
from huying.senses.field.actions.finding import Failed, Inspected
from huying.senses.field.actions.patrolling import Spot
from huying.senses.field.factories import make_plan, make_shop
from huying.senses.field.models import CheckIn, Checkpoint, SpotCheck, Task
from huying.senses.forms import actions as forms
from huying.senses.forms import factories as written
from huying.senses.readings.places import spool_of
from huying.senses.readings.spool import Spool
from huying.senses.sync import actions as sync
from huying.senses.sync.factories import make_device, raw, sent

PHONE = "13800138000"
MASKED = ["王*", "李*", "张*", "唐*", "钱*", "赵*"]
FORM = "fire_quick"
WISH = "门牌号写错了"  # sealed too
SEEN = "门已锁，邻居说店主回老家了，下周一回来；门口的旧货架还堵着半边通道。"
WRONG = "现场复核，通道并没有堵"
NOTED = f"钱督办更正了检查结果（理由：{WRONG}）：“通道畅通吗”不再算不合格。本事件已没有成立的不合格项，请核实后按程序不予受理、撤回或办结。"


def registry_pages(cast: Cast, now: datetime) -> list[str]:
    """Somebody at home, with a daughter, a twin, a care entry, a change that waits and one disputed, a request."""
    tang, decides = cast.tang_grid, editor(area=COUNTY)
    room = a_room(tang)
    shop = make_shop(now=now)
    one = resident(cast, now, home=room)
    twin = a_resident(tang, name="王秀英", birth_date="1950-03-12", phone="13600136000", language="粤语")
    gone = a_resident(tang, name="李建国", birth_date="1961-05-01", phone="13700137000")
    same = a_resident(tang, name="李建国", birth_date="1961-05-01", phone="13700137001")
    merge_records(actor=decides, now=now, kind="person", keep=gone.uid, other=same.uid)
    _proposals(cast, one, gone, now)
    for kind, more in (
        ("household", {"premises": str(room.uid), "kind": "family", "head": str(one.uid)}),
        ("organisation", {"name": "老王小吃店", "kind": "sole_trader", "premises": str(shop.uid)}),
        ("facility", {"name": "门前消火栓", "kind": "hydrant", "premises": str(shop.uid)}),
    ):
        say(tang, kind, **more)
    count_knowledge(actor=SYSTEM, now=now)
    uploads = _uploads(tang, now)
    request = ask_right(actor=_self(), now=now, kind="correction", text=WISH, resident=one)
    base, first = "/desk/registry", Proposal.objects.filter(state="waiting").order_by("id")[0]
    disputed = Proposal.objects.get(state="conflict")
    person, place = f"{base}/person/{one.uid}", f"{base}/premises/{shop.uid}"
    return [
        f"{base}/", f"{base}/?q=502", f"{base}/?tab=person", f"{base}/?tab=care", f"{person}/", f"{person}/edit",
        f"{base}/person/{gone.uid}/", f"{place}/", f"{place}/code", f"{base}/new/person/",
        f"{base}/new/care/?resident={one.uid}", f"{base}/proposals/", f"{base}/proposals/{first.pk}/",
        f"{base}/proposals/{disputed.pk}/", f"{base}/duplicates/", f"{person}/merge/{twin.uid}/", f"{base}/requests/",
        f"{base}/requests/{request.pk}/", f"{base}/knowledge/", f"{base}/knowledge/?point=person_reachable",
        f"{base}/knowledge/{GRID_1}/", f"{base}/?tab=organisation&area={GRID_1}&lacks=organisation_reachable",
        f"{base}/log/", f"{base}/export?tab=person", f"{base}/imports/", *(f"{base}/imports/{one}/" for one in uploads),
    ]  # fmt: skip


def _uploads(hands_in: Actor, now: datetime) -> list[UUID]:
    """Tables of every state: to be begun with a column nobody knows, waiting, imported with a row refused, stopped."""
    keeps = replace(hands_in, duties=(Duty("registry_editor", COUNTY),))
    table = "住户,电话,备用\n赵大明,13911110000,x\n钱小红,不是电话,\n".encode()
    kept = []
    for state in ("looked", "waiting", "done", "failed"):
        one = take_upload(
            actor=keeps, now=now, uid=uuid4(), kind="person", area=GRID_1, name=f"人员-{state}.csv", content=table
        )
        if state != "looked":
            one = begin_upload(one.uid, actor=keeps, now=now, mapping={"name": "住户"})
        if state == "failed":
            run_upload(one.pk, now=now)  # who handed it in is no registry editor
        if state == "done":
            with looking.written(table, ".csv") as file:
                done = import_records(
                    file, actor=keeps, now=now, kind="person", mapping={"name": "住户"}, area=GRID_1, key=one.run_key
                )
            ended = {"state": state, "content": None, "name": "", "header": [], "mapping": {}}
            Upload.objects.filter(pk=one.pk).update(**ended, finished_at=now, said=asdict(done))
        kept.append(one.uid)
    return kept


def resident(cast: Cast, now: datetime, home: Premises | None = None) -> Resident:
    """王秀英, with a daughter to call, on a care list, with a consent; two people have looked at her phone."""
    who = {"id_number": "449001195003120024", "phone": PHONE, "birth_date": "1950-03-12", "sex": "female"}
    one = a_resident(cast.tang_grid, name="王秀英", home=home, **who)
    daughter = {"contact_name": "李小梅", "contact_phone": "13900139000"}
    say(cast.tang_grid, "relation", resident=str(one.uid), kind="child", emergency_rank=1, **daughter)
    until = local_day(now) + timedelta(days=200)
    basis = "《中华人民共和国老年人权益保障法》第三十五条"
    kind = CARE_LISTS[0][0]
    begin_care(actor=editor(area=COUNTY), now=now, resident=one.uid, list=kind, basis=basis, until=until)
    record_consent(actor=cast.tang_grid, now=now, resident=one, purpose="走访看望", notice="2026-1", how="paper")
    for looks in (cast.tang_grid, cast.qian_supervisor):
        reveal(actor=looks, now=now, subject=f"resident:{one.pk}", why="上门走访：看望独居老人", fields=["phone"])
    return one


def _proposals(cast: Cast, one: Resident, other: Resident, now: datetime) -> None:
    seen = kept("person", one.uid).version
    say(cast.tang_grid, "person", uid=one.uid, base=seen, name="王秀瑛")
    seen = kept("person", other.uid).version
    for who, said in ((editor(area=COUNTY), "local"), (cast.tang_grid, "foreign")):
        say(who, "person", uid=other.uid, base=seen, registration=said)


def _self() -> Actor:
    return Actor("resident", "user:9", "王秀英")


def field_pages(cast: Cast, now: datetime) -> list[str]:
    """A plan, a round with a doubtful check-in, tasks of every sort, a finding with its case, a filled form, phones."""
    _form(now)
    shop = make_shop("柳岸副食店", now=now)
    make_plan(now=now, form=FORM)
    field.derive_tasks(actor=SYSTEM, now=now)
    _tasks(cast, now)
    submission = _filled(cast, shop.uid, now)
    _patrol(cast, now)
    amended = _corrected(cast, now)
    seen = _seen(cast, now)
    refused = _phone(cast, now)
    work, of = "/desk/field", f"/desk/forms/of/{FORM}"
    return [
        f"{work}/", f"{work}/?days=30&area={GRID_1}", f"{work}/tasks/?what=overdue", f"{work}/tasks/?what=skipped",
        f"{work}/findings/", f"{work}/plans/", f"{work}/plans/new", f"{work}/plans/fire", f"{work}/rounds/",
        f"{work}/rounds/new", f"{work}/rounds/dawn", f"{work}/rounds/dawn/sheet", f"{work}/checks/",
        f"{work}/checks/?show=spots", f"{work}/devices/", f"{work}/devices/{refused[0]}/revoke", f"{work}/operations/",
        f"{work}/operations/{refused[1]}/", "/desk/forms/", "/desk/forms/import", of, f"{of}/1", f"{of}/2",
        f"{of}/2/preview", "/desk/forms/submissions", f"/desk/forms/submissions/{submission}",
        f"/desk/forms/submissions/{amended}", f"/desk/forms/submissions/{submission}/amend", f"{work}/tasks/{seen}/",
        f"{work}/checks/{CheckIn.objects.order_by('-id')[0].pk}/", f"{work}/checks/?show=answered",
        f"{work}/checks/?show=done",
    ]  # fmt: skip


def _form(now: datetime) -> None:
    """A small form in its second version."""
    english = {"label::English (en)": "Is the way out clear?"}
    rows = [written.EXITS[0] | english, written.EXITS[1] | {"label::English (en)": "Who is in charge"}]
    named = {"form_id": FORM, "form_title": "消防快查", "form_title::English (en)": "Quick fire check"}
    written.published(rows[:1], now=now, **named)
    written.published(rows, now=now, **named, version="2")


def _filled(cast: Cast, shop: UUID, now: datetime) -> UUID:
    pictures = written.pictures(1, actor=cast.tang_grid, now=now)
    answers = {"clear": "no", "keeper": "王秀英", "_findings": {"clear": written.failing(list(pictures))}}
    row = forms.receive(
        actor=cast.tang_grid, now=now, op_id=uuid4(), form=FORM, version="2", answers=answers, begun_at=now, ended_at=now,
        subject=("premises", shop), position=(*IN_GRID_1, 8.0), files=pictures,
    )  # fmt: skip
    return row.uid


def _tasks(cast: Cast, now: datetime) -> None:
    worker = Person.objects.get(pk=cast.tang_grid.person_id)
    done = {"state": "done", "closed_at": now, "done_at": now, "done_by": worker}
    skipped = {"state": "skipped", "skip": "closed", "closed_at": now, "done_by": worker}
    for number, more in enumerate(({}, {}, {**done, "done_late": True}, {**done, "done_late": False}, skipped)):
        Task.objects.create(
            uid=uuid4(), source="test", source_key=str(number), kind="inspect", title=f"沿街{number}号检查", area=GRID_1,
            address="湖滨路1号", opens_at=now - timedelta(days=4), due_at=now - timedelta(days=1), **more,
        )  # fmt: skip
    failed = Failed(path="wires", label="电线私拉乱接", item="0514", severity="serious")
    one = Inspected(op=uuid4(), form=FORM, at=now, area=GRID_1, failed=[failed], address="湖滨路1号")
    field.take_findings(one, actor=cast.tang_grid, now=now)
    field.draw_sample(local_day(now), actor=system("test"), now=now)


def _patrol(cast: Cast, now: datetime) -> None:
    """A round whose second point was passed far away."""
    lon, lat = IN_GRID_1
    spots = [Spot(name="东门", lon=lon, lat=lat), Spot(name="西门", lon=lon + 0.001, lat=lat)]
    field.save_round("dawn", name="柳岸早巡", area=GRID_1, spots=spots, actor=SYSTEM, now=now)
    for point, away in zip(Checkpoint.objects.order_by("number"), (0.0, 0.004), strict=True):
        field.check_in(
            point.uid, op=uuid4(), how="qr", code=point.code, point=(point.lon + away, point.lat), accuracy=8,
            actor=cast.tang_grid, now=now, at=now,
        )  # fmt: skip


def _corrected(cast: Cast, now: datetime) -> UUID:
    """A form about another shop that failed, and was corrected by a supervisor; its id."""
    made = _filled(cast, make_shop("桥头小吃", now=now).uid, now)
    changes = {"clear": "yes", "_findings/clear": None, "keeper": "李建国"}
    field.correct_answers(made, changes=changes, reason=WRONG, actor=cast.qian_supervisor, now=now)
    return made


def _seen(cast: Cast, now: datetime) -> UUID:
    """What was seen after a warning, judged and answered; and a check-in of the round that was judged. The task's id."""
    shop = make_shop("湖滨五金店", now=now)
    field.ask_warnings([(shop.uid, local_day(now).isoformat())], actor=SYSTEM, now=now)
    task, tang, lead = Task.objects.get(kind="warning", premises_uid=shop.uid), cast.tang_grid, cast.qian_supervisor
    pictures = list(written.pictures(2, actor=tang, now=now).values())
    where: dict[str, Any] = {"point": (IN_GRID_1[0] + 4e-4, IN_GRID_1[1]), "accuracy": 7.0}
    field.report_on_task(task.uid, text=SEEN, files=pictures, actor=tang, now=now, at=now, op=uuid4(), **where)
    spot = SpotCheck.objects.get(task=task)
    field.record_spot_check(spot.pk, how="evidence", result="doubtful", words="照片看不出是哪一家", actor=lead, now=now)
    later = now + timedelta(minutes=1)
    field.answer_verdict("spot", spot.pk, text="第二张里有门牌", actor=tang, now=later)
    first = CheckIn.objects.order_by("id")[0]
    if first.doubts:
        field.judge_check_in(first.pk, verdict="fine", words="问过了，忘了上岗", actor=lead, now=now)
    return task.uid


def _phone(cast: Cast, now: datetime) -> tuple[UUID, str]:
    """A phone on which one operation was refused and another waits; its id and the refused one's."""
    device, _token = make_device(cast.tang_grid, now=now, name="小唐的手机")
    refused = raw("submission", at=now, body={"form": "gone", "version": "1", "answers": {}})
    waits = raw("duty", at=now, body={"on": True}, after=[refused["id"]])
    sync.take_operations(actor=cast.tang_grid, device=device, now=now, operations=sent(refused, waits))
    return device.uid, refused["id"]


def public_pages(now: datetime) -> list[str]:
    """What stands behind a QR code at a door and at a checkpoint."""
    shop = make_shop(now=now)
    lon, lat = IN_GRID_1
    field.save_round(
        "dawn", name="柳岸早巡", area=GRID_1, spots=[Spot(name="东门", lon=lon, lat=lat)], actor=SYSTEM, now=now
    )
    return [f"/p/{shop.code}", f"/p/{Checkpoint.objects.get().code}"]


def device_pages(cast: Cast, now: datetime) -> list[str]:
    """A breaker with a week behind it and a command that waits, a band, a silent gateway, a smoke alarm and one that is over."""
    breaker = make_equipment("BRK-1", "smart_breaker", "柳岸路 12 号总闸", now)
    leaks(breaker, now)
    LastValue.objects.create(device=breaker, at=now, received_at=now, values={"leak": 12.5, "voltage": 231.0})
    elder = resident(cast, now)
    band = make_equipment("BAND-1", "wearable", "王秀英的手环", now, resident_uid=elder.uid)
    LastValue.objects.create(device=band, at=now, received_at=now, values={"heart_rate": 71, "battery": 64})
    Contact.objects.create(device=band, rank=1, role="guardian", person_id=cast.tang_grid.person_id)
    silent = make_equipment("GW-1", "gateway", "柳岸花园网关", now)
    hour = timedelta(hours=1)
    LastValue.objects.create(
        device=silent, at=now - hour, received_at=now - hour, online=False, silent_since=now - hour
    )
    smoke = make_equipment("SMK-1", "smoke", "3 幢 301 烟感", now, gateway=silent)
    rings = make_alarm(smoke, now - timedelta(minutes=3), climbs_at=now + timedelta(minutes=2))
    Step.objects.create(
        alarm=rings, number=1, rung=1, who="duty", channel="app", due_at=now, sent_at=now, result="sent"
    )
    Step.objects.create(alarm=rings, number=2, rung=1, who="119", channel="voice", due_at=now, result="to_make")
    over = {
        "cleared_at": now,
        "cleared_by": "reading",
        "closed_at": now,
        "closed_by": "person:1",
        "closed_name": "唐丽",
    }
    past = make_alarm(breaker, now - hour * 30, kind="leak", rule="leak", severity=3, urgent=False, field="leak", value=46.0,
                      cause="false_place", acknowledged_at=now - hour * 30 + timedelta(seconds=95), acknowledged_by="person:1",
                      acknowledged_name="唐丽", **over)  # fmt: skip
    make_alarm(breaker, now - hour, kind="leak", rule="leak", severity=2, urgent=False, field="leak", value=17.0, count=3,
               acknowledged_at=now, acknowledged_by="person:1", acknowledged_name="唐丽")  # fmt: skip
    desk, bells = "/desk/devices", "/desk/alarms"
    _ladders(now)
    return [
        f"{desk}/", f"{desk}/?online=offline", f"{desk}/map/", f"{desk}/new", f"{desk}/import", f"{desk}/BRK-1/",
        f"{desk}/BRK-1/?period=week", f"{desk}/BRK-1/edit", f"{desk}/BRK-1/credential", f"{desk}/BAND-1/", f"{desk}/GW-1/",
        f"{desk}/SMK-1/", f"{bells}/", f"{bells}/?show=closed", f"{bells}/{rings.uid}/", f"{bells}/{past.uid}/",
        f"{bells}/rules/", f"{bells}/rules/?kind=wearable", f"{bells}/rules/new?kind=smoke",
        f"{bells}/rules/smart_breaker/leak/", f"{bells}/rates/", f"{bells}/drills/",
        f"{bells}/ladders/", f"{bells}/ladders/?kind=smoke&area={LIUAN}", f"{bells}/ladders/all/smoke/1/?device=SMK-1",
        f"{bells}/ladders/{LIUAN}/smoke/3/?device=SMK-1", f"{bells}/ladders/{LIUAN}/gas/3/",
        f"{bells}/ladders/new?from=all/sos/1",
    ]  # fmt: skip


def _ladders(now: datetime) -> None:
    """What a community says otherwise: one version in force and another coming, one ladder that only begins later."""
    rungs = [
        {"after": 0, "who": ["duty", "guardian"], "by": ["app", "sms"]},
        {"after": 120, "who": ["grid_worker"], "by": ["app", "sms", "voice"], "call": "119"},
    ]
    said = {"source": "望湖街道〔2026〕3 号", "source_en": "Wanghu Subdistrict, notice 3 of 2026"}
    given: dict[str, Any] = {"area": LIUAN, "severity": 3, **said, "actor": SYSTEM, "now": now}
    save_ladder(rungs, kind="smoke", **given)
    save_ladder(rungs[:1], kind="smoke", valid_from=now + timedelta(days=9), **given)
    save_ladder(rungs, kind="gas", valid_from=now + timedelta(days=9), **given)


def make_equipment(code: str, kind: str, name: str, now: datetime, **more: Any) -> Device:
    """A device in the first grid, registered long ago."""
    lon, lat = IN_GRID_1
    earlier = now - timedelta(days=90)
    return Device.objects.create(
        code=code, kind=kind, name=name, area=GRID_1, address="柳岸花园3幢", lon=lon, lat=lat, created_at=earlier,
        created_by="system:test", changed_at=earlier, changed_by="system:test", **more,
    )  # fmt: skip


def leaks(device: Device, now: datetime) -> None:
    """A week of readings, one in five minutes: every night the leak grows for half an hour."""
    begin = now - timedelta(days=7)
    moments = [begin + timedelta(minutes=5 * number) for number in range(7 * 288)]
    lines = [
        {"k": device.kind, "d": device.pk, "a": int(at.timestamp() * 1000), "r": int(at.timestamp() * 1000), "s": number,
         "v": {"leak": 45.0 if number % 288 in range(200, 207) else 8.0 + number % 7, "voltage": 228.0 + number % 9}}
        for number, at in enumerate(moments)
    ]  # fmt: skip
    spool = Spool(spool_of("READINGS", partition_of(device.code)))
    spool.folder.mkdir(parents=True, exist_ok=True)
    spool.append(lines, now)
    spool.close()
