"""REST: what the program understands of a text, and how well: versions, report cards, learning, switching."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from huying.casework.catalogue import queries as catalogues
from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.privacy import mask_text

from . import access, actions, queries
from .emergencies.detecting import detect
from .queries_recurring import recurrences
from .reading.message import read
from .replies.judging import judge
from .rules import Subject

router = Router()
CASES, READ, TEACH = SignedIn("cases:read"), SignedIn("catalogue:read"), SignedIn()
MOST_AT_ONCE, LONGEST = 200, 20_000


class TextsIn(Schema):
    texts: Annotated[list[Annotated[str, Field(max_length=LONGEST)]], Field(min_length=1, max_length=MOST_AT_ONCE)]


class GuessOut(Schema):
    """One item it might be, how sure (0..1, calibrated once the place has learned), and the words that say so."""

    item: str
    confidence: float
    words: list[str]


class ModelOut(Schema):
    """One version; ``present`` is the card of what spoke before, on the same cases."""

    id: int
    subject: Subject
    number: int
    made_at: datetime
    examples: int
    corrections: int
    on: bool
    card: dict[str, Any]
    present: dict[str, Any]


class SaidTimeOut(Schema):
    """A time as said, and what it means where that can be told; ``every`` for what comes again and again."""

    words: str
    since: datetime | None
    until: datetime | None
    every: bool


class DangerOut(Schema):
    """A danger the words may speak of; ``line`` is whom to call."""

    kind: str
    name: str
    line: str
    words: list[str]


class ReadingOut(Schema):
    """What a text says besides its kind. ``masked`` is the text as units see it; ``matters`` are its several matters."""

    masked: str
    matters: list[str]
    times: list[SaidTimeOut]
    ongoing: bool
    repeated: bool
    emergencies: list[DangerOut]


class AnswerIn(Schema):
    question: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    answer: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class AspectOut(Schema):
    """One aspect of an answer: 0..1, why, and what would help."""

    name: str
    score: float
    reasons: list[str]
    suggestions: list[str]


class AdviceOut(Schema):
    """Advice on an answer; never a verdict."""

    overall: float
    aspects: list[AspectOut]


class RecurrenceOut(Schema):
    """A kind that keeps coming back to a grid: the latest case, and when the earlier ones were closed, oldest first."""

    grid: str
    item: str
    case_id: int
    closings: list[datetime]
    raised_at: datetime


class RecurrencePage(Schema):
    items: list[RecurrenceOut]
    next: str | None
    prev: str | None


@router.post(
    "/understanding/propose", response=list[list[GuessOut]], auth=READ, summary="What kind of matter each text is"
)
def propose(request: HttpRequest, given: TextsIn) -> list[list[dict[str, Any]]]:
    """Up to three items a text, likeliest first; nothing is stored."""
    found = queries.propose(given.texts, catalogue=catalogues.today())
    return [
        [{"item": one.item_code, "confidence": one.confidence, "words": list(one.reasons)} for one in row]
        for row in found
    ]


@router.post(
    "/understanding/read", response=list[ReadingOut], auth=READ, summary="What each text says besides its kind"
)
def read_texts(request: HttpRequest, given: TextsIn) -> list[dict[str, Any]]:
    """Several matters, times, private numbers masked, dangers; nothing is stored."""
    now = clock.now()
    return [_reading(text, now) for text in given.texts]


def _reading(text: str, now: datetime) -> dict[str, Any]:
    found = read(text, now=now)
    return {
        "masked": mask_text(text),
        "matters": found.matters,
        "times": found.times,
        "ongoing": found.ongoing,
        "repeated": found.repeated,
        "emergencies": detect(text),
    }


@router.post("/understanding/advice", response=AdviceOut, auth=READ, summary="Advice on an answer")
def advise(request: HttpRequest, given: AnswerIn) -> dict[str, Any]:
    """To the point, complete, grounded, kind, plain: what could be better. Nothing is stored."""
    found = judge(given.question, given.answer)
    aspects = [
        {"name": name, "score": one.score, "reasons": one.reasons, "suggestions": one.suggestions}
        for name, one in found.aspects.items()
    ]
    return {"overall": found.overall, "aspects": aspects}


@router.get("/understanding/models", response=list[ModelOut], auth=READ, summary="Versions and report cards")
def list_models(request: HttpRequest, subject: Subject = Subject.ITEM) -> list[Any]:
    access.must_read(_actor(request))
    return queries.versions(subject)


@router.post("/understanding/models/{model_id}/switch-on", response=ModelOut, auth=TEACH, summary="Let a version speak")
def switch_on(request: HttpRequest, model_id: int) -> Any:
    return actions.switch_on(model_id, actor=_actor(request), now=clock.now())


@router.get("/understanding/recurrences", response=RecurrencePage, auth=CASES, summary="What keeps coming back")
def list_recurrences(
    request: HttpRequest,
    open_only: bool = True,
    cursor: str | None = None,
    size: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 50,
) -> dict[str, Any]:
    """The latest case first; only those whose case the caller may see."""
    access.must_see_recurring(_actor(request))
    found = recurrences(_actor(request), open_only=open_only, cursor=cursor, size=size)
    items = [
        {
            "grid": one.grid,
            "item": one.item_code,
            "case_id": one.case_id,
            "closings": one.closings,
            "raised_at": one.raised_at,
        }
        for one in found.rows
    ]
    return {"items": items, "next": found.next, "prev": found.prev}


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]
