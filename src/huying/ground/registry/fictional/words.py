"""Phrases of the fictional registry: shops, facilities, laws. All made up or generic; nothing here exists."""

from __future__ import annotations

from typing import Final

SHOP_STEMS: Final = (
    *("和顺", "福满", "好邻居", "千家", "阿香", "老街", "小满", "晴天", "金穗", "百味", "春风", "四季", "欢喜", "明亮"),
    *("如意", "同福", "青禾", "白鹭", "南风", "巧手"),
)
SHOPS: Final = (
    ("百货店", "shop", "便利零售"), ("小吃店", "shop", "餐饮"), ("理发店", "shop", "居民服务"), ("五金店", "shop", "五金零售"),
    ("大药房", "shop", "医药零售"), ("水果店", "shop", "食品零售"), ("修车行", "shop", "修理"), ("裁缝铺", "workshop", "服装加工"),
    ("木工坊", "workshop", "家具加工"), ("豆腐坊", "workshop", "食品加工"), ("棋牌室", "leisure", "娱乐"), ("网咖", "leisure", "娱乐"),
)  # fmt: skip
FACILITIES: Final = (
    ("hydrant", "消火栓"), ("extinguishers", "灭火器箱"), ("charging", "电动自行车充电棚"), ("waste", "垃圾分类亭"),
    ("play", "健身角"), ("aed", "自动体外除颤器"), ("lift", "1号电梯"), ("camera", "大门公共视频"),
)  # fmt: skip
CARE: Final[dict[str, tuple[str, str, int]]] = {
    "elder_alone": ("《中华人民共和国老年人权益保障法》第三十条", "独自居住，子女在外地", 7),
    "elder_aged": ("《中华人民共和国老年人权益保障法》第三十三条", "高龄", 30),
    "disabled": ("《中华人民共和国残疾人保障法》第四十八条", "持残疾人证", 30),
    "low_income": ("《社会救助暂行办法》第九条", "低保家庭", 60),
    "child_left": ("《中华人民共和国未成年人保护法》第九十一条", "父母外出务工，由祖父母照看", 30),
    "veteran": ("《中华人民共和国退役军人保障法》第五十六条", "优抚对象", 90),
}
EDUCATION: Final = ("小学", "初中", "高中", "大专", "本科")
JOBS: Final = ("自由职业", "物流公司", "小学教师", "餐饮服务", "电子厂", "建筑工地", "社区医院", "退休")
CODE_SIGNS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
