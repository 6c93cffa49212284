"""The voices of reporters in a case: who speaks as one, and how the trace labels what each said.

A label is a name and, behind a colon, the mark of the report it came with: ``words:7f3a…``, ``comment:7f3a…``. The mark
is random and opens nothing; by it one person's texts are found and erased while everybody else's stay.
"""

from __future__ import annotations

from typing import Final

from huying.kernel.actor import Actor

WORDS: Final = "words"


def reporter(report_id: int) -> Actor:
    """A reporter as an actor: known by their report only."""
    return Actor("reporter", f"report:{report_id}", "居民")


def labelled(name: str, voice: str) -> str:
    """The label of a text that came with a voice; of nobody's voice the plain name."""
    return f"{name}:{voice}" if voice else name


def words_label(voice: str) -> str:
    """The label under which the trace keeps what a reporter said, so that it can be erased alone."""
    return labelled(WORDS, voice)


def name_of(label: str) -> str:
    """What kind of text it is, whoever said it."""
    return label.partition(":")[0]


def is_reporters(label: str) -> bool:
    """Whether a text is a reporter's own: masked for whoever handles the case, withheld from other systems."""
    name, _colon, mark = label.partition(":")
    return bool(mark) or name == WORDS
