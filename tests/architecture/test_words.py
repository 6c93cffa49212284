"""One word for one thing in English as well.

Catalogues of all packages are merged when the program starts: where two give one Chinese word two English ones, whichever
package comes first decides for both. A word that means two things says which with a context.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

SOURCE = Path(__file__).parents[2] / "src" / "huying"


def translated() -> Iterator[tuple[str, Message]]:
    """(package, message) of everything that has English words."""
    for path in sorted(SOURCE.rglob("locale/en/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id and any(english(message)):
                    yield str(path.parents[3].relative_to(SOURCE)), message


def chinese(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def english(message: Message) -> tuple[str, ...]:
    """The English words, all plural forms of them."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def test_no_word_is_said_in_two_ways() -> None:
    said: defaultdict[tuple[str, str], dict[tuple[str, ...], str]] = defaultdict(dict)
    for package, message in translated():
        said[message.context or "", chinese(message)].setdefault(english(message), package)
    assert len(said) > 3_000  # they were found at all
    assert {key: words for key, words in said.items() if len(words) > 1} == {}


def test_a_phone_is_no_device() -> None:
    """手机 is a phone, 设备 a thing that measures; both are ``Device`` in the code, never on a screen."""
    wrong = {
        chinese(message): english(message)
        for _package, message in translated()
        if "手机" in chinese(message).replace("手机号", "") and "设备" not in chinese(message)
        if any("device" in words.lower() for words in english(message))
    }
    assert wrong == {}
