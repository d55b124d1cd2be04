"""Names, levels and expressions of Lean, each distinct one once, so that equality is identity.

Terms of different files go into one table and are then compared by number, however large they are
and however often parts of them are shared.
"""

import enum
import re
from dataclasses import dataclass, field
from typing import TypeAlias

#: Components from the root on: ``Nat.add`` is ("Nat", "add"); numbers are of names that Lean makes.
Name: TypeAlias = tuple[str | int, ...]
#: Index of a level or an expression in a table.
Term: TypeAlias = int

_PART = re.compile("«[^»]*»|[^.«»]+")


class Binder(enum.IntEnum):
    """How an argument is given."""

    DEFAULT = 0
    IMPLICIT = 1
    STRICT_IMPLICIT = 2
    INSTANCE = 3


#: ("zero",) ("succ", level) ("max", level, level) ("imax", level, level) ("param", name)
#: ("bvar", index) ("sort", level) ("const", name, levels) ("app", function, argument)
#: ("lambda", binder, type, body) ("forall", binder, type, body) ("nat", value) ("string", value)
#: ("let", is_nondependent, type, value, body) ("proj", structure, index, expression)
Node: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class Terms:
    """The table. Names of bound variables and metadata are left out: they mean nothing."""

    nodes: list[Node] = field(default_factory=list)
    _index: dict[Node, Term] = field(default_factory=dict)

    def intern(self, node: Node) -> Term:
        """The index of a node, whose parts are indices of this table."""
        # Python's hash of an integer can be aimed at, that of a text cannot.
        key = node if node[0] != "nat" else ("nat", f"{node[1]:x}")
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = len(self.nodes)
            self.nodes.append(node)
        return found


class Kind(enum.Enum):
    """What a constant is, in the order of Lean's ConstantInfo."""

    AXIOM = 0
    DEFINITION = 1
    THEOREM = 2
    OPAQUE = 3
    QUOTIENT = 4
    INDUCTIVE = 5
    CONSTRUCTOR = 6
    RECURSOR = 7


class Safety(enum.IntEnum):
    """Whether Lean lets a proof rest on it."""

    UNSAFE = 0
    SAFE = 1
    PARTIAL = 2


@dataclass(frozen=True, slots=True)
class Inductive:
    """An inductive type, besides its type."""

    parameters: int
    indices: int
    all: tuple[Name, ...]
    constructors: tuple[Name, ...]
    nested: int
    is_recursive: bool
    is_reflexive: bool


@dataclass(frozen=True, slots=True)
class Constructor:
    """A constructor, besides its type."""

    inductive: Name
    index: int
    parameters: int
    fields: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What a recursor becomes of a constructor."""

    constructor: Name
    fields: int
    value: Term


@dataclass(frozen=True, slots=True)
class Recursor:
    """A recursor, besides its type."""

    all: tuple[Name, ...]
    parameters: int
    indices: int
    motives: int
    minors: int
    rules: tuple[Rule, ...]
    is_k: bool


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of an environment; equal ones of one table are the same to Lean's kernel.

    ``value`` is the body of a definition, theorem or opaque constant. ``hint`` is how eagerly a
    definition unfolds: "opaque", "abbrev", or its height. ``all`` are the names of the mutual block
    of what has a value. ``quotient`` is which part of ``Quot`` it is (0 to 3).
    """

    kind: Kind
    name: Name
    level_parameters: tuple[Name, ...]
    type: Term
    safety: Safety
    value: Term | None = None
    hint: str | int | None = None
    all: tuple[Name, ...] = ()
    detail: Inductive | Constructor | Recursor | None = None
    quotient: int | None = None


def text(name: Name) -> str:
    """A name as people write it."""
    return ".".join(str(part) for part in name) or "[anonymous]"


def parse(written: str) -> Name:
    """The name that Lean reads of it: ``Nat.add``, ``«a b».c``."""
    return tuple(part[1:-1] if part.startswith("«") else part for part in _PART.findall(written))
