"""Lean's library, called from Python: its objects, and the functions that make and check them.

An object is an address, or a number that is its own object. What is made here is never freed and
never changes, so one object may be part of any number of others; the process does not live long.
The layouts and signatures are those of Lean 4.35.
"""

import ctypes
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_OBJECT, _BYTE, _WORD, _SIZE = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint32, ctypes.c_size_t
_HEADER_BYTES, _FIELD_BYTES = 8, 8
# Where the bytes of a string begin.
_STRING_BYTES = 32
_LARGEST_SMALL = (1 << 63) - 1
# What Lean is asked to load of imported modules: everything, whatever they mean to show.
_PRIVATE_LEVEL = 2

# Of C++, in the order of src/initialize/init.cpp; the compiled Lean comes between them.
_INITIALIZERS = ("_ZN4lean22initialize_util_moduleEv",)
_INITIALIZERS_OF_KERNEL = (
    "_ZN4lean24initialize_kernel_moduleEv",
    "_ZN4lean30initialize_library_core_moduleEv",
    "_ZN4lean25initialize_library_moduleEv",
    "lean_init_task_manager",
    "lean_io_mark_end_initialization",
)

_MAKERS: dict[str, tuple[type[Any], ...]] = {
    "lean_mk_string_from_bytes": (ctypes.c_char_p, _SIZE),
    "lean_cstr_to_nat": (ctypes.c_char_p,),
    "lean_name_mk_string": (_OBJECT, _OBJECT),
    "lean_name_mk_numeral": (_OBJECT, _OBJECT),
    "lean_level_mk_zero": (_OBJECT,),
    "lean_level_mk_succ": (_OBJECT,),
    "lean_level_mk_max": (_OBJECT, _OBJECT),
    "lean_level_mk_imax": (_OBJECT, _OBJECT),
    "lean_level_mk_param": (_OBJECT,),
    "lean_expr_mk_bvar": (_OBJECT,),
    "lean_expr_mk_sort": (_OBJECT,),
    "lean_expr_mk_const": (_OBJECT, _OBJECT),
    "lean_expr_mk_app": (_OBJECT, _OBJECT),
    "lean_expr_mk_lambda": (_OBJECT, _OBJECT, _OBJECT, _BYTE),
    "lean_expr_mk_forall": (_OBJECT, _OBJECT, _OBJECT, _BYTE),
    "lean_expr_mk_let": (_OBJECT, _OBJECT, _OBJECT, _OBJECT, _BYTE),
    "lean_expr_mk_lit": (_OBJECT,),
    "lean_expr_mk_proj": (_OBJECT, _OBJECT, _OBJECT),
    "lean_mk_reducibility_hints_regular": (_WORD,),
    "lean_mk_axiom_val": (*[_OBJECT] * 3, _BYTE),
    "lean_mk_definition_val": (*[_OBJECT] * 5, _BYTE, _OBJECT),
    "lean_mk_theorem_val": (*[_OBJECT] * 5,),
    "lean_mk_opaque_val": (*[_OBJECT] * 4, _BYTE, _OBJECT),
    "lean_mk_quot_val": (*[_OBJECT] * 3, _BYTE),
    "lean_mk_inductive_val": (*[_OBJECT] * 8, _BYTE, _BYTE, _BYTE),
    "lean_mk_constructor_val": (*[_OBJECT] * 7, _BYTE),
    "lean_mk_recursor_val": (*[_OBJECT] * 9, _BYTE, _BYTE),
    "lean_mk_inductive_decl": (*[_OBJECT] * 3, _BYTE),
}


class LibraryTrouble(Exception):
    """The library is not there, cannot be used, or does not find the modules it is to import."""


class Library:
    """A library of Lean in this process. At most one can be loaded."""

    def __init__(self, toolchain: str) -> None:
        """Load and initialize it. Raises LibraryTrouble."""
        self._toolchain = toolchain
        sys.set_int_max_str_digits(0)  # numerals of proofs may be long; the sandbox bounds the time
        try:
            # Keeps the interpreter's lock: there is no other thread of Python's to let run.
            self._library = ctypes.PyDLL(f"{toolchain}/lib/lean/libleanshared.so")
            self._makers = {name: self._function(name, *of) for name, of in _MAKERS.items()}
            self._allocate = self._function("lean_alloc_small_object_core", _SIZE)
            self._persist = self._function("lean_mark_persistent", _OBJECT, result=None)
            self._add = self._function("lean_add_decl", _OBJECT, _SIZE, _SIZE, _OBJECT, _OBJECT)
            self._find = self._function("lean_environment_find", _OBJECT, _OBJECT)
            self._initialize()
        except (OSError, AttributeError) as error:
            raise LibraryTrouble(str(error)) from error

    def enter_thread(self, stack_bytes: int) -> None:
        """Let the calling thread use the library, and ``stack_bytes`` of its stack from here on."""
        self._function("lean_internal_set_thread_stack_size", _SIZE)(stack_bytes)
        self._function("lean_initialize_thread", result=None)()

    def make(self, maker: str, *arguments: int | bytes) -> int:
        """What one of the library's own constructors makes."""
        return self._kept(self._makers[maker](*arguments))

    def constructor(self, tag: int, *fields: int) -> int:
        """An object of an inductive type whose constructor has only objects as fields."""
        return self._kept(self._raw(tag, fields))

    def list_of(self, elements: Sequence[int]) -> int:
        """A ``List``."""
        made = box(0)
        for element in reversed(elements):
            made = self.constructor(1, element, made)
        return made

    def natural(self, value: int) -> int:
        """A ``Nat``."""
        if value <= _LARGEST_SMALL:
            return box(value)
        return self.make("lean_cstr_to_nat", str(value).encode())

    def string(self, text: str) -> int:
        """A ``String``."""
        content = text.encode()
        return self.make("lean_mk_string_from_bytes", content, len(content))

    def name(self, parts: Iterable[str | int]) -> int:
        """A ``Name``."""
        made = box(0)
        for part in parts:
            if isinstance(part, str):
                made = self.make("lean_name_mk_string", made, self.string(part))
            else:
                made = self.make("lean_name_mk_numeral", made, self.natural(part))
        return made

    def equal(self, kind: str, one: int, other: int) -> bool:
        """Whether two values of a kind (``Lean.RecursorVal``) are, up to binders' names."""
        name = f"l_Lean_instBEq{kind}_beq"
        return bool(self._function(name, _OBJECT, _OBJECT, result=_BYTE)(one, other))

    def imported(self, modules: Iterable[str], path: Iterable[str]) -> int:
        """The kernel's environment of compiled modules found in ``path`` or the toolchain.

        Raises LibraryTrouble.
        """
        set_path = self._function("l_Lean_initSearchPath", _OBJECT, _OBJECT)
        folders = self.list_of([self.string(folder) for folder in path])
        self._done(set_path(self.string(self._toolchain), folders))
        import_modules = self._function(
            "l_Lean_importModules", _OBJECT, _OBJECT, _WORD, _OBJECT, _BYTE, _BYTE, _BYTE, _OBJECT
        )
        imports = self._array(self._import(module) for module in modules)
        options = _OBJECT.in_dll(self._library, "l_Lean_Options_empty").value
        no_artifacts = box(1)
        # Extensions are not loaded: that would run code of the modules, and the kernel knows none.
        environment = self._done(
            import_modules(
                imports, options, 0, self._array(()), False, False, _PRIVATE_LEVEL, no_artifacts
            )
        )
        of_kernel = self._function("lean_elab_environment_to_kernel_env", _OBJECT)
        return int(of_kernel(environment))

    def add(self, environment: int, declaration: int) -> tuple[bool, int]:
        """Have the kernel check a declaration, without limits of its own.

        Returns whether it does accept it, and the new environment or the kernel's exception. The
        old environment must not be used any more.
        """
        result = self._add(environment, 0, 0, declaration, box(0))
        return tag(result) == 1, field(result, 0)

    def find(self, environment: int, name: int) -> int | None:
        """The ``ConstantInfo`` of a name."""
        _share(environment)
        found = self._find(environment, name)
        return None if is_boxed(found) else field(found, 0)

    def _initialize(self) -> None:
        """What ``lean_initialize`` does, for environments and the kernel alone.

        All of Lean takes ten times as long as most proofs.
        """
        for name in _INITIALIZERS:
            self._function(name, result=None)()
        self._done(self._function("initialize_Lean_Environment", _BYTE)(True))
        for name in _INITIALIZERS_OF_KERNEL:
            self._function(name, result=None)()

    def _function(
        self, name: str, *arguments: type[Any], result: Any = _OBJECT
    ) -> Callable[..., Any]:
        function = getattr(self._library, name)
        function.argtypes, function.restype = arguments, result
        return function  # type: ignore[no-any-return]

    def _kept(self, made: int) -> int:
        if not is_boxed(made):
            self._persist(made)
        return made

    def _raw(self, tag: int, fields: Sequence[int], scalars: bytes = b"") -> int:
        whole = scalars.ljust(-(-len(scalars) // _FIELD_BYTES) * _FIELD_BYTES, b"\0")
        made = int(self._allocate(_HEADER_BYTES + _FIELD_BYTES * len(fields) + len(whole)))
        ctypes.c_int32.from_address(made).value = 1
        ctypes.c_uint8.from_address(made + 6).value = len(fields)
        ctypes.c_uint8.from_address(made + 7).value = tag
        content = b"".join(each.to_bytes(_FIELD_BYTES, sys.byteorder) for each in fields) + whole
        ctypes.memmove(made + _HEADER_BYTES, content, len(content))
        return made

    def _import(self, module: str) -> int:
        return self._raw(0, (self.name(module.split(".")),), bytes((False, True, False)))

    def _array(self, elements: Iterable[int]) -> int:
        push = self._function("lean_array_push", _OBJECT, _OBJECT)
        made = self._function("lean_mk_array", _OBJECT, _OBJECT)(box(0), box(0))
        for element in elements:
            made = push(made, element)
        return int(made)

    def _done(self, result: int) -> int:
        """What an action of ``IO`` returns."""
        if tag(result) == 0:
            return field(result, 0)
        told = self._function("lean_io_error_to_string", _OBJECT)(field(result, 0))
        raise LibraryTrouble(text(told))


def box(number: int) -> int:
    """The object that a small number is, or a constructor without fields."""
    return number << 1 | 1


def is_boxed(made: int) -> bool:
    """Whether an object is a number."""
    return bool(made & 1)


def tag(made: int) -> int:
    """Which constructor an object was made with."""
    return made >> 1 if is_boxed(made) else ctypes.c_uint8.from_address(made + 7).value


def field(made: int, index: int) -> int:
    """A field of an object."""
    address = made + _HEADER_BYTES + _FIELD_BYTES * index
    return ctypes.c_uint64.from_address(address).value


def text(made: int) -> str:
    """What is in a ``String``."""
    size = ctypes.c_size_t.from_address(made + _HEADER_BYTES).value
    return ctypes.string_at(made + _STRING_BYTES, size - 1).decode(errors="replace")


def name_text(made: int) -> str:
    """A ``Name`` as people write it."""
    parts: list[str] = []
    while not is_boxed(made):
        part = field(made, 1)
        if tag(made) == 1:
            parts.append(text(part))
        else:
            parts.append(str(part >> 1) if is_boxed(part) else "...")
        made = field(made, 0)
    return ".".join(reversed(parts)) or "[anonymous]"


def _share(made: int) -> None:
    """Count one more owner of an object. Negative counts are of objects that threads share."""
    owners = ctypes.c_int32.from_address(made)
    if owners.value:
        owners.value += 1 if owners.value > 0 else -1
