"""Names for places that do not exist, put together from word lists of our own, with English names beside them."""

from functools import cache
from itertools import count, pairwise
from random import Random
from typing import Final

from pypinyin import Style, lazy_pinyin

CITY: Final = ("澄海州市", "Chenghaizhou City")
COUNTIES: Final = ("澄湖区", "望屿区", "锦帆区", "云岭区", "稻香区", "白鹭湾区")
TOWNS: Final[tuple[str, ...]] = (
    *("柳汀", "望澄", "海棠", "石埠", "桂岭", "沙渚", "榕荫", "青屿", "松陂", "兰浦"),
    *("丹枫", "竹坞", "渔火", "金穗", "翠堤", "麦浪", "芦汀", "雁洲", "莲荡", "云栈"),
    *("星桥", "棠溪", "苇岸", "鹤坪", "樟林", "晴川", "晚渡", "春坞", "霞浦湾", "银杏"),
    *("杉坪", "碧潭", "梧岗", "茶亭", "桑泊", "鹿台", "帆湾", "月坪", "泉坞", "雪堰"),
)
_FIRST: Final = "荷桃杏李梅兰竹菊榕樟枫柳桂棠莲苇稻麦桑茶松柏石沙云月星晨晴霞雁鹭鹤金银玉翠青白丹新"
_SECOND: Final = "塘园林湾溪桥坞坪岗浦滨洲渚渡港堤台岭坡井埔围田陂汀屿泉涌"
_BEFORE: Final = "大小上下前后内外老长"
_ESTATE_A: Final = "翠云锦望听观御怡馨雅嘉康福和悦瑞静澜紫碧逸颐水朝晴鸿盛天阳景明华文"
_ESTATE_B: Final = "庭栖绣湖涛澜景园和康馨悦盛苑林山江泉月晖岸湾轩竹枫荷"
_ROAD_A: Final = "文振和康民建科迎朝春秋夏东西南北环兴安宁丰裕学育工创通达泰长永广同"
_ROAD_B: Final = "昌兴平乐富设苑宾阳晓月荷环城源业新海山河川华泽顺盛安宁远德仁信义"
_ESTATE_KINDS: Final = {
    "花园": "Garden",
    "苑": "Court",
    "雅居": "Residence",
    "名邸": "Mansion",
    "家园": "Homeland",
    "公馆": "House",
    "华庭": "Terrace",
    "新城": "New Town",
    "嘉园": "Gardens",
    "小区": "Estate",
    "公寓": "Apartments",
}
COMMON_ESTATES: Final = ("幸福小区", "阳光花园", "和平新村", "教师公寓", "供电大院", "建设新村")
"""Names that exist several times in any real district."""
SUFFIXES: Final = {
    "街道": "Subdistrict",
    "社区": "Community",
    "新村": "New Village",
    "旧村": "Old Village",
    "大院": "Compound",
    "大道": "Avenue",
    "路": "Road",
    "街": "Street",
    "巷": "Lane",
    "区": "District",
    "镇": "Town",
    "小学": "Primary School",
    "中学": "Middle School",
    "实验学校": "Experimental School",
    "农贸市场": "Farmers' Market",
    "公园": "Park",
    "人民医院": "People's Hospital",
    "工业园": "Industrial Park",
    "地铁站": "Metro Station",
    "科创中心": "Innovation Centre",
    "政务服务大厅": "Government Service Hall",
    "党群服务中心": "Party and Public Service Centre",
    "卫生服务站": "Health Station",
    "警务室": "Police Post",
    "文化活动室": "Culture Room",
    "幼儿园": "Kindergarten",
    "公交站": "Bus Stop",
    "公共厕所": "Public Toilet",
    "垃圾转运站": "Refuse Transfer Station",
    "停车场": "Car Park",
    "菜市场": "Food Market",
    "健身广场": "Fitness Square",
    "大厦": "Tower",
    "商业广场": "Plaza",
    "酒店": "Hotel",
    "便利店": "Convenience Store",
    "超市": "Supermarket",
    "药店": "Pharmacy",
    "快递驿站": "Parcel Station",
    "养老服务站": "Elder Care Station",
    "加油站": "Filling Station",
    "充电站": "Charging Station",
    "配电房": "Substation",
    "长者食堂": "Elders' Canteen",
}
SPECIAL_KINDS: Final[tuple[tuple[str, str, float, int], ...]] = (
    # suffix, kind, size beside a general grid, how many in a hundred special grids
    ("小学", "school", 0.28, 22),
    ("中学", "school", 0.36, 13),
    ("实验学校", "school", 0.34, 6),
    ("农贸市场", "market", 0.2, 17),
    ("公园", "park", 0.8, 15),
    ("工业园", "industry", 1.3, 13),
    ("人民医院", "hospital", 0.4, 4),
    ("地铁站", "metro", 0.22, 6),
    ("科创中心", "industry", 0.6, 4),
)
POI_KINDS: Final[tuple[str, ...]] = (
    *("公交站", "公共厕所", "停车场", "菜市场", "健身广场", "大厦", "商业广场", "酒店", "便利店"),
    *("超市", "药店", "快递驿站", "幼儿园", "垃圾转运站", "养老服务站", "加油站", "充电站", "配电房"),
    *("长者食堂", "大厦", "大厦", "超市", "药店", "便利店", "幼儿园", "公交站"),
)
COMMUNITY_POIS: Final = ("党群服务中心", "卫生服务站", "警务室", "文化活动室")


@cache
def pinyin(name: str) -> str:
    """Hanyu pinyin of a name as one capitalised word."""
    return "".join(lazy_pinyin(name, style=Style.NORMAL)).capitalize()


def english(name: str) -> str:
    """English of a made-up name: the known ending translated, the rest in pinyin."""
    for suffix in sorted((*SUFFIXES, *_ESTATE_KINDS), key=len, reverse=True):
        if name.endswith(suffix) and len(name) > len(suffix):
            return f"{english(name[: -len(suffix)])} {SUFFIXES.get(suffix) or _ESTATE_KINDS[suffix]}"
    return pinyin(name)


class Namer:
    """Hands out names, each once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = set(TOWNS)

    def _fresh(self, first: str, second: str, suffixes: tuple[str, ...]) -> str:
        for attempt in count():
            name = self._rng.choice(first) + self._rng.choice(second) + self._rng.choice(suffixes)
            if attempt > 40:  # few short names are left
                name = self._rng.choice(_BEFORE) + name
            if name not in self._used and all(a != b for a, b in pairwise(name)):
                break
        self._used.add(name)
        return name

    def stem(self) -> str:
        """Two characters for a community, village or institution: 荷塘."""
        return self._fresh(_FIRST, _SECOND, ("",))

    def estate(self) -> str:
        """A housing estate: 翠庭花园."""
        return self._fresh(_ESTATE_A, _ESTATE_B, tuple(_ESTATE_KINDS))

    def brand(self) -> str:
        """Two characters for a building, a shop or a hotel: 锦澜."""
        return self._rng.choice(_ESTATE_A) + self._rng.choice(_ESTATE_B)

    def road(self, *suffixes: str) -> str:
        """A road: 文昌路."""
        return self._fresh(_ROAD_A + _FIRST, _ROAD_B + _SECOND, suffixes)

    def unique(self, name: str) -> bool:
        """Claim a name made elsewhere; False when it was taken."""
        if name in self._used:
            return False
        self._used.add(name)
        return True
