"""The penalty of a generation that says the same again and again."""

import enum
import functools
import struct
from array import array
from collections import Counter
from collections.abc import Sequence

# So many are counted at one blow, for which other threads wait.
_NGRAMS_PER_BLOCK = 512


class Denominator(enum.Enum):
    """What the repeated n-grams are a share of."""

    #: The different n-grams.
    TYPES = "types"
    #: All n-grams, at every place.
    ALL = "all"


def penalty(
    units: Sequence[int], *, ngram: int, max_frequency: int, denominator: Denominator
) -> float:
    """How far a sequence of ``units``, e.g. token ids, repeats itself; 0 where it does not.

    With the n-grams that occur more than ``max_frequency`` times as ``repeated``::

        - max(len(repeated) / len(n-grams), max(frequency of repeated) / (len(units) / ngram))

    In [-ngram, 0]: n-grams overlap, so a loop of one unit has almost ``len(units)`` of them. Time
    and memory are linear in ``len(units)``. Units are from 0 to 2**32 - 1.

    Source: Phi-4-reasoning Technical Report (arXiv:2504.21318), section 4.1, which has n = 5 and
    a frequency of 5; whether n-grams in the first term are counted once or at every place, and over
    what units, public descriptions tell differently.
    """
    places = len(units) - ngram + 1
    if places <= max_frequency:
        return 0.0
    frequencies = _frequencies(units, ngram)
    repeated = [each for each in frequencies.values() if each > max_frequency]
    if not repeated:
        return 0.0
    total = len(frequencies) if denominator is Denominator.TYPES else places
    return -max(len(repeated) / total, max(repeated) / (len(units) / ngram))


def words(text: str) -> Sequence[int]:
    """The words of a text, by white space, as units: equal ones are equal."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(word, len(numbers)) for word in text.split()]


def _frequencies(units: Sequence[int], ngram: int) -> Counter[bytes]:
    # Bytes and not tuples: their hash is secret to this process, so nobody can write a generation
    # whose n-grams collide.
    numbers = array("I", units)
    packed, width = numbers.tobytes(), numbers.itemsize * ngram
    block = _block(width)
    frequencies: Counter[bytes] = Counter()
    # N-grams side by side, from each place that one can start at: struct cuts them off fastest.
    for start in range(0, width, numbers.itemsize):
        end = start + (len(packed) - start) // block.size * block.size
        for ngrams in block.iter_unpack(memoryview(packed)[start:end]):
            frequencies.update(ngrams)
        last = range(end, len(packed) - width + 1, width)
        frequencies.update(packed[at : at + width] for at in last)
    return frequencies


@functools.cache
def _block(width: int) -> struct.Struct:
    return struct.Struct(f"{width}s" * _NGRAMS_PER_BLOCK)
