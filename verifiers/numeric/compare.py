"""Whether an answer says what the reference says: the shapes an answer can have, pair by pair.

The reference decides what kind of answer is wanted. A single value is never matched by a list, a
range or a disjunction that contains it, and nothing written in the answer is passed over.
"""

from fractions import Fraction
from functools import partial
from typing import Final

from assayoffice.verifiers.numeric import quantities
from assayoffice.verifiers.numeric.conditions import (
    conditioned,
    with_parameter_of,
    without_domain,
)
from assayoffice.verifiers.numeric.expression import (
    Builder,
    Call,
    Constant,
    Multiply,
    Negate,
    Node,
    Number,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Text,
    Unit,
    Where,
    symbols,
)
from assayoffice.verifiers.numeric.finding import (
    Finding,
    Method,
    all_of,
    any_of,
    different,
    equal,
)
from assayoffice.verifiers.numeric.listings import (
    Listing,
    compare_in_any_order,
    compare_in_order,
    listing,
)
from assayoffice.verifiers.numeric.matrices import Rows, matrix
from assayoffice.verifiers.numeric.names import Named, bound_names, named, renamed
from assayoffice.verifiers.numeric.ratios import compare_ratios, has_colons
from assayoffice.verifiers.numeric.regions import compare_regions, is_region, region
from assayoffice.verifiers.numeric.relations import FLIPPED, compare_relations
from assayoffice.verifiers.numeric.scalars import Setting, compare_scalars, consistent
from assayoffice.verifiers.numeric.task import Order
from assayoffice.verifiers.numeric.wording import words

#: What follows "approximately" must at least be near; it may be rounded coarsely.
_HALF: Final = Number(Fraction(1, 2))
_CLOSE: Final = Number(Fraction(1, 20))


def compare(reference: Node, answer: Node, setting: Setting) -> Finding:
    """Whether ``answer`` answers ``reference``.

    Raises UndefinedError where one of them has no value, NotScalarError where a list or the like
    stands where a value belongs, TooLargeError when the budget is spent.
    """
    if isinstance(reference, Number) and isinstance(answer, Number):
        return compare_scalars(reference, answer, setting)
    if isinstance(reference, Text) or isinstance(answer, Text):
        return _compare_texts(reference, answer)
    reference, answer = (conditioned(_without_sign(node)) for node in (reference, answer))
    if isinstance(reference, Where) or isinstance(answer, Where):
        return _compare_conditional(reference, answer, setting)
    wanted, given = named(reference), named(answer)
    if given is not None and (finding := _false_statement(given, setting)):
        return finding
    if wanted and given:
        return _compare_named(wanted, given, reference, answer, setting)
    if wanted and not isinstance(answer, Relation):
        return _compare_value(wanted, answer, setting)
    if given and not isinstance(reference, Relation):
        return compare(_renamed_to(reference, given, given.value), given.value, setting)
    return _compare_shapes(reference, answer, setting)


def _without_sign(node: Node) -> Node:
    """The value of ``\\approx 5``."""
    return node.arguments[0] if isinstance(node, Call) and node.name == "approx" else node


def _compare_texts(reference: Node, answer: Node) -> Finding:
    if isinstance(reference, Text) and isinstance(answer, Text):
        if words(reference.words) == words(answer.words):
            return equal(Method.TEXT)
        return different(Method.TEXT)
    return different(Method.STRUCTURE, "OTHER_KIND")


def _compare_conditional(reference: Node, answer: Node, setting: Setting) -> Finding:
    """A condition that only one side has must say no more than what its variables range over."""
    if isinstance(reference, Where) and isinstance(answer, Where):
        answer = with_parameter_of(answer, reference)
        items = (reference.item, answer.item), (reference.condition, answer.condition)
        return all_of(compare(one, other, setting) for one, other in items)
    wanted, given = without_domain(reference), without_domain(answer)
    if wanted is None or given is None:
        return different(Method.STRUCTURE, "CONDITION")
    return compare(wanted, given, setting)


def _false_statement(given: Named, setting: Setting) -> Finding | None:
    """What is wrong with ``8 = 7`` and ``x = 3 + 3 = 5``: every equality must hold."""
    for other in given.others:
        finding = consistent(given.value, other, setting)
        if finding.equal and _is_measure(given.value) and _is_measure(other):
            converted = compare_scalars(given.value, other, setting)
            finding = converted if converted.reason == "DIFFERENT" else finding  # 5 m = 5 km
        if not finding.equal:
            return different(finding.method, "FALSE_STATEMENT") if finding.decided else finding
    close = given.approximation
    if close is not None and not (symbols(given.value) or symbols(close)):
        radii: tuple[Node, ...] = (Multiply((_CLOSE, Call("abs", (given.value,)))), _HALF)
        if shown := _last_place(close):
            radii = (Number(shown),)  # rounded or cut off
        if not any(setting.values.within(given.value, close, each) is not False for each in radii):
            return different(Method.BALLS, "FALSE_STATEMENT")
    return None


def _is_measure(node: Node) -> bool:
    match node:
        case Multiply(items=(Number(), *units)):
            return all(isinstance(each, Unit) for each in units)
    return False


def _last_place(node: Node) -> Fraction | None:
    """What a step in the last digit of a literal amounts to; zeros that end an integer are none."""
    number = node.item if isinstance(node, Negate) else node
    if not isinstance(number, Number) or number.places < 0:
        return None
    step = Fraction(1, 10**number.places)
    while number.value and number.value % (step * 10) == 0 and step >= 1:
        step *= 10
    return step


def _compare_named(
    wanted: Named, given: Named, reference: Node, answer: Node, setting: Setting
) -> Finding:
    if wanted.names == given.names or not wanted.names or not given.names:
        return _compare_value(wanted, given.value, setting)
    if len(wanted.names) == len(given.names) == 1:
        parameters, arguments = bound_names(wanted.names[0]), bound_names(given.names[0])
        if parameters and arguments and len(parameters) == len(arguments):
            if (set(parameters) - set(arguments)) & symbols(given.value):
                return different(Method.STRUCTURE, "OTHER_NAME")
            if _function(wanted.names[0]) == _function(given.names[0]):
                value = renamed(given.value, dict(zip(arguments, parameters, strict=True)))
                return _compare_value(wanted, value, setting)
        elif (parameters or arguments) and _graphs(wanted.names[0], given.names[0]):
            return _compare_value(wanted, given.value, setting)
    if symbols(wanted.value) or symbols(given.value):
        return _compare_statements(reference, answer, setting)
    return different(Method.STRUCTURE, "OTHER_NAME")


def _function(name: Node) -> str:
    return getattr(name, "name", "")


def _graphs(one: Node, other: Node) -> bool:
    """Whether one name is y and the other f(x): two ways to write the same graph."""
    return Symbol("y") in (one, other)


def _compare_value(wanted: Named, answer: Node, setting: Setting) -> Finding:
    finding = compare(wanted.value, _renamed_to(answer, wanted, wanted.value), setting)
    if finding.equal or wanted.approximation is None:
        return finding
    return any_of((finding, compare(wanted.approximation, answer, setting)))


def _renamed_to(node: Node, function: Named, value: Node) -> Node:
    """``node`` with the one variable it has called as in ``f(x) = value``, where x is bound."""
    bound = bound_names(function.names[0]) if len(function.names) == 1 else None
    free = symbols(node) - symbols(value)
    if bound and len(bound) == 1 and len(free) == 1 and bound[0] not in symbols(node):
        return renamed(node, {next(iter(free)): bound[0]})
    return node


def _compare_shapes(reference: Node, answer: Node, setting: Setting) -> Finding:
    values = setting.values
    values.budget.spend()
    reference, answer = quantities.compound(reference), quantities.compound(answer)
    if is_region(reference) or is_region(answer):
        wanted, given = region(reference, values), region(answer, values)
        if wanted is not None and given is not None:
            if _variables_differ(reference, answer):
                return different(Method.STRUCTURE, "OTHER_NAME")
            return compare_regions(wanted, given, setting)
        if not (isinstance(reference, Relation) and isinstance(answer, Relation)):
            return _compare_parts(reference, answer, setting)
    if isinstance(reference, Relation) or isinstance(answer, Relation):
        return _compare_statements(reference, answer, setting)
    rows = matrix(reference, values), matrix(answer, values)
    if rows[0] is not None or rows[1] is not None:
        return _compare_matrices(reference, answer, rows, setting)
    if has_colons(reference) or has_colons(answer):
        return compare_ratios(reference, answer, setting)
    return _compare_listings(reference, answer, setting)


def _compare_parts(reference: Node, answer: Node, setting: Setting) -> Finding:
    """Sets that are not made of intervals: the same operation or builder on the same parts."""
    match_parts = partial(compare, setting=setting)
    match reference, answer:
        case SetOperation(), SetOperation() if reference.kind == answer.kind:
            wanted, given = (reference.left, reference.right), (answer.left, answer.right)
            straight = compare_in_order(wanted, given, match_parts)
            if straight.equal or reference.kind == "difference":
                return straight
            return any_of((straight, compare_in_order(wanted, given[::-1], match_parts)))
        case Builder(), Builder():
            wanted = (reference.element, reference.condition)
            given = (answer.element, answer.condition)
            return compare_in_order(wanted, given, match_parts)
        case Sequence(), Sequence():  # conditions on several variables
            return compare_in_any_order(
                reference.items, answer.items, match_parts, setting.values.key, as_sets=False
            )
    return different(Method.STRUCTURE, "OTHER_KIND")


def _variables_differ(reference: Node, answer: Node) -> bool:
    """Whether both name the variable they restrict, and differently."""
    if not (isinstance(reference, Relation) and isinstance(answer, Relation)):
        return False
    return symbols(reference).isdisjoint(symbols(answer))


def _compare_statements(reference: Node, answer: Node, setting: Setting) -> Finding:
    if not (isinstance(reference, Relation) and isinstance(answer, Relation)):
        return different(Method.STRUCTURE, "OTHER_KIND")
    if len(reference.operators) == len(answer.operators) == 1:
        finding = compare_relations(reference, answer, setting.values)
        if finding.decided:
            return finding
    straight = _compare_chains(reference, answer, setting)
    if straight.equal:
        return straight
    terms, operators = answer.terms[::-1], answer.operators[::-1]
    turned = Relation(terms, tuple(FLIPPED.get(each, each) for each in operators))
    return any_of((straight, _compare_chains(reference, turned, setting)))


def _compare_chains(reference: Relation, answer: Relation, setting: Setting) -> Finding:
    if reference.operators != answer.operators:
        return different(Method.STRUCTURE)
    return compare_in_order(reference.terms, answer.terms, partial(compare, setting=setting))


def _compare_matrices(
    reference: Node, answer: Node, rows: tuple[Rows | None, Rows | None], setting: Setting
) -> Finding:
    wanted, given = (
        _vector(node) if its_rows is None else its_rows
        for node, its_rows in zip((reference, answer), rows, strict=True)
    )
    if wanted is None or given is None:
        return different(Method.STRUCTURE, "OTHER_KIND")
    if (len(wanted), len(wanted[0])) != (len(given), len(given[0])):
        return different(Method.STRUCTURE, "LENGTH")
    entries = [tuple(entry for row in each for entry in row) for each in (wanted, given)]
    return compare_in_order(entries[0], entries[1], partial(compare, setting=setting))


def _vector(node: Node) -> Rows | None:
    """A tuple as a column, and a list of rows in brackets as they are."""
    if isinstance(node, Sequence) and node.kind == "bracket":
        rows = [
            row.items for row in node.items if isinstance(row, Sequence) and row.kind == "bracket"
        ]
        if len(rows) == len(node.items) and len({len(row) for row in rows}) == 1:
            return tuple(rows)
    if isinstance(node, Sequence) and node.kind == "tuple":
        return tuple((item,) for item in node.items)
    return None


def _compare_listings(reference: Node, answer: Node, setting: Setting) -> Finding:
    wanted, given = listing(reference), listing(answer)
    match_items = partial(compare, setting=setting)
    if wanted is None and given is None:
        return compare_scalars(reference, answer, setting)
    if wanted is None or given is None:
        several = wanted or given
        if several is not None and len(several.items) == 1 and several.kind in ("set", "list"):
            if several.items[0] == Constant("emptyset"):  # {∅} has an element
                return different(Method.STRUCTURE, "OTHER_KIND")
            one = reference if wanted is None else wanted.items[0]
            other = answer if given is None else given.items[0]
            return match_items(one, other)
        return different(Method.STRUCTURE, "HEDGED" if wanted is None else "INCOMPLETE")
    if wanted.names and given.names:
        return _compare_by_name(wanted, given, setting)
    kinds = {wanted.kind, given.kind}
    if "set" in kinds and kinds & {"tuple", "bracket"}:
        return different(Method.STRUCTURE, "OTHER_KIND")
    if "bracket" in kinds and len(kinds) > 1 and len(wanted.items) == 2:
        return different(Method.STRUCTURE, "END_POINT")
    if _ordered(wanted, given, setting):
        pairs = [(wanted.by_name(), given.by_name())]
        if not (wanted.coordinates or given.coordinates):
            pairs.insert(0, (wanted, given))
        return any_of(compare_in_order(one.items, other.items, match_items) for one, other in pairs)
    # Solutions found twice are still the solutions.
    as_sets = "set" in kinds or all(isinstance(item, Sequence) for item in wanted.items)
    return compare_in_any_order(
        wanted.items, given.items, match_items, setting.values.key, as_sets=as_sets
    )


def _ordered(wanted: Listing, given: Listing, setting: Setting) -> bool:
    """Tuples are ordered, and so are values whose names only one side gives."""
    kinds = {wanted.kind, given.kind}
    if "set" in kinds:
        return False
    if kinds & {"tuple", "bracket"}:
        return True
    if any(each.names and not each.numbered for each in (wanted, given)):
        return True
    return setting.task.order is Order.ORDERED


def _compare_by_name(wanted: Listing, given: Listing, setting: Setting) -> Finding:
    by_name = dict(zip(given.names, given.items, strict=True))
    if set(wanted.names) != set(by_name):
        return different(Method.STRUCTURE, "OTHER_NAME")
    return all_of(
        compare(item, by_name[name], setting)
        for name, item in zip(wanted.names, wanted.items, strict=True)
    )
