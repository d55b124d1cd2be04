"""Rules for what stands between brackets: groups, tuples, intervals, sets, bars, matrices."""

from assayoffice.verifiers.numeric.expression import (
    Builder,
    Call,
    Constant,
    Interval,
    Matrix,
    Node,
    Sequence,
    Where,
)
from assayoffice.verifiers.numeric.functions import Functions, arguments
from assayoffice.verifiers.numeric.tokens import END, FINISH


class Brackets(Functions):
    __slots__ = ()

    def inside(self, *, bar_ends: bool = False, colon_ends: bool = False) -> Node:
        """A sequence with the ends of its own brackets; the closing one is left to the caller."""
        self.enter()
        saved = self.bar_ends, self.colon_ends
        self.bar_ends, self.colon_ends = bar_ends, colon_ends
        node = self.sequence()
        self.bar_ends, self.colon_ends = saved
        self.leave()
        return node

    def bracket(self) -> Node:
        """``(...)``, ``[...]``, ``]...[`` and mixtures: a group, a tuple or an interval."""
        opener = self.advance().text
        inside = self.inside()
        closer = self.token.text
        if closer not in (")", "]", "["):
            self.fail("a bracket is not closed")
        self.advance()
        items = arguments(inside)
        if opener == "(" and closer == ")":
            return inside if len(items) == 1 else Sequence("tuple", items, _joiner(inside))
        if opener == "[" and closer == "]":
            return inside if len(items) == 1 else Sequence("bracket", items, _joiner(inside))
        if len(items) != 2:
            self.fail("an interval has two ends")
        return Interval(items[0], items[1], opener in "(]", closer in ")[")

    def angles(self) -> Node:
        self.advance()
        inside = self.inside()
        self.expect("\\rangle")
        return Sequence("tuple", arguments(inside))

    def set(self) -> Node:
        """``\\{...\\}``, listed or built, and plain braces, which group a single value."""
        opener = self.advance().text
        closer = "\\}" if opener == "\\{" else "}"
        if opener == "\\{" and self.accept(closer):
            return Constant("emptyset")
        inside = self.inside(bar_ends=True, colon_ends=True)
        if self.token.text in ("|", "\\mid", ":", "\\lvert", "\\rvert"):
            self.advance()
            condition = self.inside()
            self.expect(closer)
            return Builder(inside, condition)
        inside = self.infix(inside)
        self.expect(closer)
        items = arguments(inside)
        if opener == "{" and len(items) == 1:
            return inside
        return Sequence("set", items, _joiner(inside))

    def bars(self) -> Node:
        """``|x|``."""
        self.advance()
        inside = self.inside(bar_ends=True)
        if self.token.text not in ("|", "\\rvert"):
            self.fail("a bar is not closed")
        self.advance()
        return Call("abs", (inside,))

    def norm(self) -> Node:
        self.advance()
        inside = self.inside()
        self.expect("\\|")
        return Call("norm", (inside,))

    def rounding(self) -> Node:
        name = "floor" if self.advance().text == "\\lfloor" else "ceil"
        inside = self.inside()
        self.expect("\\rfloor" if name == "floor" else "\\rceil")
        return Call(name, (inside,))

    def environment(self) -> Node:
        """A matrix, a case distinction, or lines of a display."""
        kind = self.token.text
        if kind == "lines":
            self.without_alignment()
        self.advance()
        self.enter()
        saved = self.bar_ends, self.colon_ends
        self.bar_ends = self.colon_ends = False
        if kind == "lines":
            node = self.sequence()
        else:
            in_cases, self.in_cases = self.in_cases, kind == "cases"
            node = self.table(kind)
            self.in_cases = in_cases
        self.bar_ends, self.colon_ends = saved
        self.leave()
        if self.token.kind != FINISH or self.token.text != kind:
            self.fail("an environment is not closed")
        self.advance()
        return node

    def without_alignment(self) -> None:
        """Drop the alignment marks of the environment looked at, up to its end."""
        end = self.index
        while self.tokens[end].kind not in (FINISH, END):
            end += 1
        kept = [token for token in self.tokens[self.index : end] if token.text != "&"]
        if len(kept) > 2 and kept[-1].text == "\\\\":
            kept.pop()
        self.tokens[self.index : end] = kept

    def table(self, kind: str) -> Node:
        rows: list[tuple[Node, ...]] = []
        while self.token.kind not in (FINISH, END):
            cells = [self.item()]
            while True:
                if kind == "cases" and self.token.text == "," and self.peek().text == "&":
                    self.advance()
                if not self.accept("&"):
                    break
                cells.append(self.item())
            rows.append(tuple(cells))
            if not self.token.text.startswith("\\\\"):
                break
            self.advance()
        if not rows:
            self.fail("an empty table")
        if kind == "cases":
            return self.cases(rows)
        if any(len(row) != len(rows[0]) for row in rows):
            self.fail("a matrix with rows of different lengths")
        matrix = Matrix(tuple(rows))
        if kind == "matrix":
            return matrix
        return Call("det" if kind == "determinant" else "norm", (matrix,))

    def cases(self, rows: list[tuple[Node, ...]]) -> Node:
        """A case distinction; rows without conditions are a system of statements."""
        if len(rows) == 1 and len(rows[0]) == 1:
            return rows[0][0]
        if all(len(row) == 1 for row in rows):
            return Sequence("list", tuple(row[0] for row in rows), "and")
        if any(len(row) > 2 for row in rows):
            self.fail("a case has a value and a condition")
        return Call("cases", tuple(Where(*row) if len(row) == 2 else row[0] for row in rows))


def _joiner(inside: Node) -> str:
    return inside.joiner if isinstance(inside, Sequence) else ","
