"""Markdown of a person: what of it a report knows, for its text and for the notes of runs.

CommonMark with tables, strikethrough, tasks (``- [x]``) and formulas (``$x$``, ``$$…$$``); a report's text has
footnotes too. Markup in it is text. A note may come from anybody's store: pictures stay links, and nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, partial
from html import escape, unescape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.dollarmath.index import math_inline_dollar
from mdit_py_plugins.footnote import footnote_plugin

from .formulas import formula

FORMULAS = ("math_inline", "math_inline_double", "math_block")
_TASK = re.compile(r"\[([ xX])\][ \t\xa0]+")
_DONE = {" ": ("☐", "to do"), "x": ("☑", "done")}
_BACK = "Back to the text"
_WEB = re.compile(r"https?://|mailto:|#", re.IGNORECASE)  # where a note leads
# What another reader of Markdown would run or fetch, though here it is text.
_MARKUP = re.compile(r"(?<!\\)(?:<(?=[A-Za-z/!?])|(?<=!)\[)")
_LIVELY = re.compile(r"(?:\(|\]:|<)\s*<?\s*(?:javascript|vbscript|data|file)\s*:", re.IGNORECASE)


def text_parser() -> MarkdownIt:
    """Return a parser of a report's text."""
    parser = _parser()
    footnote_plugin(parser, inline=False)
    parser.renderer.rules["footnote_anchor"] = _footnote_anchor  # type: ignore[attr-defined]
    return parser


def _parser(**options: Any) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, **options}).enable(["table", "strikethrough"])
    dollarmath_plugin(
        parser, allow_labels=False, allow_space=False, allow_digits=False, allow_blank_lines=False, double_inline=True
    )
    _no_prices(parser)
    parser.core.ruler.after("inline", "tasks", _tasks)
    for name in FORMULAS:
        parser.renderer.rules[name] = partial(_formula, name != "math_inline")  # type: ignore[attr-defined]
    return parser


@cache
def _note_parser() -> MarkdownIt:
    parser = _parser(breaks=True, xhtmlOut=False).disable("image")
    # What else a report opened from a disk would lead to is a file beside it, a share that asks who one is, a program.
    parser.validateLink = lambda address: _WEB.match(address) is not None  # type: ignore[method-assign, assignment]
    return parser


@cache
def _wary_parser() -> MarkdownIt:
    """Tells what other readers of Markdown take for markup, for pictures and for links, wherever these lead."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda address: True  # type: ignore[method-assign, assignment]
    return parser


def note_html(text: str) -> str:
    r"""Return a note as HTML.

    Examples
    --------
    >>> note_html("**Stable** now, <b>$5</b>.")
    '<p><strong>Stable</strong> now, &lt;b&gt;$5&lt;/b&gt;.</p>\n'
    """
    parser = _note_parser()
    return _rendered(parser, levelled(parser.parse(text), 3))


def caption_html(text: str) -> str:
    r"""Return a caption as HTML: what stands within a line, formulas too. A value in it is no safer than a note.

    Examples
    --------
    >>> caption_html("# Loss of **all**, <b>[x](javascript:y)")
    '# Loss of <strong>all</strong>, &lt;b&gt;[x](javascript:y)'
    """
    parser = _note_parser()
    return _rendered(parser, parser.parseInline(text))


def _rendered(parser: MarkdownIt, tokens: list[Token]) -> str:
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["rel"] = "noopener noreferrer"
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


def note_markdown(text: str) -> str | None:
    """Return a note as Markdown whose lines stay lines and whose markup is text; None where that cannot be had."""
    return next((found for one in (text, _MARKUP.sub(r"\\\g<0>", text)) if (found := _calm(one)) is not None), None)


def _calm(text: str) -> str | None:
    """Return Markdown, its lines as lines; None where another reader would take it for more than text."""
    env: dict[str, Any] = {}
    tokens = _wary_parser().parse(text, env)
    inner = [child for token in tokens for child in (token, *(token.children or ()))]
    if _LIVELY.search(unescape(text)) or any(one.type in ("html_block", "html_inline", "image") for one in inner):
        return None
    # What links refer to counts in the whole report, so it is asked for also where this note has no link to it.
    addresses = [str(one.attrs.get("href", "")) for one in inner if one.type == "link_open"]
    addresses += [str(one["href"]) for one in env.get("references", {}).values()]
    if not all(map(_WEB.match, addresses)):
        return None
    lines = text.split("\n")
    for token in tokens:
        if token.type == "paragraph_open" and token.map:
            for row in range(token.map[0], token.map[1] - 1):
                lines[row] = f"{lines[row].rstrip()}  "
    return "\n".join(lines)


def levelled(tokens: list[Token], highest: int) -> list[Token]:
    """Give headings the levels from `highest` on, with none left out on the way down."""
    opened = [token for token in tokens if token.type == "heading_open"]
    if not opened:
        return tokens
    shift = highest - min(int(token.tag[1]) for token in opened)
    before = highest - 1
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + shift, before + 1, 6)
            before = level
            token.tag = tokens[place + 2].tag = f"h{level}"
    return tokens


# ---- rules


def _no_prices(parser: MarkdownIt) -> None:
    """Let ``$`` end no formula where a word goes on behind it: ``$HOME:$PATH`` is none."""
    rule = math_inline_dollar(False, False, True)

    def careful(state: StateInline, silent: bool) -> bool:
        start = state.pos
        found = rule(state, True)
        ends = state.pos
        state.pos = start
        if not found or state.src[ends : ends + 1].isalnum():
            return False
        return rule(state, silent)

    parser.inline.ruler.at("math_inline", careful)


def _tasks(state: StateCore) -> None:
    """Show the box of a task at the beginning of an item."""
    tokens = state.tokens
    for place in range(2, len(tokens)):
        item, paragraph, token = tokens[place - 2 : place + 1]
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not token.children:
            continue
        first = token.children[0]
        found = _TASK.match(first.content) if first.type == "text" else None
        # What the task is may begin with markup, which is a token of its own.
        if found is None or (found.end() == len(first.content) and not _goes_on(token.children[1:])):
            continue
        glyph, word = _DONE[found[1].lower()]
        first.content = first.content[found.end() :]
        box = Token("html_inline", "", 0)
        box.content = f'<span class="jtr-box" role="img" aria-label="{word}">{glyph}</span> '
        token.children.insert(0, box)
        item.attrJoin("class", "jtr-task")


def _goes_on(tokens: Sequence[Token]) -> bool:
    """Whether something stands behind the box in its line; an empty text parts two marks that follow each other."""
    rest = next((token for token in tokens if token.type != "text" or token.content), None)
    return rest is not None and rest.type not in ("softbreak", "hardbreak")


def _formula(block: bool, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    html = formula(tokens[place].content, block)
    return f"<p>{html}</p>\n" if tokens[place].type == "math_block" else html


def _footnote_anchor(tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    meta = tokens[place].meta
    again = f":{meta['subId']}" if meta.get("subId", 0) > 0 else ""
    return f' <a href="#fnref{meta["id"] + 1}{escape(again)}" aria-label="{_BACK}">↩</a>'
