"""A form with a question of every type, as the server sends it to the phone: for the tests of the renderer."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]

JUDGED = [("yes", "合格", "Pass"), ("no", "不合格", "Fail"), ("na", "不适用", "Not applicable")]
MATERIALS = [("brick", "砖混", "Brick"), ("steel", "彩钢板", "Steel sheet"), ("wood", "木", "Wood")]
GOODS = [("cloth", "布料", "Cloth"), ("gas", "瓶装液化气", "Bottled gas"), ("paint", "油漆", "Paint")]
WARDS = [("east", "东区", "East"), ("west", "西区", "West")]
LANES = [("e1", "东一巷", "East 1", "east"), ("e2", "东二巷", "East 2", "east"), ("w1", "西一巷", "West 1", "west")]


def _choices(rows: list[tuple[str, str, str]]) -> list[Item]:
    return [{"name": name, "label": {"zh": zh, "en": en}} for name, zh, en in rows]


def _item(name: str, kind: str, zh: str = "", en: str = "", above: str = "", **more: Any) -> Item:
    return {"name": name, "path": f"{above}{name}", "type": kind, "label": {"zh": zh, "en": en}, **more}


def _ref(path: str) -> list[Any]:
    return ["ref", path]


def _place() -> Item:
    above = "place/"
    return _item(
        "place", "group", "场所", "Place",
        children=[
            _item("intro", "note", "请先向负责人出示证件。", "Show your card to the person in charge first.", above),
            _item("name", "text", "场所名称", "Name of the place", above, required=True,
                  hint={"zh": "照门牌或招牌上的写", "en": "As on the sign"}),
            _item("code", "barcode", "场所码", "Code of the place", above),
            _item("area", "decimal", "面积（平方米）", "Area in m²", above, required=True,
                  constraint=["op", ">", ["."], ["num", 0]],
                  constraint_message={"zh": "面积要大于 0", "en": "The area is more than 0"}),
            _item("floors", "integer", "层数", "Floors", above, required=True),
            _item("volume", "calculate", above=above,
                  calculation=["op", "*", _ref("place/area"), _ref("place/floors")]),
            _item("total", "text", "总面积", "Total area", above, read_only=True,
                  calculation=["call", "concat", [_ref("place/volume"), ["str", " m²"]]],
                  relevant=["op", ">", _ref("place/volume"), ["num", 0]]),
            _item("ward", "select_one", "片区", "Ward", above, choices=_choices(WARDS)),
            _item("lane", "select_one", "巷子", "Lane", above, appearance="minimal",
                  relevant=["op", "!=", _ref("place/ward"), ["str", ""]],
                  choice_filter=["op", "=", ["col", "ward"], _ref("place/ward")],
                  choices=[{**one, "ward": lane[3]} for one, lane in
                           zip(_choices([lane[:3] for lane in LANES]), LANES, strict=True)]),
            _item("spot", "geopoint", "位置", "Position", above, required=True),
        ],
    )  # fmt: skip


def _fire() -> Item:
    above = "fire/"
    finding = {"fails": ["no"], "item": "0502", "severity": "serious", "days": 7, "on_spot": True, "reinspect": True}
    return _item(
        "fire", "group", "消防", "Fire safety",
        children=[
            _item("exit", "select_one", "{}的疏散通道是否畅通？".format("${place/name}"),
                  "Is the way out of ${place/name} clear?", above, required=True, choices=_choices(JUDGED),
                  finding=finding, hint={"zh": "走一遍，从最里面到门口", "en": "Walk it, from the back to the door"}),
            _item("alarm", "select_one", "独立烟感是否完好？", "Does the smoke alarm work?", above, required=True,
                  choices=_choices(JUDGED), finding={**finding, "on_spot": False}),
            _item("goods", "select_multiple", "存放了哪些易燃物？", "What inflammable goods are kept?", above,
                  choices=_choices(GOODS)),
            _item("gas_date", "date", "气瓶检验到期日", "Gas bottle inspected until", above, required=True,
                  relevant=["call", "selected", [_ref("fire/goods"), ["str", "gas"]]],
                  constraint=["op", ">=", ["."], ["call", "today", []]],
                  constraint_message={"zh": "检验已经过期", "en": "The inspection has run out"}),
            _item("cover", "image", "消防器材照片", "Photo of the extinguishers", above, required=True),
            _item("round", "panorama", "全景照片", "Panorama", above),
            _item("tidy", "range", "整洁程度", "Tidiness", above, parameters={"start": 0, "end": 10, "step": 1}),
        ],
    )  # fmt: skip


def _rooms() -> Item:
    above = "rooms/"
    return _item(
        "rooms", "repeat", "房间", "Room", parameters={"min": 1, "max": 3},
        children=[
            _item("use", "text", "用途", "Use", above, required=True),
            _item("beds", "integer", "床位", "Beds", above),
            _item("made", "select_one", "隔墙材料", "Made of", above, choices=_choices(MATERIALS), finding={
                "fails": ["steel", "wood"], "item": "0502", "severity": "minor", "days": 15, "on_spot": True,
                "reinspect": False}),
        ],
    )  # fmt: skip


def all_types() -> Item:
    """The definition."""
    return {
        "code": "every-type",
        "version": "2026.1",
        "post": "fire",
        "kind": "inspection",
        "title": {"zh": "三小场所消防检查", "en": "Fire inspection of small premises"},
        "items": [
            _place(),
            _fire(),
            _rooms(),
            _item("beds_all", "calculate", calculation=["call", "sum", [_ref("rooms/beds")]]),
            _item(
                "end",
                "group",
                "确认",
                "Confirm",
                children=[
                    _item("seen", "datetime", "检查时间", "Inspected at", "end/"),
                    _item("opens", "time", "开门时间", "Opens at", "end/"),
                    _item("voice", "audio", "语音说明", "Voice note", "end/"),
                    _item("told", "acknowledge", "已当面告知检查结果", "The result was told", "end/", required=True),
                    _item("sign", "signature", "负责人签名", "Signature", "end/", required=True),
                    _item("source", "hidden", above="end/", default="phone"),
                ],
            ),
        ],
    }
