"""Formulas of a text: LaTeX as MathML, which browsers draw themselves; what cannot be read stays as it was written.

`latex2mathml` reads the LaTeX. Its own text form undoes the escaping of what it writes, so its tree is written here,
and of that only what MathML's presentation has: an element, an attribute or a value that is not known makes the whole
formula one that cannot be read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

LONGEST = 2_000  # characters of a formula
MOST_ELEMENTS = 4_000
_ELEMENTS = frozenset(
    "math menclose mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt"
    " mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none".split()
)
_ATTRIBUTES = frozenset(
    "accent accentunder align columnalign columnlines columnspacing depth display displaystyle fence form height"
    " largeop linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation"
    " rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset width".split()
)
_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh".split()
)
_PARTS = {"mfrac": 2, "mover": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "msubsup": 3, "munderover": 3}
_VALUE = re.compile(r"[\w #%.+-]{0,80}", re.ASCII)
_HUGE = re.compile(r"\d{4}|\d{3}(?!%)|\d{2}(?:\.\d*)?(?:em|ex|in|cm|pc)")
_DEFINES = re.compile(r"\\(?:(?:re)?newcommand|providecommand|g?def|let|DeclareMathOperator)(?![A-Za-z])")
_UNKNOWN = re.compile(r"\\[A-Za-z]")
_NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?(?:e(?P<power>[+-]?\d+))?")
_NO_TEXT = re.compile(r"[\\{}$%#&^_~]")


@lru_cache(maxsize=512)
def mathml(latex: str, block: bool = False) -> str | None:
    r"""Return a formula as MathML; None where it cannot be read.

    Examples
    --------
    >>> mathml("x < 1")
    '<math><mrow><mi>x</mi><mo>&lt;</mo><mn>1</mn></mrow></math>'
    >>> mathml(r"\nosuchthing x") is None
    True
    """
    if len(latex) > LONGEST or _DEFINES.search(latex):
        return None
    from latex2mathml.converter import convert_to_element

    try:
        tree = convert_to_element(latex, display="block" if block else "inline")
    except Exception:  # noqa: BLE001 - it has some twenty errors of its own, and others for what it did not foresee
        return None
    written: list[str] = []
    try:
        return "".join(written) if _write(tree, written) else None
    except RecursionError:
        return None


def _write(element: Element, written: list[str]) -> bool:
    """Write an element and what is in it; whether all of it is known."""
    tag = element.tag
    if tag not in _ELEMENTS or len(element) != _PARTS.get(tag, len(element)) or len(written) > MOST_ELEMENTS * 2:
        return False
    attributes = {name: value for name, value in element.attrib.items() if not _is_usual(tag, name, value)}
    if not all(map(_is_known, attributes, attributes.values())):
        return False
    text = unescape(element.text or "")
    if tag == "mi" and _UNKNOWN.match(text):  # a command that it does not know stands as it was written
        return False
    if tag == "mi" and text in _FUNCTIONS:  # with room before what it is of
        tag, attributes = "mo", {"form": "prefix", "lspace": "0", "rspace": "0.167em"}
    said = "".join(f' {name}="{escape(value)}"' for name, value in sorted(attributes.items()))
    written += [f"<{tag}{said}>", escape(text, quote=False)]
    if not all(_write(child, written) for child in element):
        return False
    written.append(f"</{tag}>")
    return True


def _is_known(name: str, value: str) -> bool:
    """Whether an attribute is one of MathML, with a value that lets a formula stay in its place."""
    huge = name not in ("mathcolor", "mathbackground") and _HUGE.search(value) is not None
    return name in _ATTRIBUTES and _VALUE.fullmatch(value) is not None and not huge


def _is_usual(tag: str, name: str, value: str) -> bool:
    """Whether an attribute says what holds anyway: the name space of MathML in HTML, a formula within a line."""
    return tag == "math" and (name == "xmlns" or (name == "display" and value == "inline"))


def formula(latex: str, block: bool = False) -> str:
    """Return a formula as HTML: MathML, or its source as code where it cannot be read."""
    found = mathml(latex.strip(), block)
    if found is not None:
        return found
    marks = "$$" if block else "$"
    return f'<code class="jtr-tex">{escape(f"{marks}{latex.strip()}{marks}")}</code>'


def in_formula(text: str) -> str:
    r"""Return a value as LaTeX: a number as one, anything else as the text that it is.

    Examples
    --------
    >>> in_formula("0.93"), in_formula("1e-05"), in_formula("adam_w")
    ('0.93', '10^{-5}', '\\text{adam w}')
    """
    number = _NUMBER.fullmatch(text)
    if number is None:
        return rf"\text{{{_NO_TEXT.sub(' ', text)}}}"
    if number["power"] is None:
        return text.replace("−", "-").replace(",", r"{,}")
    factor, _, power = text.replace("−", "-").partition("e")
    tens = f"10^{{{int(power)}}}"
    return tens if factor == "1" else rf"{factor} \times {tens}"
