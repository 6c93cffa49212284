"""Messages about the same matter at the same place, found together: one by one as they come, or all at once. Pure.

A message joins the group with the highest mean chance (``likeness``) over its members, when that is high enough, and may
show that two groups are one. Because early messages are placed knowing little, ``Groups.consolidate`` looks at everything
again (average linkage, independent of order); run it daily. ``grouped`` is that and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from huying.insight.hotspots.likeness import Features, Rarity, alike_chance, cosine, features
from huying.insight.hotspots.linkage import linked
from huying.insight.hotspots.pairs import likely_pairs
from huying.insight.hotspots.places import NameIndex
from huying.insight.hotspots.where import NOWHERE, Where

TOGETHER = 0.27  # mean chance from which on messages are one matter; fitted on hand labels
_FOLLOWED = 14  # most telling words of a message that are looked up
_CROWD = 400  # holders of a word, from where on it is not looked up
_LOOKED_AT = 60  # messages compared in full because of their words
_SAMPLE = 40  # members of a group that stand for all


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said. ``id`` is unique; ``user`` may be a pseudonym; times all with or all without zone; ``place`` as it
    was filled in apart from the words.
    """

    id: str
    title: str
    text: str
    time: datetime | None = None
    likes: int = 0
    dislikes: int = 0
    user: str = ""
    place: str = ""
    where: Where = NOWHERE

    def features(self) -> Features:
        return features(self.title, self.text, self.where, self.place)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a message went: the key of its group, and the keys of groups that turned out to be the same and are gone."""

    group: str
    absorbed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Entry:
    id: str
    features: Features
    day: float | None
    group: str
    vector: dict[str, float]
    known: int  # messages known when the vector was made


class Groups:
    """Groups that grow. The key of a group is the id of its first message and stays while the group lives."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._members: dict[str, list[str]] = {}
        self._rarity = Rarity()
        self._names = NameIndex()
        self._by_name: dict[str, dict[str, None]] = defaultdict(dict)
        self._by_word: dict[str, dict[str, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._members)

    def group_of(self, message_id: str) -> str:
        return self._entries[message_id].group

    def members(self, group: str) -> tuple[str, ...]:
        """Ids in the order they came."""
        return tuple(self._members[group])

    def groups(self) -> dict[str, tuple[str, ...]]:
        return {key: tuple(ids) for key, ids in self._members.items()}

    def features_of(self, message_id: str) -> Features:
        """What to keep of a message, so that ``restore`` need not read its text again."""
        return self._entries[message_id].features

    def restore(self, message_id: str, kept: Features, time: datetime | None, group: str) -> None:
        """Take in a message whose group is known from before."""
        if message_id in self._entries:
            raise ValueError(f"message {message_id} is already grouped")
        self._rarity.learn(kept.words)
        self._entries[message_id] = _Entry(message_id, kept, _day(time), group, {}, 0)
        self._members.setdefault(group, []).append(message_id)
        for name in kept.names:
            self._names.add(name.core)
            self._by_name[name.core][message_id] = None
        for word in kept.words:
            self._by_word[word][message_id] = None

    def add(self, message: Message) -> Placed:
        """Group a message; milliseconds. A message added twice stays where it is."""
        if message.id in self._entries:
            return Placed(self._entries[message.id].group)
        alone = self._fresh_key(message.id)
        self.restore(message.id, message.features(), message.time, alone)
        entry = self._entries[message.id]
        means = sorted(((self._mean([entry], key), key) for key in self._near(entry)), reverse=True)
        fitting = [key for mean, key in means if mean >= TOGETHER]
        if not fitting:
            return Placed(alone)
        home, *others = fitting
        self._move(alone, home)
        same = [key for key in others if self._mean(self._sample(home), key) >= TOGETHER]
        for key in same:
            self._move(key, home)
        return Placed(home, tuple(same))

    def remove(self, message_id: str) -> None:
        """Forget a message, as when it is erased; a group left empty is gone. The key of its group does not change."""
        entry = self._entries.pop(message_id)
        self._rarity.forget(entry.features.words)
        self._members[entry.group].remove(message_id)
        if not self._members[entry.group]:
            del self._members[entry.group]
        for name in entry.features.names:
            del self._by_name[name.core][message_id]
        for word in entry.features.words:
            del self._by_word[word][message_id]

    def consolidate(
        self, advance: Callable[[int], None] = lambda _steps: None, fresh: Collection[str] | None = None
    ) -> dict[str, tuple[str, ...]]:
        """Look at all messages again; the same result in whatever order they came. Seconds for thousands.

        A new group keeps the key of the old group most of its members come from. Returns the groups with other members
        than before, by key; keys no longer in ``groups()`` are gone. ``fresh``: only these messages are looked at again, and
        the groups of all others stay whole, which for few among many is much quicker.
        """
        before = {key: set(ids) for key, ids in self._members.items()}
        found = self._found(sorted(self._entries if fresh is None else fresh), advance)
        self._members = {}
        new = self._entries.keys() if fresh is None else set(fresh)
        for group in sorted(found, key=lambda group: (-sum(one.id not in new for one in group), -len(group))):
            self._settle(group)
        return {key: tuple(ids) for key, ids in self._members.items() if before.get(key) != set(ids)}

    def _found(self, fresh: Sequence[str], advance: Callable[[int], None]) -> list[list[_Entry]]:
        """The groups as they turn out, with what is not fresh held together as it is."""
        entries = [self._entries[key] for key in fresh]
        looked_at = set(fresh)
        whole = [[self._entries[one] for one in ids if one not in looked_at] for ids in self._members.values()]
        nodes = [[entry] for entry in entries] + [group for group in whole if group]
        flat = [entry for node in nodes for entry in node]
        node_of = [number for number, node in enumerate(nodes) for _entry in node]
        pairs = likely_pairs([e.features for e in flat], [e.day for e in flat], self._rarity, advance, len(entries))
        sums: dict[tuple[int, int], float] = defaultdict(float)
        for one, other, chance in pairs:
            sums[node_of[one], node_of[other]] += chance
        links = ((one, other, total) for (one, other), total in sums.items())
        groups = linked(len(nodes), links, TOGETHER, [len(node) for node in nodes])
        return [[entry for number in group for entry in nodes[number]] for group in groups]

    def _settle(self, group: Sequence[_Entry]) -> None:
        votes: dict[str, int] = defaultdict(int)
        for entry in group:
            votes[entry.group] += 1
        free = [key for key in sorted(votes, key=lambda key: (-votes[key], key)) if key not in self._members]
        key = free[0] if free else self._fresh_key(group[0].id)
        self._members[key] = [entry.id for entry in group]
        for entry in group:
            entry.group = key

    def _fresh_key(self, message_id: str) -> str:
        """The message's own id, unless a group it left goes by that."""
        keys = (message_id if turn == 1 else f"{message_id}.{turn}" for turn in count(1))
        return next(key for key in keys if key not in self._members)

    def _near(self, entry: _Entry) -> set[str]:
        """Groups of messages that share a name or telling words."""
        near: set[str] = set()
        for name in entry.features.names:
            for core, _ in self._names.alike(name.core):
                near.update(self._by_name[core])
        sums: dict[str, float] = defaultdict(float)
        vector = self._vector(entry)
        for word in sorted(vector, key=lambda word: -vector[word])[:_FOLLOWED]:
            holders = self._by_word[word]
            if len(holders) <= _CROWD:
                for other in holders:
                    sums[other] += vector[word]
        near.update(sorted(sums, key=lambda other: -sums[other])[:_LOOKED_AT])
        return {self._entries[other].group for other in near} - {entry.group}

    def _mean(self, some: Sequence[_Entry], key: str) -> float:
        chances = [self._chance(one, other) for one in some for other in self._sample(key)]
        return sum(chances) / len(chances)

    def _sample(self, key: str) -> list[_Entry]:
        ids = self._members[key]
        step = max(1, -(-len(ids) // _SAMPLE))
        return [self._entries[one] for one in ids[::step]]

    def _chance(self, one: _Entry, other: _Entry) -> float:
        days = None if one.day is None or other.day is None else one.day - other.day
        return alike_chance(one.features, other.features, cosine(self._vector(one), self._vector(other)), days)

    def _vector(self, entry: _Entry) -> dict[str, float]:
        """Made anew when the messages have grown by a tenth since, for rarity has changed."""
        if entry.known == 0 or self._rarity.messages > entry.known * 1.1 + 5:
            entry.vector = self._rarity.vector(entry.features.words)
            entry.known = self._rarity.messages
        return entry.vector

    def _move(self, key: str, home: str) -> None:
        for one in self._members.pop(key):
            self._entries[one].group = home
            self._members[home].append(one)


def grouped(messages: Iterable[Message], advance: Callable[[int], None] = lambda _steps: None) -> list[list[Message]]:
    """All messages in groups, each in the order of time, larger groups first; a message alone is a group of one.

    ``advance`` is told of every message twice: when it is read, and when it is compared.
    """
    groups = Groups()
    given: dict[str, Message] = {}
    for message in messages:
        given[message.id] = message
        groups.restore(message.id, message.features(), message.time, message.id)
        advance(1)
    groups.consolidate(advance)
    found = [sorted((given[one] for one in ids), key=_moment) for ids in groups.groups().values()]
    return sorted(found, key=lambda group: (-len(group), _moment(group[0]), group[0].id))


def _moment(message: Message) -> float:
    return message.time.timestamp() if message.time else 0.0


def _day(time: datetime | None) -> float | None:
    return time.timestamp() / 86400 if time else None
