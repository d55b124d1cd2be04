"""Near-duplicates against Jaccard's similarity of all pairs, on a made corpus."""

import random

import numpy
import pytest
from rewrite_rows import check_of, rewrite_row

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.sets.neighbours import Neighbours, bands, jaccard, sample
from assayoffice.rl.rewrites.sets.words import hashes, ngrams, words

_ROWS = 400


def corpus(seed: int, most_changed: float = 0.15) -> list[str]:
    """Texts, half of them made from an earlier one by changing a share of its words."""
    rng = random.Random(seed)
    syllables = [first + second for first in "bcdfgklmnprst" for second in "aeiou"]
    vocabulary = ["".join(rng.choices(syllables, k=2)) for _ in range(1500)]
    made: list[list[str]] = []
    for _ in range(_ROWS):
        if made and rng.random() < 0.5:
            share = rng.random() * most_changed
            made.append(
                [
                    rng.choice(vocabulary) if rng.random() < share else each
                    for each in rng.choice(made)
                ]
            )
        else:
            made.append(rng.choices(vocabulary, k=rng.randint(5, 120)))
    return [" ".join(each) for each in made]


def shingles(text: str) -> set[tuple[str, ...]]:
    """Runs of three words, the plain way."""
    each = words(text)
    return {tuple(each[place : place + 3]) for place in range(len(each) - 2)}


@pytest.mark.parametrize(("similarity", "changed"), [(0.6, 0.15), (0.8, 0.1), (0.9, 0.04)])
def test_recall_and_precision(similarity, changed):
    texts = corpus(seed=3, most_changed=changed)
    sets = [shingles(each) for each in texts]
    alike = {
        (earlier, later): len(sets[earlier] & sets[later]) / len(sets[earlier] | sets[later])
        for later in range(_ROWS)
        for earlier in range(later)
    }
    equal = {later for earlier, later in alike if texts[earlier] == texts[later]}
    near = {
        later
        for (earlier, later), found in alike.items()
        if found >= similarity and later not in equal and earlier not in equal
    }
    assert len(near) > 20
    policy = SetPolicy(near_duplicate_similarity=similarity, same_original_similarity=1.0)
    rows = [rewrite_row(number, each) for number, each in enumerate(texts)]
    named = {each.number for each in check_of("near_duplicates", rows, policy).rows}
    assert named <= near  # precision: each is verified
    assert len(named) >= 0.99 * len(near)


def test_the_similarity_told_is_the_similarity():
    texts = corpus(seed=4)
    rows = [rewrite_row(number, each) for number, each in enumerate(texts)]
    found = check_of("near_duplicates", rows).rows
    assert found
    for each in found:
        told, place = each.detail.split(" to set.jsonl row ")
        one, other = shingles(texts[each.number]), shingles(texts[int(place.split()[0])])
        assert float(told.split()[1]) == pytest.approx(
            len(one & other) / len(one | other), abs=6e-3
        )


def test_bands_miss_one_pair_in_500_at_most():
    for similarity in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0):
        count, rows = bands(similarity)
        assert count * rows <= 128
        assert (1 - similarity**rows) ** count <= 0.002


def test_similarity_of_large_texts_is_estimated_closely():
    rng = numpy.random.default_rng(7)
    common = rng.integers(0, 2**63, 20_000, numpy.uint64)
    ones, others = (rng.integers(0, 2**63, 4_000, numpy.uint64) for _ in range(2))
    one, other = (numpy.concatenate([common, each]) for each in (ones, others))
    assert len(sample(one)) == 1024
    assert jaccard(sample(one), sample(other)) == pytest.approx(20 / 28, abs=0.06)
    # A small text within a large one is not like it.
    assert jaccard(sample(one), sample(common[:50])) < 0.2


def test_texts_found_are_those_of_other_groups_first():
    index = Neighbours(0.8)
    same = ngrams(hashes(["a", "b", "c", "d"]), 2)
    index.add(0, b"mine", same)
    index.add(1, b"theirs", same)
    _, found = index.add(2, b"mine", same)
    assert [each.number for each in found] == [1, 0]
