"""Invented messages for the tests: matters at made-up places."""

from datetime import datetime, timedelta

from huying.insight.hotspots.grouping import Message

_FIRST = datetime(2031, 3, 1, 8)

NOISE = [
    ("丽景花园小区夜间施工噪音扰民", "丽景花园小区旁边的工地每天晚上施工到凌晨，噪音很大，老人小孩睡不着觉。"),
    ("投诉丽景花园旁工地半夜施工", "我是丽景花园业主，工地打桩声音刺耳，每天通宵施工，噪声严重影响睡眠。"),
    (
        "A市B2区丽景花园附近工地通宵施工太吵了",
        "工地深夜还在浇筑，轰鸣声不断，丽景花园几百户居民无法入睡，请管管夜间施工。",
    ),
    ("请求制止丽景花园小区旁的夜间打桩", "打桩机凌晨两点还在响，噪音扰民，丽景花园小区居民苦不堪言，工地无视规定。"),
]
LIFT = [
    ("丽景花园小区3栋电梯经常故障", "丽景花园3栋的电梯一个月坏了五次，多次困人，维保单位不来检修，业主爬楼回家。"),
    ("丽景花园电梯困人无人维修", "昨天老人被困在电梯里四十分钟，电梯年久失修，维保形同虚设，请督促检修。"),
]
OTHER_NOISE = [
    ("枫桥苑小区夜间施工噪音扰民", "枫桥苑小区旁边的工地每天晚上施工到凌晨，噪音很大，大家睡不着觉。"),
    ("枫桥苑工地半夜还在打桩", "枫桥苑门口的工地通宵打桩，噪音扰民，居民夜里无法休息。"),
]
SUBSIDY = [
    ("青苗创业补贴为何迟迟不发放", "去年申请的青苗创业补贴审核通过半年了，至今没有到账，人社窗口说资金没到位。"),
    ("咨询青苗创业补贴何时到账", "我公司通过了青苗创业补贴审核，公示结束很久，补贴资金一直没有到账。"),
    ("青苗创业补贴审核通过后没有下文", "青苗创业补贴公示已过，资金没有拨付，到账时间没人说得清。"),
]
ALONE = [("建议在槐荫大道增设公交站", "槐荫大道东段两公里没有公交站，老人出行不便，建议增设站台。")]
MATTERS = {"noise": NOISE, "lift": LIFT, "other": OTHER_NOISE, "subsidy": SUBSIDY, "alone": ALONE}


def message(id: str, title: str, text: str = "", day: float = 0, **more) -> Message:
    return Message(id, title, text, _FIRST + timedelta(days=day), **more)


def matter(name: str) -> list[Message]:
    return [message(f"{name}{n}", title, text, n) for n, (title, text) in enumerate(MATTERS[name])]


def everything() -> list[Message]:
    return [one for name in MATTERS for one in matter(name)]
