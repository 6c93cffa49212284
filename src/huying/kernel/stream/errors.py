"""What the stream refuses, and why."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from huying.kernel.errors import HuyingError


class StreamRefused(HuyingError):
    """The stream has not taken what was sent: it is not kept anywhere, send it again later."""

    status = 503
    default_code = "stream_refused"
    default_message = _("设备数据没有收下，请稍后再发")


class StreamFull(StreamRefused):
    """More waits to be processed than the stream may hold; it refuses rather than drops."""

    default_code = "stream_full"
    default_message = _("积压的设备数据太多，暂时收不下，请稍后再发")


class StreamUnavailable(StreamRefused):
    """Nobody answers, or not in time. What was sent may have been taken: send it again with the same `msg_id`."""

    default_code = "stream_unavailable"
    default_message = _("设备数据的入口暂时连不上，请稍后再发")


class StreamRenewed(Exception):
    """The stream was made anew while it was read: its numbers begin again, and a cursor of the old one says nothing."""
