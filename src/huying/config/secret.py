"""The instance secret: made once, kept in a file only its owner can read."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def read_or_create_secret(path: Path) -> str:
    """The secret in `path`; made with 384 random bits when there is none. Safe when several processes start at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails when somebody was faster: theirs counts
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    return path.read_text().strip()
