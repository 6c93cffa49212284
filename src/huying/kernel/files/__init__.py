"""Photos and documents: cleaned on the way in, named by their hash, shown only to those who may see them."""

from huying.kernel.files.models import StoredFile
from huying.kernel.files.store import (
    Cleaned,
    accept_upload,
    allow_files,
    attach,
    attach_many,
    clean_upload,
    clear_begun,
    clear_unattached,
    erase_files,
    erase_unnamed,
    keep_upload,
    keep_uploads,
    may_see,
    path_of,
    thumbnail_of,
    unlink_erased,
)

__all__ = [
    "Cleaned",
    "StoredFile",
    "accept_upload",
    "allow_files",
    "attach",
    "attach_many",
    "clean_upload",
    "clear_begun",
    "clear_unattached",
    "erase_files",
    "erase_unnamed",
    "keep_upload",
    "keep_uploads",
    "may_see",
    "path_of",
    "thumbnail_of",
    "unlink_erased",
]
