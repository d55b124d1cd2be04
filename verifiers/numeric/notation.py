"""The spellings of mathematics: which commands, letters and signs mean the same thing.

Only tables. A token's canonical text is ASCII: a sign such as ``<=``, or a LaTeX command.
"""

import re
from typing import Final

#: Commands that name a sign which also has an ASCII or shorter spelling.
SIGNS: Final = {
    "cdot": "*", "times": "*", "ast": "*", "bullet": "*", "div": "/", "colon": ":",
    "le": "<=", "leq": "<=", "leqslant": "<=", "leqq": "<=", "lt": "<",
    "ge": ">=", "geq": ">=", "geqslant": ">=", "geqq": ">=", "gt": ">",
    "ne": "!=", "neq": "!=", "approx": "~", "simeq": "~", "sim": "~", "thickapprox": "~",
    "cong": "~", "equiv": "\\equiv", "in": "\\in", "notin": "\\notin",
    "subset": "\\subset", "subseteq": "\\subset", "to": "\\to", "rightarrow": "\\to",
    "longrightarrow": "\\to", "mapsto": "\\to",
    "cup": "\\cup", "bigcup": "\\cup", "cap": "\\cap", "bigcap": "\\cap",
    "setminus": "\\setminus", "backslash": "\\setminus", "smallsetminus": "\\setminus",
    "pm": "\\pm", "mp": "\\mp", "land": "\\and", "wedge": "\\and", "lor": "\\or", "vee": "\\or",
    "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[", "rbrack": "]", "lparen": "(", "rparen": ")",
    "vert": "|", "Vert": "\\|", "mid": "\\mid",
    "lvert": "\\lvert", "rvert": "\\rvert", "lVert": "\\|", "rVert": "\\|",
    "langle": "\\langle", "rangle": "\\rangle",
    "lfloor": "\\lfloor", "rfloor": "\\rfloor", "lceil": "\\lceil", "rceil": "\\rceil",
    "prime": "'", "circ": "\\circ", "degree": "\\circ", "degrees": "\\circ",
    "newline": "\\\\", "cr": "\\\\",
    "forall": "\\forall", "choose": "\\choose", "over": "\\over",
    "mathbb": "\\mathbb", "Bbb": "\\mathbb",
    "bmod": "\\mod", "mod": "\\mod", "pmod": "\\mod",
    "textdollar": "\\$", "dollar": "\\$", "pounds": "£", "euro": "€", "textdegree": "\\circ",
    "percent": "%", "textpercent": "%",
}  # fmt: skip

#: Commands that only change how something looks; their braces, if any, stay as a group.
STYLES: Final = frozenset(
    "displaystyle textstyle scriptstyle limits nolimits mathbf boldsymbol bm pmb mathit mathcal "
    "mathscr mathfrak boxed fbox rm bf it hfill nonumber ensuremath bold cal "
    "mathstrut strut allowbreak nobreak mathop mathbin mathrel mathopen mathclose tt large Large "
    "small normalsize middle".split()
)
#: Commands whose argument is set as upright words.
WORDS: Final = frozenset(
    "text textbf textrm textit textnormal texttt textsf textup mathrm mathsf mathtt mathnormal "
    "mbox hbox operatorname emph textsc underline unit".split()
)
SPACES: Final = frozenset(("quad", "qquad", "enspace", "space", "thinspace", "medspace", "hskip"))

#: Commands with arguments, under one name each.
STRUCTURES: Final = {
    "frac": "\\frac", "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac", "sfrac": "\\frac",
    "nicefrac": "\\frac", "flatfrac": "\\frac", "sqrt": "\\sqrt", "surd": "\\sqrt",
    "binom": "\\binom", "dbinom": "\\binom", "tbinom": "\\binom",
    "overline": "\\overline", "bar": "\\overline", "vec": "\\vec", "overrightarrow": "\\vec",
    "hat": "\\hat", "widehat": "\\hat", "tilde": "\\tilde", "widetilde": "\\tilde", "dot": "\\dot",
    "ddot": "\\ddot", "angle": "\\angle", "triangle": "\\triangle",
    "sum": "\\sum", "prod": "\\prod", "int": "\\int", "lim": "\\lim",
}  # fmt: skip

CONSTANTS: Final = {
    "pi": "pi", "infty": "oo", "infinity": "oo", "inf": "oo", "Infinity": "oo", "INFINITY": "oo",
    "oo": "oo",
    "ldots": "...", "cdots": "...", "dots": "...", "dotsc": "...", "dotsb": "...", "dotsm": "...",
    "vdots": "...", "ddots": "...", "emptyset": "emptyset", "varnothing": "emptyset",
    "imath": "i", "Reals": "R", "reals": "R",
}  # fmt: skip

#: Names of functions as they are written -> the name of the ``Call``.
FUNCTIONS: Final = {
    **{
        name: name
        for name in (
            "sin cos tan cot sec csc sinh cosh tanh coth sech csch arcsin arccos arctan arccot "
            "arcsec arccsc arcsinh arccosh arctanh ln log exp max min gcd lcm det arg deg dim ker "
            "sgn floor ceil abs factorial Re Im sup tr rank"
        ).split()
    },
    "cosec": "csc", "tg": "tan", "ctg": "cot", "arctg": "arctan", "asin": "arcsin",
    "acos": "arccos", "atan": "arctan", "sign": "sgn", "ceiling": "ceil", "lg": "lg",
    "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
INVERSES: Final = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot", "sec": "arcsec",
    "csc": "arccsc", "sinh": "arcsinh", "cosh": "arccosh", "tanh": "arctanh",
}  # fmt: skip
#: Functions that take a list of arguments and never apply without brackets.
LISTED: Final = frozenset(("max", "min", "gcd", "lcm"))

GREEK: Final = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "omicron rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta "
    "Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
#: Other commands that are letters: ``\\hbar``, ``\\ell``.
LETTERS: Final = GREEK | {"hbar", "ell", "nabla", "partial", "wp", "aleph", "jmath"}
GREEK_VARIANTS: Final = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta",
                         "varrho": "rho", "varsigma": "sigma"}  # fmt: skip

ENVIRONMENTS: Final = {
    "matrix": "matrix", "pmatrix": "matrix", "bmatrix": "matrix", "Bmatrix": "matrix",
    "smallmatrix": "matrix", "psmallmatrix": "matrix", "bsmallmatrix": "matrix",
    "array": "matrix", "tabular": "matrix", "vmatrix": "determinant", "Vmatrix": "norm",
    "cases": "cases", "dcases": "cases", "rcases": "cases",
    "aligned": "lines", "align": "lines", "gathered": "lines", "gather": "lines",
    "split": "lines", "equation": "lines", "alignedat": "lines", "eqnarray": "lines",
}  # fmt: skip

#: Characters outside ASCII that are spelled in LaTeX or ASCII. Trailing spaces end a command.
CHARACTERS: Final = {
    "×": "*", "⋅": "*", "·": "*", "∙": "*", "•": "*", "∗": "*", "⁎": "*", "✕": "*", "÷": "/",
    "⁄": "/", "∕": "/", "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "﹣": "-",
    "∶": ":", "≤": "<=", "⩽": "<=", "≦": "<=", "≥": ">=", "⩾": ">=", "≧": ">=", "≠": "!=",
    "≈": "\\approx ", "≅": "\\approx ", "≡": "\\equiv ", "±": "\\pm ", "∓": "\\mp ",
    "∈": "\\in ", "∉": "\\notin ", "⊂": "\\subset ", "⊆": "\\subset ", "→": "\\to ",
    "∪": "\\cup ", "⋃": "\\cup ", "∩": "\\cap ", "⋂": "\\cap ", "∖": "\\setminus ",
    "∅": "\\emptyset ", "∞": "\\infty ", "√": "\\sqrt ", "∛": "\\sqrt[3] ", "∜": "\\sqrt[4] ",
    "°": "^\\circ ", "º": "^\\circ ", "˚": "^\\circ ", "′": "'", "″": "''", "‴": "'''",
    "’": "'", "‘": "'", "ʹ": "'", "“": '"', "”": '"', "…": "\\ldots ", "⋯": "\\cdots ",
    "∑": "\\sum ", "∏": "\\prod ", "∫": "\\int ", "∀": "\\forall ", "∣": "|", "∥": "\\|",
    "⟨": "\\langle ", "⟩": "\\rangle ", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "⌈": "\\lceil ",
    "⌉": "\\rceil ", "∧": "\\land ", "∨": "\\lor ", "∠": "\\angle ", "△": "\\triangle ",
    "℃": "^\\circ C", "℉": "^\\circ F", "％": "%", "￥": "¥", "ħ": "\\hbar ", "ℓ": "\\ell ",
    "，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "〜": "~", "∂": "\\partial ",
    "ℝ": "\\mathbb{R}", "ℤ": "\\mathbb{Z}", "ℚ": "\\mathbb{Q}", "ℕ": "\\mathbb{N}",
    "ℂ": "\\mathbb{C}", "½": "\\frac{1}{2}", "⅓": "\\frac{1}{3}", "⅔": "\\frac{2}{3}",
    "¼": "\\frac{1}{4}", "¾": "\\frac{3}{4}", "⅕": "\\frac{1}{5}", "⅖": "\\frac{2}{5}",
    "⅗": "\\frac{3}{5}", "⅘": "\\frac{4}{5}", "⅙": "\\frac{1}{6}", "⅚": "\\frac{5}{6}",
    "⅛": "\\frac{1}{8}", "⅜": "\\frac{3}{8}", "⅝": "\\frac{5}{8}", "⅞": "\\frac{7}{8}",
    "或": " or ", "和": " and ", "与": " and ", "且": " and ", "及": " and ",
    "π": "\\pi ", "α": "\\alpha ", "β": "\\beta ", "γ": "\\gamma ", "δ": "\\delta ",
    "ε": "\\epsilon ", "ϵ": "\\epsilon ", "ζ": "\\zeta ", "η": "\\eta ", "θ": "\\theta ",
    "ϑ": "\\theta ", "ι": "\\iota ", "κ": "\\kappa ", "λ": "\\lambda ", "μ": "\\mu ",
    "µ": "\\mu ", "ν": "\\nu ", "ξ": "\\xi ", "ρ": "\\rho ", "σ": "\\sigma ", "ς": "\\sigma ",
    "τ": "\\tau ", "υ": "\\upsilon ", "φ": "\\phi ", "ϕ": "\\phi ", "χ": "\\chi ", "ψ": "\\psi ",
    "ω": "\\omega ", "Γ": "\\Gamma ", "Δ": "\\Delta ", "Θ": "\\Theta ", "Λ": "\\Lambda ",
    "Ξ": "\\Xi ", "Π": "\\Pi ", "Σ": "\\Sigma ", "Φ": "\\Phi ", "Ψ": "\\Psi ", "Ω": "\\Omega ",
    # Invisible, and without effect on how the text reads.
    "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u00ad": "", "\u2060": "",
    "\u2061": "", "\u2062": "", "\ufe0e": "", "\ufe0f": "",
}  # fmt: skip

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣᵏᵗ", "0123456789+-()nixkt")
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙᵢₓₖₜ", "0123456789+-()nixkt")
_SUPERSCRIPT_RUN: Final = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣᵏᵗ]+")
_SUBSCRIPT_RUN: Final = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙᵢₓₖₜ]+")


def spell_scripts(text: str) -> str:
    """``text`` with raised and lowered characters written as ``^{...}`` and ``_{...}``."""
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run[0].translate(_SUPERSCRIPTS) + "}", text)
    return _SUBSCRIPT_RUN.sub(lambda run: "_{" + run[0].translate(_SUBSCRIPTS) + "}", text)
