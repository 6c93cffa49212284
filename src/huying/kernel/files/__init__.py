"""Photos and documents: cleaned on the way in, named by their hash, shown only to those who may see them."""

from huying.kernel.files.models import StoredFile
from huying.kernel.files.store import (
    accept_upload,
    allow_files,
    attach,
    clear_unattached,
    erase_files,
    may_see,
    path_of,
)

__all__ = [
    "StoredFile",
    "accept_upload",
    "allow_files",
    "attach",
    "clear_unattached",
    "erase_files",
    "may_see",
    "path_of",
]
