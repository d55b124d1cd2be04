"""How much one answer may cost before it is turned away, in counted steps and never in seconds.

A count gives the same verdict on a busy machine and on an idle one, and in every thread.
"""

from assayoffice.verifiers.extract import TooLargeError as TooLargeError

MAX_TOKENS = 1_500
MAX_DEPTH = 60
#: Longest literal, in digits; Python refuses to convert much longer ones.
MAX_DIGITS = 4_000
#: Largest numerator or denominator that exact arithmetic may build.
MAX_EXACT_BITS = 20_000
#: Largest n for which n! and binomials are multiplied out.
MAX_FACTORIAL = 3_000
#: Most terms of a sum or product that are evaluated one by one.
MAX_TERMS = 1_000
#: Most elements that are paired off in any order unless all are plain numbers.
MAX_UNORDERED = 50
#: Evaluation steps (one per node visited, more for expensive functions) of one verdict.
MAX_OPERATIONS = 40_000


class Budget:
    """Counts evaluation steps down. One per verdict; not shared."""

    __slots__ = ("left",)

    def __init__(self, operations: int = MAX_OPERATIONS) -> None:
        self.left = operations

    def spend(self, operations: int = 1) -> None:
        """Take ``operations`` off. Raises TooLargeError when there are none left."""
        self.left -= operations
        if self.left < 0:
            raise TooLargeError("OPERATION_BUDGET")
