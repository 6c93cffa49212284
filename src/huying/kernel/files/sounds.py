"""Sounds: voice notes are kept as they are, once their bytes show that they are one of the kinds phones record."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext_lazy as _

from huying.kernel.errors import Invalid

MAX_SOUND_BYTES: Final = 10 * 1024 * 1024
_HEAD: Final = 4096
_MARKUP: Final = re.compile(rb"<(?:script|svg|html|!doctype|iframe|\?php|\?xml)", re.IGNORECASE)
_SOUND_BRANDS: Final = (b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso5", b"iso6", b"dash")
_LAYERS: Final = (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")


def sound_type(content: bytes) -> str:
    """The media type told by the first bytes: WebM, Ogg, MP4/M4A, WAV, MP3 or AAC; "" for anything else."""
    head = content[:_HEAD]
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "audio/webm" if b"webm" in head[:64] else ""
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:12] in _SOUND_BRANDS else ""
    if head.startswith(b"RIFF"):
        return "audio/wav" if head[8:12] == b"WAVE" else ""
    if head.startswith((b"ID3", *_LAYERS)):
        return "audio/mpeg"
    if head.startswith((b"\xff\xf1", b"\xff\xf9")):
        return "audio/aac"
    return ""


def check_sound(content: bytes) -> str:
    """The media type of a voice note. Raises Invalid for other bytes, for a page in disguise, and above 10 MB."""
    kind = sound_type(content)
    if not kind or _MARKUP.search(content[:_HEAD]):
        raise Invalid(
            _("这个文件不是可以接收的录音"),
            code="bad_sound",
            field="file",
            hint=_("请用手机直接录音，或上传 MP3、M4A、WAV、Ogg、WebM 录音"),
        )
    if len(content) > MAX_SOUND_BYTES:
        raise Invalid(_("录音太长"), code="too_large", field="file", hint=_("一段录音不超过 10 MB，可以分几段说"))
    return kind
