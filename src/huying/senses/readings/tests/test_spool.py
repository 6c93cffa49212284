"""The spool: what is confirmed stays, what is not is cut off, what is closed is known."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from huying.senses.readings import spool
from huying.senses.readings.spool import Spool, sealed

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def line(n):
    return {"k": "door", "d": n, "a": n, "r": n, "s": None, "v": {"open": True}}


def lines_of(folder):
    return [
        orjson.loads(one)["d"] for path in sorted(folder.glob("*.ndjson")) for one in path.read_bytes().splitlines()
    ]


def test_what_did_not_commit_is_cut_off(tmp_path):
    first = Spool(tmp_path)
    mark = first.append([line(1), line(2)], NOW)
    first.append([line(3)], NOW)  # dies before its transaction commits
    second = Spool(tmp_path)
    second.go_back(*mark)
    second.append([line(4)], NOW)
    assert lines_of(tmp_path) == [1, 2, 4]


def test_a_file_that_no_cursor_names_goes(tmp_path):
    first = Spool(tmp_path)
    mark = first.append([line(1)], NOW)
    first.append([line(2)], NOW + timedelta(hours=1))  # a new file
    assert len(list(tmp_path.glob("*.ndjson"))) == 2
    again = Spool(tmp_path)
    again.go_back(*mark)
    assert lines_of(tmp_path) == [1]
    again.go_back("", 0)
    assert lines_of(tmp_path) == []


def test_nothing_to_write_changes_nothing(tmp_path):
    one = Spool(tmp_path)
    assert one.append([], NOW) == ("", 0)
    mark = one.append([line(1)], NOW)
    assert one.append([], NOW + timedelta(days=1)) == mark


def test_a_full_or_old_file_gives_way_and_is_then_sealed(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "LARGEST", 100)
    one = Spool(tmp_path)
    names = {one.append([line(n)], NOW)[0] for n in range(6)}
    current = one.append([line(7)], NOW - timedelta(hours=2))[0]  # nor does a clock set back put it before the others
    assert len(names) >= 2 and current == max({*names, current})
    assert [path.name for path in sealed(tmp_path, current)] == sorted({*names} - {current})
    assert lines_of(tmp_path) == [0, 1, 2, 3, 4, 5, 7]


def test_a_disk_that_lost_what_it_confirmed_is_not_passed_over(tmp_path):
    one = Spool(tmp_path)
    name, size = one.append([line(1)], NOW)
    with pytest.raises(OSError, match="shorter"):
        Spool(tmp_path).go_back(name, size + 1)
    (tmp_path / name).unlink()
    with pytest.raises(OSError):
        Spool(tmp_path).go_back(name, size)
