"""As many cases as wanted: years of them, mostly archived, written by set-based SQL with indexes made afterwards.

Texts are those of 20,000 voices with the search terms the program makes of them; kinds, places, units and channels have
the uneven shares of a real place (a few are heavy, many are rare). Only the newest cases are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

TEXTS = 20_000
RARE_WORD = "孔雀石"  # said in three cases of all
YEARS = 4
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
  LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
 WHERE i.indrelid = ANY(ARRAY['cases_case'::regclass, 'cases_assignment'::regclass]) AND c.oid IS NULL
"""
_CASES = """
INSERT INTO cases_case (id, number, item_id, item_code, class_code, title, summary, place_text, lon, lat,
    grid, community, town, county, channel, state, urgent, opened_at, lead_unit_id, first_asked_unit_id,
    escalated_level, returns, locked, redos, extensions, reports, due_at, light, closed_at, closed_late, archived_at,
    rating, version, confidence, proposals, terms)
SELECT d.id, to_char(d.opened, 'YYYYMMDD') || '-' || lpad(d.id::text, 7, '0'), i.id, i.code, i.class_code,
    t.title, t.summary, t.place, g.lon + (d.r1 - 0.5) * 0.004, g.lat + (d.r2 - 0.5) * 0.004,
    g.code, left(g.code, 12), left(g.code, 9), left(g.code, 6),
    (ARRAY['hotline','portal','grid','hotline','portal','grid','hotline','department','camera','device'])[1 + floor(d.r3 * 10)],
    d.state, d.r4 < 0.01, d.opened,
    CASE WHEN d.state IN ('pending', 'accepted', 'declined') THEN NULL ELSE u.id END,
    CASE WHEN d.state IN ('pending', 'accepted', 'declined') THEN NULL ELSE u.id END,
    0, CASE WHEN d.r5 < 0.02 THEN 1 WHEN d.r5 < 0.022 THEN 2 ELSE 0 END, false, 0, 0, 1,
    CASE WHEN d.state = 'declined' THEN NULL ELSE d.opened + (1 + d.r6 * 14) * interval '1 day' END,
    CASE WHEN d.open THEN (ARRAY['','','','','','','blue','blue','yellow','red'])[1 + floor(d.r7 * 10)] ELSE '' END,
    CASE WHEN d.open THEN NULL ELSE d.opened + d.r8 * interval '12 days' END,
    CASE WHEN d.open OR d.state = 'declined' THEN NULL ELSE d.r9 < 0.03 END,
    CASE WHEN d.state = 'archived' THEN d.opened + interval '20 days' END,
    CASE WHEN d.state = 'archived' AND d.r7 < 0.5 THEN 1 + floor(d.r8 * 5) END, 6, 0.9, '[]'::jsonb, t.terms
  FROM (SELECT n + %(after)s AS id, %(now)s::timestamptz - (%(count)s - n)::float / %(count)s * %(years)s * interval '365 days'
                - interval '1 minute' AS opened, s.state,
               s.state IN ('pending','accepted','dispatched','objected','handling','suspended','checking') AS open,
               random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6,
               random() AS r7, random() AS r8, random() AS r9,
               1 + floor(power(random(), 3) * %(items)s) AS item, 1 + floor(power(random(), 1.5) * %(grids)s) AS grid,
               1 + floor(power(random(), 2) * %(units)s) AS unit, 1 + floor(random() * %(texts)s) AS text
          FROM generate_series(1, %(count)s) AS n
         CROSS JOIN LATERAL (SELECT CASE
            WHEN n <= %(count)s * 0.96 THEN CASE
                WHEN x < 0.0005 THEN 'suspended' WHEN x < 0.03 THEN 'declined' WHEN x < 0.031 THEN 'transferred'
                ELSE 'archived' END
            WHEN x < 0.02 THEN 'pending' WHEN x < 0.05 THEN 'accepted' WHEN x < 0.12 THEN 'dispatched'
            WHEN x < 0.13 THEN 'objected' WHEN x < 0.4 THEN 'handling' WHEN x < 0.42 THEN 'suspended'
            WHEN x < 0.48 THEN 'checking' WHEN x < 0.7 THEN 'closed' ELSE 'archived' END AS state
            FROM (SELECT random() + n * 0 AS x) AS drawn) AS s) AS d
  JOIN bench_item i ON i.n = d.item JOIN bench_grid g ON g.n = d.grid JOIN bench_unit u ON u.n = d.unit
  JOIN bench_text t ON t.n = d.text
"""
_ASSIGNMENTS = """
INSERT INTO cases_assignment (case_id, unit_id, role, state, limits, respond_due, due_at, why, sent_at, result)
SELECT id, lead_unit_id, 'lead', CASE WHEN state = 'dispatched' THEN 'sent' WHEN open THEN 'signed' ELSE 'delivered' END,
       '{}'::jsonb, due_at, due_at, '[]'::jsonb, opened_at, ''
  FROM cases_case WHERE lead_unit_id IS NOT NULL AND id > %(after)s
UNION ALL
SELECT c.id, u.id, 'assist', CASE WHEN c.open THEN 'signed' ELSE 'accepted' END, '{}'::jsonb, c.due_at, c.due_at, '[]'::jsonb,
       c.opened_at, ''
  FROM cases_case c JOIN bench_unit u ON u.n = 1 + c.id %% %(units)s
 WHERE c.lead_unit_id IS NOT NULL AND c.id %% 50 = 0 AND u.id <> c.lead_unit_id AND c.id > %(after)s
"""


def write_cases(owner: Any, voices: Sequence[Any], count: int, now: datetime) -> None:
    """Write `count` cases with their assignments. `owner` is a superuser's connection to the database."""
    owner.execute("SET session_replication_role = replica")  # what they refer to is there: it is drawn from the tables
    owner.execute("SELECT setseed(0.5)")
    _texts(owner, voices)
    numbers = _parts(owner)
    after = owner.execute("SELECT coalesce(max(id), 0) FROM cases_case").fetchone()[0]
    indexes = owner.execute(_INDEXES).fetchall()
    for name, _made in indexes:
        owner.execute(f"DROP INDEX {name}")
    given = {**numbers, "after": after, "count": count, "now": now, "years": YEARS, "texts": TEXTS}
    owner.execute(_CASES, given)
    owner.execute(_ASSIGNMENTS, given)
    for _name, made in indexes:
        owner.execute(made)
    owner.execute("SELECT setval(pg_get_serial_sequence('cases_case', 'id'), %s)", [after + count])
    owner.execute("SET session_replication_role = origin")
    owner.execute("VACUUM ANALYZE cases_case, cases_assignment")


def _texts(owner: Any, voices: Sequence[Any]) -> None:
    """Titles, texts, places and search terms, as opening a case would write them."""
    from huying.casework.dispatch.rules import title_of
    from huying.kernel.terms import terms

    owner.execute(
        "CREATE TEMP TABLE bench_text (n int PRIMARY KEY, title text, summary text, place text, terms tsvector)"
    )
    with owner.cursor().copy("COPY bench_text FROM STDIN") as copy:
        for n in range(1, TEXTS + 1):
            voice = voices[n % len(voices)]
            title = voice.title or title_of(voice.text)
            copy.write_row((n, title[:80], voice.text, voice.place_text, terms(title, voice.place_text, voice.text)))


def _parts(owner: Any) -> dict[str, int]:
    """Kinds, grids and units with running numbers; how many of each."""
    made = {
        "items": "CREATE TEMP TABLE bench_item AS SELECT row_number() OVER (ORDER BY md5(code)) AS n, id, code, class_code"
        " FROM catalogue_item",
        "grids": "CREATE TEMP TABLE bench_grid AS SELECT row_number() OVER (ORDER BY md5(code)) AS n, code, lon, lat"
        " FROM territory_area WHERE level = 'grid'",
        "units": "CREATE TEMP TABLE bench_unit AS SELECT row_number() OVER (ORDER BY md5(code)) AS n, id"
        " FROM organisation_unit",
    }
    counts = {}
    for name, query in made.items():
        owner.execute(query)
        counts[name] = owner.execute(f"SELECT count(*) FROM bench_{name[:-1]}").fetchone()[0]
    return counts
