"""How long does the board of hot issues take when very many messages came in a year?"""

from __future__ import annotations

from typing import Any

from bench.harness import Bench

AIM_MS = 1000.0
STREETS, PEOPLE_A_STREET = 20, 20_000
_MESSAGES = """
INSERT INTO hotspots_hotmessage (report_id, issue_id, features, at, person, seconded, official, area, reading)
SELECT n, issue, jsonb_build_object('words', repeat(md5(n::text), 30)), at,
       CASE WHEN mark < 0.4 THEN -n ELSE 1 + floor(who * %(people)s) END,
       mark < 0.05, mark > 0.8, '9901010' || lpad((1 + issue %% %(streets)s)::text, 2, '0') || '001001', 2
  FROM (SELECT n, issue, random() AS who, random() AS mark, %(now)s::timestamptz - interval '1 day' * (
               370 * (hashint8(issue) & 1023) / 1024.0 * 0.9 + 40 * random()) AS at
          FROM (SELECT n, CASE WHEN random() < 0.4 THEN 1000000 + n
                     ELSE 1 + floor(power(random(), 3) * %(count)s * 0.12)::int END AS issue
                  FROM generate_series(1, %(count)s) AS n) AS drawn) AS said
"""
_ISSUES = """
INSERT INTO hotspots_hotissue (id, name, place, messages, people, official, first_at, last_at)
SELECT issue_id, '柳岸路' || issue_id || '：夜间施工噪音', '柳岸路' || issue_id, count(*),
       count(DISTINCT person) FILTER (WHERE NOT official), count(*) FILTER (WHERE official), min(at), max(at)
  FROM hotspots_hotmessage GROUP BY issue_id
"""


def ask(bench: Bench) -> None:
    from django.db import connection

    from huying.insight.hotspots import board_queries
    from huying.insight.hotspots.asking import period_of
    from huying.kernel import clock
    from huying.kernel.actor import SYSTEM, Actor, Duty

    with bench.once("write messages", bench.size), bench.cluster.connect(connection.settings_dict["NAME"]) as owner:
        _write(owner, bench.size, clock.now())
    street = Actor("staff", "person:1", "street", duties=(Duty("centre_lead", "990101001"),))
    late = []
    for who, actor in {"whole place": SYSTEM, "one street": street}.items():
        for days in (7, 30, 90, 365):
            period = period_of(str(days), "", "")
            for what, place in {"": "", ", a road": "柳岸路7"}.items():
                p50 = bench.time(
                    f"{who}: {days} days{what}",
                    lambda _n, a=actor, p=period, at=place: board_queries.board(a, p, place=at, size=10),
                    times=7,
                    warm=1,
                )
                late.append(p50 > AIM_MS)
    bench.ratio("boards within the aim of 1 s", 1 - sum(late) / len(late))


def _write(owner: Any, count: int, now: Any) -> None:
    """Two fifths of the messages alone, the others in issues of very different size, each over some weeks of the year."""
    owner.execute("SET session_replication_role = replica")  # the reports themselves are not read
    owner.execute("SELECT setseed(0.5)")
    owner.execute(_MESSAGES, {"count": count, "now": now, "people": STREETS * PEOPLE_A_STREET, "streets": STREETS})
    owner.execute(_ISSUES)
    owner.execute("SET session_replication_role = origin")
    owner.execute("VACUUM ANALYZE hotspots_hotmessage, hotspots_hotissue")
