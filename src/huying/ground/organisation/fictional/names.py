"""Believable names that belong to nobody, with their pinyin. Never the name of a real official: drawn by lot."""

from __future__ import annotations

import random
from typing import Final

_SURNAMES: Final = (
    "王Wang 李Li 张Zhang 刘Liu 陈Chen 杨Yang 黄Huang 赵Zhao 吴Wu 周Zhou 徐Xu 孙Sun 马Ma 朱Zhu 胡Hu 郭Guo 何He 林Lin "
    "高Gao 罗Luo 郑Zheng 梁Liang 谢Xie 宋Song 唐Tang 许Xu 韩Han 邓Deng 冯Feng 曹Cao 彭Peng 曾Zeng 肖Xiao 田Tian 董Dong "
    "潘Pan 袁Yuan 蔡Cai 蒋Jiang 余Yu 于Yu 杜Du 叶Ye 程Cheng 魏Wei 苏Su 吕Lü 丁Ding 任Ren 卢Lu 姚Yao 沈Shen 钟Zhong 姜Jiang"
)
_GIVEN: Final = (
    "文wen 华hua 明ming 志zhi 建jian 国guo 海hai 伟wei 军jun 强qiang 晓xiao 丽li 芳fang 敏min 静jing 秀xiu 慧hui 玲ling "
    "燕yan 梅mei 雪xue 婷ting 佳jia 欣xin 怡yi 思si 雨yu 晨chen 阳yang 浩hao 宇yu 轩xuan 俊jun 杰jie 鹏peng 飞fei 斌bin "
    "刚gang 平ping 东dong 林lin 春chun 荣rong 福fu 德de 永yong 光guang 辉hui 庆qing 超chao 凯kai 宁ning 安an 康kang 瑞rui "
    "琳lin 颖ying 洁jie 倩qian 娜na 珊shan 蓉rong 莹ying 云yun 兰lan 月yue"
)
SURNAMES: Final = tuple(_SURNAMES.split())
GIVEN: Final = tuple(_GIVEN.split())


class Names:
    """Draws names; no name twice until the drawing runs long."""

    def __init__(self, lot: random.Random) -> None:
        self._lot = lot
        self._given: set[str] = set()

    def draw(self) -> tuple[str, str]:
        """(王晓明, Wang Xiaoming)"""
        for _try in range(50):
            surname = self._lot.choice(SURNAMES)
            parts = [self._lot.choice(GIVEN) for _ in range(1 if self._lot.random() < 0.18 else 2)]
            name = surname[0] + "".join(part[0] for part in parts)
            if name not in self._given and (len(parts) == 1 or parts[0][0] != parts[1][0]):
                break
        self._given.add(name)
        return name, f"{surname[1:]} {''.join(part[1:] for part in parts).capitalize()}"
