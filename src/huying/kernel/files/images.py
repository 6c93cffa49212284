"""Cleaning of uploads: what comes in is never what is stored or sent out again."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import Any, Final

from django.utils import timezone as django_timezone
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError, features

from huying.kernel.errors import Invalid

MAX_BYTES: Final = 25 * 1024 * 1024
MAX_PIXELS: Final = 60_000_000
MAX_SIDE: Final = 2560
THUMBNAIL_SIDE: Final = 480
THUMBNAIL_LEAST: Final = 400
THUMBNAIL_MOST: Final = 512
_QUALITY: Final = 85
_THUMBNAIL_QUALITY: Final = 80
_STEPS_AT_50: Final = 3688  # sum of the brightness table of ITU-T T.81 annex K.1, which libjpeg calls quality 50
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "MPO", "AVIF")
_MARKUP: Final = re.compile(rb"<(?:script|svg|html|!doctype|iframe|\?php|\?xml)", re.IGNORECASE)
_PDF_ACTIVE: Final = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA|OpenAction|AA)\b")


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A re-encoded image without any metadata, and what the metadata told before it was removed."""

    content: bytes
    media_type: str
    width: int
    height: int
    lon: float | None
    lat: float | None
    captured_at: datetime | None


def clean_image(content: bytes) -> CleanImage:
    """Decode an image and encode it anew, at most 2560 px, upright, without metadata. Raises Invalid."""
    _refuse_polyglot(content)
    try:
        with Image.open(io.BytesIO(content), formats=_allowed()) as image:
            return _cleaned(image)
    except Invalid:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, ArithmeticError) as error:
        raise unreadable() from error


def small_image(content: bytes) -> bytes:
    """The thumbnail of an image that was cleaned, in its own format: 400 to 512 px on its longer side, or less if it is less."""
    with Image.open(io.BytesIO(content), formats=("JPEG", "WEBP")) as image:
        most = max(*image.size, THUMBNAIL_MOST)
        wide, high = (max(1, side * THUMBNAIL_MOST // most) for side in image.size)
        image.draft("RGB", (wide, high))  # a big JPEG is decoded at half, a quarter or an eighth of its size
        image.load()
        return _encoded(_small(image.convert("RGBA") if image.format == "WEBP" else image), _THUMBNAIL_QUALITY)


def check_pdf(content: bytes) -> None:
    """Refuse what is not plainly a passive PDF: a wrong head or tail, scripts, attachments, launch actions."""
    if not content.startswith(b"%PDF-1.") and not content.startswith(b"%PDF-2."):
        raise unreadable()
    if b"%%EOF" not in content[-1024:]:
        raise unreadable()
    if _PDF_ACTIVE.search(_without_hex_names(content)) or _MARKUP.match(content[8:64]):
        raise Invalid(
            _("这个 PDF 含有脚本或附件，不能接收"),
            code="active_pdf",
            field="file",
            hint=_("请用“打印为 PDF”另存后再上传"),
        )


def unreadable() -> Invalid:
    """The refusal of anything that is not one of the accepted kinds."""
    return Invalid(
        _("这个文件不是可以接收的图片"),
        code="bad_file",
        field="file",
        hint=_("请上传 JPEG、PNG 或 WebP 照片"),
    )


def _allowed() -> list[str]:
    """Formats accepted; HEIC works where a decoder has registered itself with Pillow."""
    Image.init()
    wanted = [*_FORMATS, "HEIF"]
    return [name for name in wanted if name in Image.OPEN and (name != "AVIF" or features.check("avif"))]


def _refuse_polyglot(content: bytes) -> None:
    """An image that is at the same time a page, an archive or a PDF is no honest photo."""
    head = content[:1024]
    if _MARKUP.search(head) or b"%PDF-" in head or head.startswith((b"PK\x03\x04", b"GIF8", b"MZ", b"\x7fELF")):
        raise unreadable()
    tail = content[-65557:]
    if b"PK\x05\x06" in tail and b"PK\x01\x02" in content:
        raise unreadable()


def _cleaned(image: Image.Image) -> CleanImage:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if width < 1 or height < 1:
        raise unreadable()
    exif = image.getexif()
    lon, lat = _position(exif)
    captured_at = _moment(exif)
    if image.format in ("JPEG", "MPO"):
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    wanted = "RGBA" if transparent else "RGB"
    quality = _quality(image) if max(width, height) <= MAX_SIDE else _QUALITY
    pixels = image if image.mode == wanted else image.convert(wanted)
    pixels.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return CleanImage(
        content=_encoded(pixels, quality),
        media_type="image/webp" if transparent else "image/jpeg",
        width=pixels.width,
        height=pixels.height,
        lon=lon,
        lat=lat,
        captured_at=captured_at,
    )


def _small(pixels: Image.Image) -> Image.Image:
    """The thumbnail: divided by a whole number where that comes near enough, which costs a third of resampling."""
    longest = max(pixels.size)
    whole = -(-longest // THUMBNAIL_MOST)
    if longest >= whole * THUMBNAIL_LEAST:
        return pixels.reduce(whole)
    small = pixels.reduce(max(1, longest // THUMBNAIL_SIDE))
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC)
    return small


def _quality(image: Image.Image) -> int:
    """The quality (libjpeg's scale) a JPEG came with, at most 85: finer steps keep no more of it and only cost room."""
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    steps = tables.get(0)
    if not steps:
        return _QUALITY
    scale = max(1.0, 100 * sum(steps) / _STEPS_AT_50)
    return min(_QUALITY, round((200 - scale) / 2 if scale <= 100 else 5000 / scale))


def _encoded(pixels: Image.Image, quality: int) -> bytes:
    """Encode the bare pixels: what an image knows beside them is forgotten first, so that nothing of it is written."""
    pixels.info = {}
    buffer = io.BytesIO()
    if pixels.mode == "RGBA":
        pixels.save(buffer, "WEBP", quality=quality, method=4)
    else:
        # Codes made for the picture (optimize) would save a tenth of the room and take twice the time.
        pixels.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _too_many_pixels() -> Invalid:
    return Invalid(_("图片太大"), code="too_many_pixels", field="file", hint=_("请上传不超过 6000 万像素的照片"))


def _position(exif: Image.Exif) -> tuple[float | None, float | None]:
    """Longitude and latitude in degrees (WGS-84) from the GPS block, or None twice."""
    with suppress(KeyError, TypeError, ValueError, ZeroDivisionError, SyntaxError, OSError):
        gps: dict[int, Any] = exif.get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W")
        if isfinite(lon) and isfinite(lat) and abs(lat) <= 90 and abs(lon) <= 180 and (lon, lat) != (0.0, 0.0):
            return round(lon, 7), round(lat, 7)
    return None, None


def _degrees(parts: Any, reference: Any, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    text = reference.decode("ascii", "replace") if isinstance(reference, bytes) else str(reference)
    return -value if text.strip("\x00 ").upper() == negative else value


def _moment(exif: Image.Exif) -> datetime | None:
    """When the photo was taken; without an offset in the file, local time of the place."""
    with suppress(KeyError, TypeError, ValueError, SyntaxError, OSError, OverflowError):
        details: dict[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
        text = str(details.get(ExifTags.Base.DateTimeOriginal) or exif[ExifTags.Base.DateTime])
        naive = datetime.strptime(text.strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the zone follows
        offset = re.fullmatch(
            r"([+-])(\d\d):(\d\d)", str(details.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\x00 ")
        )
        if offset:
            shift = timedelta(hours=int(offset[2]), minutes=int(offset[3])) * (1 if offset[1] == "+" else -1)
            return naive.replace(tzinfo=timezone(shift))
        return naive.replace(tzinfo=django_timezone.get_default_timezone())
    return None


def _without_hex_names(content: bytes) -> bytes:
    """PDF names with ``#4A`` escapes resolved, so that ``/#4AavaScript`` does not slip through."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), content)


# A truncated file is refused, not half shown.
ImageFile.LOAD_TRUNCATED_IMAGES = False
# What one picture leaves is there for the next, at most 64 MB: fresh memory costs the system's time for every page of it.
Image.core.set_blocks_max(4)  # type: ignore[attr-defined]
