"""The numbers that a mail gives to commitments, so that an answer can name them."""

from collections.abc import Sequence
from typing import NamedTuple

from careermail.model import Commitment, Contract, Topic

_WHOLE = {"prepare", "review"}  # these show all of a contract, and the manager's part first


class Numbered(NamedTuple):
    """A commitment as a mail speaks of it."""

    number: int  # from 1, through the whole mail
    topic: Topic
    commitment: Commitment


def numbered(kind: str, topics: Sequence[Topic]) -> tuple[Numbered, ...]:
    """The commitments that a mail of this kind about these topics lists, with the numbers that it gives them.

    Topics in their order, those of one series together. `prepare` and `review` list the whole contract, settled
    commitments too, so that a number stands for the same one until the contract itself changes.
    """
    turns = [topic.series.key for topic in topics]
    in_turn = sorted(topics, key=lambda topic: turns.index(topic.series.key))
    listed = [(topic, commitment) for topic in in_turn for commitment in _listed(kind, topic)]
    return tuple(Numbered(n, topic, commitment) for n, (topic, commitment) in enumerate(listed, 1))


def _listed(kind: str, topic: Topic) -> tuple[Commitment, ...]:
    if kind not in _WHOLE:
        return topic.commitments
    contract = topic.contract or Contract()
    return contract.of("manager") + contract.of("report")
