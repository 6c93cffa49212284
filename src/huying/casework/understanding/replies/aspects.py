"""What can be seen in the wording of an official reply: requests taken up, facts given, law, tone, plainness. Pure.

Every function returns an :class:`Aspect`: a figure of 0 to 1, why, and what would help. The word lists are signs, not
proof: an aspect is advice for the one who writes, never a reason to hold a reply back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .relevance import Background, pieces, usual_background

MOST_REQUESTS = 6
_TAKEN_UP = 0.18  # the share of what a request says that the reply must say too
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")
_ASKS = re.compile(
    r"[？?]|请问|能否|能不能|是否|是不是|可否|可不可以|为什么|为何|什么时候|何时|怎么|怎样|如何|多少|哪里|哪个|哪些|吗[。，]?$"
    r"|请求|恳请|希望|要求|盼望|建议|咨询|想了解|想知道|呼吁|请(?=[^教假])(?!您?放心)"
)
_NO_REQUEST = re.compile(
    r"难道|难不成|岂|祝您|何在|天理|特此|^[^，,]{0,6}(?:谢谢|感谢)|百忙之中|请(?:各位)?领导(?:重视|关注)[^，,]{0,4}$"
)
_TELLING = 12  # so many of its rarest pieces measure a request, or long ones could never be met
_SCANT = 8  # a sentence with fewer signs is understood from the one before it and the title
_POLITE = re.compile(
    r"^(?:.{0,12}(?:领导|书记|市长|县长|局长|主任))?[，,：:！!]*(?:您|你)们?好.{0,3}$|^.{0,6}(?:谢谢|感谢).{0,6}$"
)
_DAY = re.compile(
    r"(?:(?:\d{4}|[〇○一二三四五六七八九零]{4})年)?\s*[\d一二三四五六七八九十]{1,3}月(?:[\d一二三四五六七八九十]{1,3}[日号])?"
)
_SIGNED = re.compile(r"(?:\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-./]\d{1,2}[-./]\d{1,2})\s*[。.]?\s*$")
_UNIT = re.compile(
    r"[㐀-鿿A-Z0-9]{1,10}?(?:局|街道办?|居委会|村委会|社区|委员会|办公室|管委会|中心|支队|大队|中队|派出所|公司|镇政府|人民政府|"
    r"[省市区县]政府|工作组|网格员|住建委|发改委|教体委|学校|物业|法院|服务站|窗口)|我(?:局|办|镇|街道|委|校|院|队|站|区|县|市|乡|公司)"
)
_PHONE = re.compile(
    r"(?<!\d)(?:0\d{2,3}[-－—–]?\d{7,8}|1\d{10}|[48]00[-－]?\d{3,4}[-－]?\d{3,4}|\d{7,8}|1\d{4}|0000-0+)(?!\d)"
)
_FOUND = re.compile(
    r"经查|经核|经调|经现场|经了解|经[㐀-鿿]{1,10}(?:核实|调查|了解|查看|检测|走访)|核查发现|调查发现|现场(?:查看|核实|调查|勘查|检查)|情况属实|"
    r"不属实|基本属实|发现|实际情况|据了解|原因(?:是|为|在于)|因为|由于|目前"
)
_RULE = re.compile(r"根据|按照|依据|规定|可以|需要|应当|须|凭|条件|标准|流程|材料")
_INQUIRY = re.compile(r"咨询|请问|想问|了解一下|想了解|想知道")
_DONE = re.compile(
    r"已(?:经)?(?!收悉|收到|知悉|阅)[㐀-鿿]|责令|责成|约谈|处罚|立案|整改|拆除|清理|修复|修好|恢复|办结|安装|更换|退还|补发|协调"
)
_WILL = re.compile(r"将(?!有关|相关|情况|您|你|现)|下一步|计划|拟|预计|安排|正在|争取|待.{2,20}后|近期|今后")
_WHEN = re.compile(
    r"[日号月年天周底旬初](?:之?前|以?内|底|中旬|上旬|下旬|左右)|(?:\d+|[一二三四五六七八九十两]+)个?(?:工作日|天|日|周|月|小时)(?:之?内|以?内|左右)"
    r"|(?:预计|计划|将于|拟于|争取|定于|已于|于)[^。；]{0,12}[年月日]|年底|月底|本周|下周|当天|当日|立即完成|随时"
)
_KINDS = (  # what is asked for, and the sign of an answer
    (
        re.compile(r"什么时候|何时|多久|几时|多长时间|时间是"),
        re.compile(_WHEN.pattern + "|" + _DAY.pattern + "|暂无|尚未|待"),
    ),
    (re.compile(r"多少|几元|多大|几个"), re.compile(r"\d+(?!\d*[年月日号])|[一二三四五六七八九十百千万]+[元个%平]")),
    (re.compile(r"为什么|为何|什么原因|原因"), re.compile(r"因|由于|原因|导致|造成")),
)
_FORWARDED = re.compile(r"(?:已|将|并)[^。；]{0,10}(?:转交?|交办|交由|转至|反馈给)[^。；]{0,24}")
_SERVED = (
    r"(?:再)?(?:给予|予以|为您|为你)?(?:办理|受理|享受|申请|批准|审批|补[贴助偿缴]|报销|发放|退|登记|上牌"
    r"|参加|参保|纳入|安装|安排|支持)"
)
_REFUSED = re.compile(
    r"不予|不符合(?:.{0,10}(?:条件|规定|政策|要求))|不属于.{0,16}(?:职责|职权|范围|管辖|受理|权限)|不在.{0,8}范围|未达到.{0,6}(?:标准|条件)|没有(?:相关|此项)政策|暂不"
    rf"|不具备.{{0,6}}条件|(?:无法|不能|不可以|不允许|不得){_SERVED}|无权"
)
_RIGHT = re.compile(
    r"(?:您|你|业主|居民|职工|当事人)有权|(?<!不)按(?:照)?(?:相关)?(?:规定|政策)|根据(?:相关|有关|国家)?(?:规定|政策|法律)|可(?:以)?(?:依法|申请|享受)|符合.{0,12}条件的?[，,]?(?:均)?可"
)
_CITED = re.compile(
    r"《[^》？?]{0,50}(?:(?<!违)法|条例|规定|规程|办法|细则|通知|意见|方案|标准|规范|决定|通告|公告|公约|令|制度|目录|解释|纪要)[^》？?]{0,14}》"
    r"(?:[^。；，]{0,12}第[一二三四五六七八九十百零\d]+条)?|第[一二三四五六七八九十百零\d]+条"
    r"|[㐀-鿿]{0,8}[〔【\[(（]?(?:19|20)\d{2}[〕】\])）]?\s*第?\d{1,4}号|\[政府发文\]\d{1,4}号"
)
_VAGUE = re.compile(r"(?:根据|按照?|依据)?(?:相关|有关|国家|上级)(?:的)?(?:法律法规|规定|政策|文件|要求)")
_GREETING = re.compile(r"您好|你好|尊敬的|[：:]好")
_EMPTY = re.compile(
    r"高度重视|进一步(?:加强|加大|强化|规范|完善|提升)|切实(?:做好|加强|维护|保障|解决|提高)?|一如既往|常抓不懈|扎实(?:推进|开展|做好)?|狠抓落实"
    r"|积极(?:稳妥|推进|协调|配合|响应)|全力(?:做好|推进|保障|以赴)?|加大.{0,6}力度|不断(?:提高|提升|完善|加强)|统筹(?:推进|兼顾|考虑)"
    r"|努力(?:营造|打造|构建|提升)|全面(?:落实|推进|加强)|长效机制|齐抓共管|压实责任|(?:争取)?早日|及时(?:跟进|处理|反馈)"
    r"|留言(?:已)?收悉|耐心等待|敬请(?:关注|谅解|留意)"
)
_BLAME = re.compile(
    r"无理取闹|胡搅蛮缠|恶意(?:投诉|举报|炒作)|无中生有|纯属(?:捏造|造谣)|(?:你|您)(?:自己|本人)(?:的)?(?:原因|问题|责任|造成|没有|不)|怪你|自作自受"
    r"|与我(?:局|办|镇|街道|们|单位|区|县)无关|不归我们管|不要(?:再)?(?:反复|重复|无端|乱)|谁让你|自行(?:解决|处理|承担)|素质(?:低|差)|道听途说"
)
_ORDER = re.compile(r"(?:请?你|请?您|来信人)(?:必须|务必|不得|不许)")
_JARGON = re.compile(
    r"办复|核处|核办|函复|呈报|呈批|报批|研判|抓手|闭环|压茬|属地(?:管理|原则)|条块|三资|兜底|依申请|涉诉|涉稳|棚改|网签|确权|红线|管网|立项|概算|批复"
    r"|容积率|控规|详规|统筹地区|计发|视同缴费|参保|征信|招拍挂|以奖代补|统征|提质改造|督查督办|挂图作战|一事一议|容缺|联审联批"
)
_LATIN = re.compile(r"(?<![A-Za-z])[A-Z]{2,6}(?![A-Za-z0-9])")
_MARKS = re.compile(r"[！!]{2,}")


@dataclass(frozen=True, slots=True)
class Aspect:
    """One side of a reply: ``score`` 0 (bad) to 1, what was seen, what would help. A low score always has a reason."""

    score: float
    reasons: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completeness:
    """The aspect, and which requests were found in the message and which of them the reply leaves open."""

    aspect: Aspect
    requests: tuple[str, ...]
    unanswered: tuple[str, ...]


def short(text: str, most: int = 24) -> str:
    """A quotation that fits a line."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def requests_in(message: str) -> list[str]:
    """Sentences that ask or demand, in order, at most :data:`MOST_REQUESTS`; the whole message when none does."""
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(message)]
    said = [one for one in sentences if len(_bare(one)) > 3 and not _POLITE.search(one) and not _NO_REQUEST.search(one)]
    asking = list(dict.fromkeys(sentence for sentence in said if _ASKS.search(sentence)))
    if not asking:
        return [message.strip()] if message.strip() else []
    asking.sort(
        key=lambda sentence: not re.search(r"[？?]", sentence)
    )  # questions go before wishes when there are many
    kept = set(asking[:MOST_REQUESTS])
    return [sentence for sentence in dict.fromkeys(said) if sentence in kept]


def completeness(message: str, reply: str, *, title: str = "", background: Background | None = None) -> Completeness:
    """Whether each request is taken up, and whether the reply says what was found, done, by whom and when."""
    known = background or usual_background()
    text = _SIGNED.sub("", reply.strip())
    requests = requests_in(message) or requests_in(title)
    listed = len(
        re.findall(r"(?:^|[。；：:\s])(?:[一二三四五六七八九]、|\d[、.．]|[（(]\d[)）]|问题[一二三四五六])", text)
    )
    each = len(requests) > 1 and listed >= len(requests)
    said = set(pieces(text))
    open_ones = [one for one in requests if not _taken_up(_understood(one, message, title), text, said, known, each)]
    told = bool(_INQUIRY.search(f"{title}{message}")) and len(_RULE.findall(text)) > 2
    given, missing = _facts(text, told)
    answered = 1 - len(open_ones) / len(requests) if requests else 1.0
    score = 0.6 * answered + 0.4 * given
    reasons = [_("没有看到对这一句的回应：“%(text)s”") % {"text": short(one, 40)} for one in open_ones]
    reasons += [what for what, _advice in missing]
    suggestions = [advice for _what, advice in missing]
    if open_ones:
        suggestions.insert(0, _("逐条回应留言里的每一个问题，一时不能解决的也说明原因。"))
    if not reasons:
        reasons.append(_("每个问题都有回应，并写明了情况、办法、单位和时间。"))
    return Completeness(Aspect(score, tuple(reasons), tuple(suggestions)), tuple(requests), tuple(open_ones))


def _understood(request: str, message: str, title: str) -> str:
    """A request that says little by itself together with the title and the sentence before it."""
    if len(_bare(_ASKS.sub("", request))) >= _SCANT:
        return request
    before = message[: max(0, message.find(request))]
    return f"{title} {(_SENTENCE.findall(before) or [''])[-1]} {request}"


def _taken_up(request: str, reply: str, said: set[str], background: Background, listed: bool) -> bool:
    """Whether the reply says enough of what the request says, or what its kind of question asks for and some of it."""
    weighed = {piece: background.weight(piece) for piece in set(pieces(request)) if len(piece) == 2 or piece[0] in "@#"}
    total = sum(sorted(weighed.values())[-_TELLING:])
    share = sum(weight for piece, weight in weighed.items() if piece in said) / total if total else 1.0
    if re.search(r"电话|联系方式", request) and _PHONE.search(reply):
        return True
    needed = _TAKEN_UP * (0.6 if listed else 1.0)
    for asks, answers in _KINDS:
        if asks.search(request):
            return share >= needed * 0.5 and bool(answers.search(reply))
    if not re.search(r"[？?]", request) and (_DONE.search(reply) or _WILL.search(reply)):
        needed *= 0.7  # a wish is met by deeds more than by its own words
    return share >= needed


def _facts(reply: str, told: bool) -> tuple[float, list[tuple[str, str]]]:
    """The share of the four things a reply should say, and what is missing with advice.

    ``told``: an inquiry was answered by explaining the rules; then nothing needs to be done by a certain day.
    """
    forwarded = _FORWARDED.search(reply)
    acted = bool(_DONE.search(_FORWARDED.sub("", reply)) or _WILL.search(_FORWARDED.sub("", reply)))
    checks = (
        (
            bool(_FOUND.search(reply) or _RULE.search(reply)),
            _("没有说明查到了什么情况"),
            _("写明核实到的情况，或者适用的规定。"),
        ),
        (acted or told, _("没有说明已经做了什么、将做什么"), _("写明已采取和将采取的措施。")),
        (bool(_UNIT.search(reply) or _PHONE.search(reply)), _("没有说明由哪个单位负责"), _("写明承办单位和联系电话。")),
        (
            told or bool(_WHEN.search(reply)),
            _("没有说明什么时候办好"),
            _("写明完成时间；定不下来的，写明什么时候再答复。"),
        ),
    )
    missing = [(what, advice) for there, what, advice in checks if not there]
    given = 1 - len(missing) / len(checks)
    if forwarded and not acted:
        missing.insert(
            0,
            (
                _("只说了转交：“%(text)s”") % {"text": short(forwarded.group())},
                _("等承办单位有了结果再答复，或约定再次答复的时间。"),
            ),
        )
        given /= 2
    return given, missing


def legal_basis(reply: str) -> Aspect:
    """Whether a refusal, or a right that is explained, names the rule it rests on."""
    refused, right = _REFUSED.search(reply), _RIGHT.search(reply)
    cited = _CITED.findall(reply)
    if cited:
        whole = [match.group() for match in _CITED.finditer(reply)]
        exact = any(re.search(r"第.+条|号", one) for one in whole)
        return Aspect(1.0 if exact else 0.9, (_("引用了依据：%(text)s") % {"text": short(whole[0], 40)},))
    sign = refused or right
    if sign is None:
        return Aspect(1.0, (_("没有拒绝，也没有解释权利，不需要引用依据。"),))
    quoted = short(reply[max(0, sign.start() - 6) : sign.end() + 10])
    vague = _VAGUE.search(reply)
    reason = _("拒绝了请求却没有写明依据：“%(text)s”") if refused else _("解释了政策却没有写明出处：“%(text)s”")
    reasons = [reason % {"text": quoted}]
    if vague:
        reasons.append(_("“%(text)s”没有说是哪一份") % {"text": short(vague.group())})
    score = (0.35 if vague else 0.2) if refused else 0.5
    return Aspect(score, tuple(reasons), (_("写明法律法规或文件的名称、文号和条款。"),))


def tone(reply: str) -> Aspect:
    """Kind and plain: greets, blames nobody, does not shout, says more than phrases."""
    score, reasons, suggestions = 1.0, list[str](), list[str]()
    if not _GREETING.search(reply[:60]):
        score -= 0.15
        reasons.append(_("开头没有问候"))
        suggestions.append(_("开头用“您好”。"))
    blame = _BLAME.search(reply) or _ORDER.search(reply)
    if blame:
        score -= 0.45
        reasons.append(_("像在责备或命令：“%(text)s”") % {"text": short(blame.group())})
        suggestions.append(_("只说事实和办法，不评价反映人。"))
    if _MARKS.search(reply) or len(re.findall(r"[！!]", reply)) > 4:
        score -= 0.2
        reasons.append(_("感叹号过多"))
        suggestions.append(_("多数感叹号可以换成句号。"))
    if not blame and re.search(r"你(?!们)", reply.replace("你好", "")) and "您" not in reply:
        score -= 0.1
        reasons.append(_("称呼用“你”而不是“您”"))
        suggestions.append(_("把“你”换成“您”。"))
    phrases = list(dict.fromkeys(_EMPTY.findall(reply)))
    share = sum(len(phrase) for phrase in _EMPTY.findall(reply)) / max(1, len(_bare(reply)))
    if phrases and (share > 0.1 or len(phrases) > 2):
        score -= min(0.5, 0.04 * len(phrases) + share)
        reasons.append(_("套话较多：%(text)s") % {"text": "、".join(phrases[:4])})
        suggestions.append(_("删去套话，换成具体的事实、措施和时间。"))
    return Aspect(max(0.0, score), tuple(reasons or [_("语气平和、具体。")]), tuple(suggestions))


def plainness(reply: str) -> Aspect:
    """Readable to a layman: sentences, abbreviations, words of the trade, paragraphs."""
    bare = _bare(reply)
    if not bare:
        return Aspect(0.0, (_("答复没有内容"),), (_("写下核实到的情况和处理办法。"),))
    score, reasons, suggestions = 1.0, list[str](), list[str]()
    sentences = [len(_bare(one)) for one in _SENTENCE.findall(reply) if _bare(one)]
    longest = max((one for one in _SENTENCE.findall(reply)), key=len, default="")
    mean = sum(sentences) / max(1, len(sentences))
    if mean > 60 or max(sentences, default=0) > 120:
        score -= min(0.4, 0.15 + max(0.0, mean - 60) / 200)
        values = {"count": max(sentences), "text": short(longest)}
        reasons.append(_("句子太长（最长一句 %(count)d 字）：“%(text)s”") % values)
        suggestions.append(_("一句话说一件事，每句不超过 40 字。"))
    jargon = list(dict.fromkeys(_JARGON.findall(reply) + _LATIN.findall(reply)))
    if jargon:
        score -= min(0.35, 0.07 * len(jargon))
        reasons.append(_("不易懂的词：%(text)s") % {"text": "、".join(jargon[:5])})
        suggestions.append(_("换成日常的说法，或加一句解释。"))
    if len(bare) > 300 and "\n" not in reply.strip() and not re.search(r"\s{2,}|　", reply.strip()):
        score -= 0.2
        reasons.append(_("%(count)d 字没有分段") % {"count": len(bare)})
        suggestions.append(_("按情况、措施、时间分段。"))
    return Aspect(max(0.0, score), tuple(reasons or [_("句子短，用词平常。")]), tuple(suggestions))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def joined(parts: Sequence[str]) -> str:
    """Several names in one line."""
    return "、".join(parts)
