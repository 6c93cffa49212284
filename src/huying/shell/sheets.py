"""A list as a file somebody takes away: CSV or XLSX, the mark of who took it and when above the names of its columns."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from huying.kernel.errors import NotFound
from huying.kernel.spreadsheets import harmless

KINDS: Final = ("csv", "xlsx")
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file is called, says of itself, and holds. ``columns`` are names and widths; ``lines`` begins a reading."""

    stem: str
    title: str
    mark: str
    columns: Sequence[tuple[str, int]]
    lines: Callable[[], Iterable[Sequence[Any]]]
    at: datetime

    def name(self, kind: str) -> str:
        return f"{self.stem}-{timezone.localtime(self.at):%Y%m%d-%H%M}.{kind}"


def must_be_kind(kind: str) -> None:
    """NotFound for a kind of file there is not."""
    if kind not in KINDS:
        raise NotFound()


def mark_of(who: str, at: datetime, what: str) -> str:
    """The sentence on every list that leaves: by whom, when, which."""
    return _("由 %(who)s 于 %(at)s 导出。条件：%(what)s。含内部信息，请妥善保管，不得外传。") % {
        "who": who,
        "at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}",
        "what": what,
    }


def moment(value: datetime | None) -> str:
    """A moment as a column holds it; empty for none."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else ""


def as_file(sheet: Sheet, kind: str) -> HttpResponseBase:
    """The answer that carries the file. CSV is written while it is read, XLSX first."""
    return _csv(sheet) if kind == "csv" else _xlsx(sheet)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(sheet: Sheet) -> StreamingHttpResponse:
    language = translation.get_language()

    def parts() -> Iterator[str]:
        writer = csv.writer(_Echo())
        with translation.override(language):
            yield "\ufeff"
            yield writer.writerow([harmless(sheet.mark)])
            yield writer.writerow([name for name, _width in sheet.columns])
            for line in sheet.lines():
                yield writer.writerow(line)

    answer = StreamingHttpResponse(parts(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{sheet.name("csv")}"'
    return answer


def _xlsx(sheet: Sheet) -> FileResponse:
    from openpyxl import Workbook  # slow to import, seldom needed
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title)
    page.freeze_panes = "B3"
    page.oddHeader.center.text = page.oddFooter.center.text = sheet.mark.replace("&", "&&")[:240]
    for number, (_name, width) in enumerate(sheet.columns, start=1):
        page.column_dimensions[get_column_letter(number)].width = width
    page.append([_bold(page, harmless(sheet.mark))])
    page.append([_bold(page, name) for name, _width in sheet.columns])
    for line in sheet.lines():
        page.append(list(line))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=sheet.name("xlsx"), content_type=_XLSX)


def _bold(page: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(page, value=text)
    cell.font = Font(bold=True)
    return cell
