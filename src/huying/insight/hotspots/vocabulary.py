"""Words the grouping knows beforehand: what ends a name, what never belongs to one, what is said in many ways.

General Chinese of complaints only; no name of any place. A word missing here costs a little likeness, nothing breaks.
"""

from __future__ import annotations

from typing import Final


def words_in(line: str) -> list[str]:
    """The words of a line, as the lists here are written."""
    return line.split()


# What ends a name, by kind. Longer endings are tried first.
ESTATE, ROAD, VILLAGE, SCHOOL, COMPANY, SPOT, LAND = "estate", "road", "village", "school", "company", "spot", "land"

ENDINGS: Final[dict[str, str]] = {
    **dict.fromkeys(
        words_in(
            "小区 花园 公寓 家园 新城 新村 新苑 佳苑 雅苑 嘉园 名苑 豪庭 华庭 华府 名邸 山庄 别墅 国际城 国际社区 "
            "世纪城 广场 大厦 庄园 公馆 安置区 安置房 写字楼 商业街 楼盘 苑 府 湾 郡 园 城 庭 邸 居 里 墅 院 座"
        ),
        ESTATE,
    ),
    **dict.fromkeys(words_in("大道 东路 西路 南路 北路 中路 大街 高架 立交桥 隧道 大桥 高速 路 街 巷 弄 桥 线"), ROAD),
    **dict.fromkeys(words_in("社区 行政村 自然村 村 屯 寨"), VILLAGE),
    **dict.fromkeys(words_in("幼儿园 小学 中学 高中 大学 学院 学校 附小 附中 一中 二中 驾校 职校"), SCHOOL),
    **dict.fromkeys(words_in("公司 集团 银行 医院 酒店 宾馆 超市 俱乐部 会所 事务所 合作社"), COMPANY),
    **dict.fromkeys(
        words_in("公园 地铁站 火车站 车站 市场 美食城 美食广场 商场 水库 码头 机场 影城 体育馆 项目"), SPOT
    ),
    **dict.fromkeys(words_in("湖 江 河 山 岛"), LAND),
}

# Kinds of names without an ending: how a title begins, what stands in quotes. GIVEN is the place that was filled in apart.
HEAD, QUOTED, GIVEN = "head", "quoted", "given"
UNENDED: Final[frozenset[str]] = frozenset((HEAD, QUOTED))

# How much a shared name of a kind says about "the same place": a road is long, a lake gives its name to a
# whole quarter, an estate is one place.
KIND_WEIGHT: Final[dict[str, float]] = {
    ESTATE: 1.0,
    ROAD: 0.6,
    VILLAGE: 0.8,
    SCHOOL: 0.9,
    COMPANY: 0.9,
    SPOT: 0.9,
    LAND: 0.5,
    QUOTED: 0.9,
    HEAD: 0.7,
    GIVEN: 1.0,
}

# Optional ends: 丽景小区, 丽景社区 and 丽景楼盘 are one name.
LOOSE_ENDINGS: Final[tuple[str, ...]] = (
    "住宅小区", "安置小区", "小区", "社区", "楼盘", "项目", "商铺", "业主", "小学部", "工地", "门口", "附近", "有限公司",
    "有限责任公司", "股份", "集团", "公司", "校区", "门店", "店", "地块",
)  # fmt: skip

# From here on a place that was filled in says where exactly, no longer which place.
CORNERS: Final = (
    r"\d|[一二三四五六七八九十]+(?:巷|号|栋|幢|座|期|单元|组|弄)|[东西南北正后前侧]门|[A-Za-z]?出?口|门口|村口|路口|路段|交叉|交汇|十字|对面|旁|附近|靠近|临近|楼下"
    r"|里面|外面|后面|前面|那边|这边|周边|地下|篮球场|停车场|儿童乐园|公交站|的|[东西南北][区侧边]|[（(，,。；; ]"
)

# A name never reaches over one of these to its left.
FUNCTION_WORDS: Final[frozenset[str]] = frozenset(
    words_in(
        "的 地 得 在 是 有 对 和 与 及 或 等 被 把 将 向 到 从 让 给 为 于 由 因 就 也 都 还 又 才 要 "
        "请 不 没 没有 未 已 已经 了 着 过 吗 呢 我 你 他 她 它 我们 你们 他们 我家 我市 我区 我县 本人 本 "
        "该 此 这 那 这个 那个 某 每 各 一个 一家 一处 一直 个 家 户 名 位 条 处 关注 过问 承办 严惩 公正 "
        "跟进 进展 督办 落实 回复 答复 公布 以 仍 依然 竟然 疑问 办理 通过 实施 投诉 反映 反应 咨询 关于 举报 "
        "建议 希望 请求 要求 请问 询问 恳请 恳求 强烈 质疑 呼吁 控告 再次 多次 坚决 反对 求 求助 反馈 申请 督促 "
        "尽快 加快 解决 处理 查处 严查 调查 取缔 整治 制止 管管 能否 能不能 可否 是否 何时 什么 什么时候 为何 "
        "为什么 怎么 如何 哪 哪里 位于 坐落 座落 地处 家住 居住 住 住在 住户 紧邻 紧挨 靠近 临近 毗邻 附近 旁 "
        "旁边 周边 周围 对面 门口 前面 后面 后 前 内 外 里 里面 东侧 西侧 南侧 北侧 侧面 交汇处 交叉口 路口 "
        "之间 沿线 至 往 经 经过 途经 以及 并 而且 但 但是 如 例如 比如 进驻 负责 开发 建 领导 政府 发生 出现 "
        "存在 进行 开始 导致 造成 影响 严重 长期 整个 全 多个 很多 许多 几个 部分 所有 任何 有些 一些 最 更 太 "
        "很 非常 真 目前 现在 今年 去年 昨天 今天 近日 最近 年 月 日 号 点 每天 尊敬 敬爱 您好 你好 书记 市长 "
        "县长 区长 局长 别的 受 为了 改善 知道 原来 提供 确定 简称 当时 审 熬夜 胆敢 说 进入 变成 自家 用 暂时 "
        "无法 家中 成 承包 街道 镇 乡 可以 应该 需要 必须 使 使得 包括 其中 其 其他 另外 同时 因为 由于 所以 "
        "如果 虽然 只 只有 仅 去 来 出 入 进 走 相关 有关 部门 工作人员 人员 单位 作为 成为 属于 属 称 叫 "
        "名为 名叫 谁 问题 情况 事情 方便"
    )
)
# These say something, and end a name to their right all the same.
_BREAKS: Final[frozenset[str]] = frozenset(
    words_in(
        "购买 买 购房 入住 租住 开发商 建设 修建 新建 业主 居民 村民 学生 家长 职工 员工 老师 物业 物业公司 违规 "
        "违法 非法 涉嫌 恶意 强制 强行 拖欠 欺骗 欺诈 虚假 捆绑 擅自 私自 老旧 晚上 凌晨 半夜 夜间 安全 隐患 "
        "扰民 噪音 油烟 享受 申报 楼下 楼上"
    )
)
STOPS: Final[frozenset[str]] = FUNCTION_WORDS | _BREAKS

# Looks like a name by its ending but names nothing.
NOT_NAMES: Final[frozenset[str]] = frozenset(
    words_in(
        "老小区 旧小区 老旧小区 我们小区 整个小区 全小区 "
        "小区 社区 街道 道路 马路 公路 铁路 高速 大道 广场 公园 学校 小学 中学 大学 学院 幼儿园 医院 公司 集团 "
        "银行 酒店 超市 市场 车站 花园 公寓 别墅 家园 新城 农村 全村 本村 我村 村里 城里 进城 全城 县城 古城 "
        "商城 楼盘 项目 大厦 大楼 写字楼 商场 院 园 城 府 路 街 村 桥 线 政府 市政府 县政府 区政府 省政府 法院 "
        "中院 高院 检察院 住院 出院 医学院 校园 城市 一路 网络 思路 出路 销路 走路 修路 拦路 路 让路 断头路 路线 "
        "光线 热线 在线 无线 高压线 公交线 地铁线 沿线 电线 路灯线 干线 底线 商业街 步行街 老街 大街 上街 逛街 "
        "邻居 定居 同居 民居 移居 隔壁 家里 夜里 这里 那里 手里 心里 公里 哪里 屋里 水里 房里 到位 江 湖 湾 "
        "港湾 座 讲座 客座 地铁站 火车站 安置区 安置房 安置小区 分公司 总公司 子公司 有限公司 物业公司 房地产公司 "
        "开发公司 科技公司 投资公司 工厂 化工厂 搅拌站 药店 诊所 培训学校 公立幼儿园 民办幼儿园 普惠性幼儿园 普惠幼儿园 "
        "配套幼儿园 私立幼儿园 农贸市场 菜市场 住宅小区 居民小区 新小区 公立学校 配套小学 省道 国道 地产集团 商业广场 "
        "美食广场 高层小区 人行天桥 天桥 过街天桥 立交桥 大桥 快速路 主干道 车道 通道 隧道 管道"
    )
)

# Words that say the same thing in complaints; the first stands for all.
_SAME = """
噪音 噪声 吵闹 太吵 吵 很吵 轰鸣 巨响 刺耳 声音 喧哗 震耳 分贝 噪音污染 喇叭 音响
睡眠 睡觉 睡不着 入睡 休息 失眠 睡
油烟 排烟 烟道 油烟味 烧烤 夜宵 夜宵摊 烟味 炒菜
餐馆 饭店 餐饮 餐厅 小吃店 酒楼 火锅店
粉尘 灰尘 扬尘 尘土 烟尘 尘 灰 沙尘
臭味 恶臭 臭气 异味 臭 刺鼻 气味 臭气熏天
污染 环境污染 排污 污水 环保
施工 工地 开工 动工 打桩 挖机 夜间施工
夜间 晚上 半夜 深夜 凌晨 通宵 彻夜 昼夜 日夜
车位 停车位 车库 地下车库 停车场 停车
捆绑 绑定 搭售 强买强卖 强制购买
开发商 房地产 地产商 房产商 售楼部
质量 开裂 裂缝 渗水 漏水 墙面 墙体 脱落 漏雨 空鼓
精装 装修 精装修 全装修 精装房 毛坯 毛坯房
房产证 不动产证 产权证 两证 办证 不动产
物业 物业公司 物管 物业费
退费 退款 退还 退钱 退押金 退房 退
诈骗 骗 骗子 集资诈骗 非法集资 欺骗 欺诈 忽悠
网贷 平台 出借人 兑付
工资 欠薪 薪资 薪水 血汗钱 农民工
补贴 补助 津贴 补助金
拆迁 征地 征收 安置 拆 征拆
规划 布局 方案
幼儿园 公办园 普惠园 普惠 普惠性
学位 入学 上学 就读 读书 招生 学区
实习 打工 勤工俭学 社会实践 工厂
公交 公交车 公交线路 班次 站台 站牌
地铁 轻轨 地铁站 轨道
拥堵 堵车 塞车 堵 交通堵塞
路灯 照明 灯光
红绿灯 信号灯 交通灯
垃圾 垃圾站 垃圾场 垃圾中转站 垃圾堆 垃圾楼
停水 断水 水压 自来水 供水 水费
停电 断电 供电 电费 变压器 高压线 电线杆 高压
燃气 天然气 煤气
电梯 梯
消防 消防通道 消防安全 灭火 火灾
违建 违章建筑 违章 违规建设 搭建 私搭乱建 违法建筑
麻将馆 麻将 棋牌 赌博 棋牌室
住改商 营业执照 执照 无证 许可证
占道 占道经营 摆摊 流动摊贩 摊贩
高铁 铁路 火车
公积金 组合贷 商业贷款 贷款
社保 医保 养老金 养老保险 社会保险
户口 落户 户籍 居住证
虚假宣传 误导 欺瞒 不实
"""
CONCEPTS: Final[dict[str, str]] = {
    word: line.split()[0] for line in _SAME.strip().splitlines() for word in line.split()
}

# Words without a say in what a message is about.
EMPTY: Final[frozenset[str]] = FUNCTION_WORDS | frozenset(
    words_in(
        "小区 社区 街道 附近 公司 有限公司 百姓 老百姓 群众 市民 人民 社会 国家 中国 生活 时间 时候 地方 方面 "
        "工作 关注 重视 感谢 谢谢 答复 回复 电话 打电话 热线 留言 敬礼 此致 恳请领导 望 盼 给予 予以 一下 不能 "
        "不会 不是 就是 还是 还有 都是 这样 那样 这种 这些 那些 自己 大家 别人 人 事 话 说 看 做 想 知道 觉得 "
        "认为 表示 告知 回答 然后 之后 以后 以前 之前 当时 后来 至今 仍 仍然 依然 继续 正常 根本 完全 直接 不断 "
        "经常 多年 多次 几次 第一 第二 最后 情况 原因 结果 规定 要求 标准 合理 合法 依法 法律 法规 国家 我国 "
        "本市 全市 严重影响 到底 究竟 竟然 居然 甚至 而 却 则 且 之 所 者 些 什么样 怎样 多少 几 每个 每次 "
        "一次 一年 一天 一种 一样 一起 了解 发现"
    )
)
