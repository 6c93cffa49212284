"""The drawn photographs as stored files: drawn once, cleaned by the real upload, printed for as many cases as wanted."""

from __future__ import annotations

import io
from datetime import datetime
from zlib import crc32

from huying.kernel.actor import Actor, system
from huying.kernel.files import accept_upload
from huying.kernel.models import StoredFile

from .photos import draw

PRINTS = 3  # different drawings of one kind
_PAINTER = system("demo")


class Album:
    """Draws a picture when it is first wanted; further prints share its bytes."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._drawn: dict[tuple[str, str, int], StoredFile] = {}

    def print_for(self, case_id: int, kind: str, moment: str, actor: Actor, at: datetime) -> StoredFile:
        """A file row of the case with the picture of a kind, before or after, in its own drawing."""
        row = self.unsaved(case_id, kind, moment, actor, at)
        row.save(force_insert=True)
        return row

    def unsaved(self, case_id: int, kind: str, moment: str, actor: Actor, at: datetime) -> StoredFile:
        """The same, not yet written."""
        row = self._picture(kind, moment, crc32(f"{case_id}".encode()) % PRINTS)
        return StoredFile(
            sha256=row.sha256,
            kind=row.kind,
            media_type=row.media_type,
            name=row.name,
            width=row.width,
            height=row.height,
            bytes=row.bytes,
            at=at,
            actor_ref=actor.ref,
            subject=f"case:{case_id}",
        )

    def sheet(self) -> StoredFile:
        """The picture all others of a kind without a drawing of its own share the bytes of."""
        return self._picture("generic", "before", 0)

    def _picture(self, kind: str, moment: str, seed: int) -> StoredFile:
        key = (kind, moment, seed)
        if key not in self._drawn:
            name = f"{kind}-{moment}-{seed + 1}.jpg"
            stored = StoredFile.objects.filter(name=name, actor_ref=_PAINTER.ref, subject="").first()
            self._drawn[key] = stored or accept_upload(
                io.BytesIO(draw(kind, moment, seed)), actor=_PAINTER, now=self._now, name=name
            )
        return self._drawn[key]
