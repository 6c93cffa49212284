"""A small made-up territory for the tests."""

from dataclasses import dataclass
from datetime import datetime

from huying.config.demo.rhythm import CHINA

END = datetime(2026, 11, 22, 10, 30, tzinfo=CHINA)
STEMS = ("锦绣", "云溪", "翠竹", "金桂", "和平", "向阳", "望海", "松涛", "明月", "龙塘", "上塘", "青湖", "白石", "新安")
ENDS = (
    ("花园", "estate"),
    ("家园", "estate"),
    ("苑", "estate"),
    ("路", "road"),
    ("大道", "road"),
    ("一街", "road"),
    ("村", "village"),
    ("小学", "school"),
    ("公园", "park"),
    ("河", "river"),
    ("市场", "market"),
    ("工业园", "factory"),
)


@dataclass(frozen=True)
class Place:
    name: str
    lon: float
    lat: float
    area: str
    kind: str


PLACES = [
    Place(stem + end, 114.0 + i * 0.006, 22.6 + j * 0.008, f"440399{i % 6 + 1:03d}{(i * 3 + j) % 50 + 1:03d}", kind)
    for i, stem in enumerate(STEMS)
    for j, (end, kind) in enumerate(ENDS)
] + [
    Place("龙塘地铁站", 114.05, 22.65, "440399001001", "station"),
    Place("天汇购物中心", 114.04, 22.64, "440399001002", "mall"),
    Place("政务服务中心", 114.03, 22.66, "440399002001", "office"),
    Place("区人民医院", 114.02, 22.63, "440399003001", "hospital"),
]
