"""The registry's staff pages."""

from .code import code_page, code_picture
from .editing import edit, new
from .exporting import export
from .importing import imports, rejects, template, upload
from .importing import progress as upload_progress
from .knowing import area_known, known, known_sheet
from .log import log
from .merging import duplicates, merge, split
from .opening import open_in_emergency, open_record
from .proposals import proposal
from .proposals import queue as proposals
from .record import record_page
from .requests import one as rights_request
from .requests import queue as rights_requests
from .search import home, pick
from .steps import step

__all__ = [
    "area_known",
    "code_page",
    "code_picture",
    "duplicates",
    "edit",
    "export",
    "home",
    "imports",
    "known",
    "known_sheet",
    "log",
    "merge",
    "new",
    "open_in_emergency",
    "open_record",
    "pick",
    "proposal",
    "proposals",
    "record_page",
    "rejects",
    "rights_request",
    "rights_requests",
    "split",
    "step",
    "template",
    "upload",
    "upload_progress",
]
