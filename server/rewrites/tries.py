"""Trials and independent solutions that wait for verdicts: has them judged, all at once."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from assayoffice.server.catalog import Entry
from assayoffice.server.rewrites import replies
from assayoffice.server.rewrites.agreement import AnswerClass
from assayoffice.server.rewrites.errands import Errands, Opinion
from assayoffice.server.rewrites.responses import Response
from assayoffice.server.rewrites.tried import Tried
from assayoffice.v1 import rewrite_pb2

ResultT = TypeVar("ResultT")


async def together(errands: Iterable[Coroutine[Any, Any, ResultT]]) -> list[ResultT]:
    """The results of all, in their order. The first exception ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in errands]
    except ExceptionGroup as raised:
        raise raised.exceptions[0] from None
    return [task.result() for task in tasks]


class Tries:
    """Has responses to a rewrite judged by its verifier; all that is asked may raise Trouble."""

    def __init__(self, rewrite: rewrite_pb2.Rewrite, entry: Entry, errands: Errands) -> None:
        self._rewrite = rewrite
        self._entry = entry
        self._errands = errands

    async def trials(
        self, waiting: Iterable[replies.Waiting]
    ) -> list[tuple[Tried, replies.Change | None]]:
        """What came of the trials, each with how its task differed from the rewrite's."""
        return await together(self._trial(each) for each in waiting)

    async def classes(self, compared: replies.Compared) -> tuple[list[AnswerClass], int]:
        """The classes of independent solutions, at most one accepted, and how many are silent."""
        opinions = await together(self._group(each) for each in compared.groups)
        same = await together(self._pair(each) for each in compared.pairs)
        leading = leaders(len(opinions), compared.pairs, same)
        counts: dict[tuple[bool, int], int] = {}
        texts: dict[tuple[bool, int], str] = {}
        silent = compared.silent
        for leader, group, opinion in zip(leading, compared.groups, opinions, strict=True):
            if opinion == "NO_ANSWER" and not compared.by_answer:
                silent += group.count
                continue
            accepted = opinion == "CORRECT"
            key = (accepted, leader if compared.by_answer and not accepted else 0)
            counts[key] = counts.get(key, 0) + group.count
            texts.setdefault(key, group.text)
        return [AnswerClass(texts[key], count, key[0]) for key, count in counts.items()], silent

    async def _trial(self, waiting: replies.Waiting) -> tuple[Tried, replies.Change | None]:
        response = waiting.response
        if isinstance(response, int):
            response = self._rewrite.wrong_answers[response]
        opinion = await self._judge(response, waiting.change)
        tried = Tried(
            waiting.part,
            waiting.label,
            waiting.text,
            waiting.expected,
            opinion.outcome,
            opinion.reason,
            opinion.explanation,
        )
        return tried, waiting.change

    async def _group(self, group: replies.Group) -> str:
        if group.accepted is not None:
            return "CORRECT" if group.accepted else "INCORRECT"
        return (await self._judge(self._rewrite.solutions[group.first])).outcome

    async def _pair(self, pair: replies.Pair) -> bool:
        return (await self._judge(pair.response, pair.change)).outcome == "CORRECT"

    async def _judge(self, response: str, change: replies.Change | None = None) -> Opinion:
        return await self._errands.judge(
            self._entry, Response(self._rewrite.submission, response, change)
        )


def leaders(count: int, pairs: Sequence[replies.Pair], same: Sequence[bool]) -> list[int]:
    """Of each group, the first of those that are one with it."""
    leading = list(range(count))
    for pair, is_same in zip(pairs, same, strict=True):
        if is_same:
            merged = {leading[pair.first], leading[pair.second]}
            leading = [min(merged) if each in merged else each for each in leading]
    return leading
