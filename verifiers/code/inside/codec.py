"""Python values as JSON text, between processes that do not trust each other.

Exact builtins travel: None, bool, int, float, complex, str, bytes, bytearray, list, tuple, dict,
set, frozenset and range. What is written is read back with the same type, value and order. An
object of a subclass (an OrderedDict, a Counter, a named tuple, an IntEnum) is written as the
builtin it extends, read through the builtin's own methods, so that nothing it overrides counts;
or, where ``write`` is told how, as what it is.

Whatever is read is made of exact builtins: nothing of the writer's runs when it is compared. An
object that holds itself is nested too deeply, like all that goes beyond ``MAX_DEPTH``.
"""

import json
from collections.abc import Callable, Iterator

#: Length of the text of a value.
MAX_CHARACTERS = 16 << 20
#: How many values a value may hold, itself included.
MAX_VALUES = 1 << 20
MAX_DEPTH = 200
# Elements of a set, or keys, with the same hash are compared with each other.
_MAX_EQUAL_HASHES = 64
# Numbers of this size are read exactly by whoever reads JSON, and fast.
_PLAIN_INTEGERS = range(-(1 << 53), (1 << 53) + 1)


class NotDataError(Exception):
    """An object cannot be written as data; the message says why."""


class TooMuchDataError(NotDataError):
    """It is data, but too much of it or nested too deeply."""


class MalformedError(Exception):
    """A text is not what ``write`` writes, or beyond the caps."""


class Reference:
    """Stands for an object that stays where it is. What the words mean is for both ends to say."""

    __slots__ = ("kind", "number")

    def __init__(self, kind: str, number: int) -> None:
        self.kind = kind
        self.number = number


class Extended(Reference):
    """Stands for an object of a subclass of a builtin, which is written as well."""

    __slots__ = ()


_EXACT = {
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    list,
    tuple,
    dict,
    set,
    frozenset,
    range,
    Reference,
}


def _refuse(value: object) -> object:
    raise NotDataError(f"an object of type {type(value).__name__} is not data")


def _keep_nothing(value: object) -> object:
    return None


def write(
    value: object,
    replace: Callable[[object], object] = _refuse,
    keep: Callable[[object], object] = _keep_nothing,
) -> str:
    """The text of ``value``, in ASCII.

    ``replace`` gives what is written for an object that is no builtin: a builtin or a Reference.
    Before that, ``keep`` is asked about objects whose type is not exactly a builtin: for one of the
    standard library's it may give a tuple of a name and a list of parts, for one of a subclass of
    a builtin an Extended, for each a Reference; and None.
    Raises NotDataError, and whatever ``replace`` and ``keep`` raise.
    """
    form = _Writer(replace, keep).form(value, 0)
    text = json.dumps(form, allow_nan=False, separators=(",", ":"))
    if len(text) > MAX_CHARACTERS:
        raise TooMuchDataError("it is too large")
    return text


class _Writer:
    """Turns values into what JSON has: a container becomes a list that begins with its tag."""

    def __init__(
        self, replace: Callable[[object], object], keep: Callable[[object], object]
    ) -> None:
        self._replace = replace
        self._keep = keep
        self._values = MAX_VALUES
        self._characters = MAX_CHARACTERS

    def form(self, value: object, depth: int) -> object:
        self._values -= 1
        if self._values < 0:
            raise TooMuchDataError("it holds too many values")
        if depth > MAX_DEPTH:
            raise TooMuchDataError("it is nested too deeply")
        if value is None or value is True or value is False:
            return value
        if type(value) not in _EXACT and (kept := self._keep(value)) is not None:
            return self._kept(value, kept, depth)
        return self._builtin(value, depth)

    def _kept(self, value: object, kept: object, depth: int) -> object:
        if isinstance(kept, tuple):
            name, parts = kept
            return self._several(name, iter(parts), depth)
        if isinstance(kept, Extended):
            return ["x", kept.kind, kept.number, self._builtin(value, depth + 1)]
        return self._builtin(kept, depth)

    def _builtin(self, value: object, depth: int) -> object:
        if isinstance(value, int):
            return self._integer(int.__int__(value))
        if isinstance(value, str):
            return self._string(str.__str__(value))
        if isinstance(value, float):
            number = float.__float__(value)
            return number if number - number == 0.0 else ["f", float.__repr__(number)]
        if isinstance(value, list):
            return self._several("l", list.__iter__(value), depth)
        if isinstance(value, tuple):
            return self._several("t", tuple.__iter__(value), depth)
        if isinstance(value, dict):
            return self._several("d", (part for item in dict.items(value) for part in item), depth)
        if isinstance(value, set):
            return self._several("s", set.__iter__(value), depth)
        if isinstance(value, frozenset):
            return self._several("z", frozenset.__iter__(value), depth)
        return self._rare(value, depth)

    def _rare(self, value: object, depth: int) -> object:
        if isinstance(value, bytes):
            return ["b", self._counted(bytes.hex(value))]
        if isinstance(value, bytearray):
            return ["y", self._counted(bytearray.hex(value))]
        if type(value) is complex:
            return self._several("c", iter((value.real, value.imag)), depth)
        if type(value) is range:
            return self._several("r", iter((value.start, value.stop, value.step)), depth)
        if type(value) is Reference:
            return ["h", value.kind, value.number]
        return self.form(self._replace(value), depth + 1)

    def _several(self, tag: str, parts: Iterator[object], depth: int) -> object:
        form = self.form
        depth += 1
        return [tag, *[form(part, depth) for part in parts]]

    def _integer(self, value: int) -> object:
        if value in _PLAIN_INTEGERS:
            return value
        if value.bit_length() > 4 * MAX_CHARACTERS:
            raise TooMuchDataError("it is too large")
        return ["i", self._counted(f"{value:x}")]

    def _string(self, value: str) -> object:
        self._counted(value)
        if value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value):
            return value
        # JSON would read two surrogates that stand side by side as one character.
        return ["u", self._counted(value.encode("utf-32-le", "surrogatepass").hex())]

    def _counted(self, text: str) -> str:
        self._characters -= len(text)
        if self._characters < 0:
            raise TooMuchDataError("it is too large")
        return text


def _refer_to_nothing(kind: str, number: int) -> object:
    raise MalformedError("an object that is not data")


def _put_nothing_together(name: str, parts: list[object]) -> object:
    raise MalformedError("unknown tag")


def _extend_nothing(kind: str, number: int, value: object) -> object:
    raise MalformedError("unknown tag")


def read(
    text: str,
    find: Callable[[str, int], object] = _refer_to_nothing,
    together: Callable[[str, list[object]], object] = _put_nothing_together,
    extend: Callable[[str, int, object], object] = _extend_nothing,
) -> object:
    """The value that ``text`` was written from.

    ``find`` gives the object that a Reference stands for, ``together`` one of the standard
    library's, or ValueError, and ``extend`` one that extends a builtin. Raises MalformedError, and
    whatever ``find`` raises. Takes time linear in the length of the text, whatever it says.
    """
    if len(text) > MAX_CHARACTERS:
        raise MalformedError("too long")
    try:
        form = json.loads(text, object_pairs_hook=_no_object, parse_constant=_no_constant)
        return _Reader(find, together, extend).value(form, 0)
    except (ValueError, RecursionError, OverflowError) as error:
        raise MalformedError("not what was agreed on") from error


def _no_object(pairs: list[tuple[str, object]]) -> object:
    raise MalformedError("a JSON object")


def _no_constant(name: str) -> object:
    raise MalformedError("a constant that is not JSON")


class _Reader:
    def __init__(
        self,
        find: Callable[[str, int], object],
        together: Callable[[str, list[object]], object],
        extend: Callable[[str, int, object], object],
    ) -> None:
        self._find = find
        self._together = together
        self._extend = extend
        self._values = MAX_VALUES

    def value(self, form: object, depth: int) -> object:
        self._values -= 1
        if self._values < 0 or depth > MAX_DEPTH:
            raise MalformedError("too much")
        if not isinstance(form, list):
            return form
        if not form or not isinstance(form[0], str):
            raise MalformedError("no tag")
        tag = form.pop(0)
        if tag in _SEVERAL:
            depth += 1
            return _SEVERAL[tag]([self.value(part, depth) for part in form])
        if len(form) == 1 and isinstance(form[0], str) and tag in _WRITTEN_OUT:
            return _WRITTEN_OUT[tag](form[0])
        if tag == "h" and len(form) == 2 and type(form[0]) is str and type(form[1]) is int:
            return self._find(form[0], form[1])
        if tag == "x" and len(form) == 3 and type(form[0]) is str and type(form[1]) is int:
            return self._extend(form[0], form[1], self.value(form[2], depth + 1))
        depth += 1
        return self._together(tag, [self.value(part, depth) for part in form])


def _dict(parts: list[object]) -> object:
    keys, values = parts[::2], parts[1::2]
    return dict(zip(_hashable(keys), values, strict=True))


def _hashable(parts: list[object]) -> list[object]:
    try:
        hashes = sorted(map(hash, parts))
    except TypeError:
        raise MalformedError("no key or element of a set") from None
    # Who chooses values of the same hash chooses how long it takes to tell them apart.
    apart = zip(hashes, hashes[_MAX_EQUAL_HASHES:], strict=False)
    if any(first == last for first, last in apart):
        raise MalformedError("too many equal hashes")
    return parts


def _complex(parts: list[object]) -> object:
    real, imaginary = parts
    if type(real) is not float or type(imaginary) is not float:
        raise MalformedError("no complex number")
    return complex(real, imaginary)


def _range(parts: list[object]) -> object:
    start, stop, step = parts
    if type(start) is not int or type(stop) is not int or type(step) is not int:
        raise MalformedError("no range")
    return range(start, stop, step)


def _float(text: str) -> object:
    if text not in ("nan", "inf", "-inf"):
        raise MalformedError("no float")
    return float(text)


_SEVERAL: dict[str, Callable[[list[object]], object]] = {
    "l": lambda parts: parts,
    "t": tuple,
    "d": _dict,
    "s": lambda parts: set(_hashable(parts)),
    "z": lambda parts: frozenset(_hashable(parts)),
    "c": _complex,
    "r": _range,
}
_WRITTEN_OUT: dict[str, Callable[[str], object]] = {
    "i": lambda text: int(text, 16),
    "f": _float,
    "b": bytes.fromhex,
    "y": bytearray.fromhex,
    "u": lambda text: bytes.fromhex(text).decode("utf-32-le", "surrogatepass"),
}
