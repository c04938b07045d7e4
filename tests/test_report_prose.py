"""Markdown of a report's text and of notes: formulas, tasks, footnotes; of notes nothing that runs or is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_reports import made_report, report_store
from made_stores import add_run, add_runs, made_store
from test_report_markdown import PAYLOADS, tokens_of
from test_report_text import written

from jupyter_track.errors import InvalidValue
from jupyter_track.reports.formulas import in_formula, mathml
from jupyter_track.reports.prose import note_html, note_markdown


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs that have everything."""
    return report_store(tmp_path_factory.mktemp("report"))


X2 = "<math><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>"
BLOCK = X2.replace("<math>", '<math display="block">')


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Of $x^2$, twice.", f"<p>Of {X2}, twice.</p>"),
        ("$$\nx^2\n$$", f"<p>{BLOCK}</p>"),
        ("So $$x^2$$ here.", f"<p>So {BLOCK} here.</p>"),
        ("It cost $5 and $6.", "<p>It cost $5 and $6.</p>"),
        ("$HOME/bin:$PATH and US$5/US$6", "<p>$HOME/bin:$PATH and US$5/US$6</p>"),
        (r"\$x^2\$", "<p>$x^2$</p>"),
        ("`$x^2$`", "<p><code>$x^2$</code></p>"),
        (r"$\nosuch{x}$", r'<p><code class="jtr-tex">$\nosuch{x}$</code></p>'),
        (r"$\frac{<b$", '<p><code class="jtr-tex">$\\frac{&lt;b$</code></p>'),
        (
            "$a = {{ best.metrics.accuracy | round(3) }}$",
            "<p><math><mrow><mi>a</mi><mo>=</mo><mn>0.895</mn></mrow></math></p>",
        ),
        (
            "$m = {{ best.params.optimizer }}$",
            "<p><math><mrow><mi>m</mi><mo>=</mo><mtext>adam</mtext></mrow></math></p>",
        ),
        (
            "- [x] done\n- [ ] open\n- [y] neither",
            '<ul>\n<li class="jtr-task"><span class="jtr-box" role="img" aria-label="done">☑</span> done</li>\n'
            '<li class="jtr-task"><span class="jtr-box" role="img" aria-label="to do">☐</span> open</li>\n'
            "<li>[y] neither</li>\n</ul>",
        ),
        (
            "- [ ] ~~off~~\n- [x] $x$ and **more**\n- [ ]\n  none",
            '<ul>\n<li class="jtr-task"><span class="jtr-box" role="img" aria-label="to do">☐</span> <s>off</s></li>\n'
            '<li class="jtr-task"><span class="jtr-box" role="img" aria-label="done">☑</span> '
            "<math><mrow><mi>x</mi></mrow></math> and <strong>more</strong></li>\n<li>[ ]\nnone</li>\n</ul>",
        ),
    ],
)
def test_a_text_has_formulas_and_tasks(full: Path, text: str, html: str) -> None:
    """Prices are none; a value in a formula is a number or a text; what cannot be read stays as it was written."""
    assert written(full, text) == html


def test_a_text_has_footnotes(full: Path) -> None:
    """They stand at its end, lead back, may hold values, and an error in one has its line."""
    html = written(full, "Best[^a].\n\n[^a]: Of *{{ count }}*.\n")
    assert html == (
        '<p>Best<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup>.</p>\n'
        '<hr class="footnotes-sep" />\n<section class="footnotes">\n<ol class="footnotes-list">\n'
        '<li id="fn1" class="footnote-item"><p>Of <em>3</em>. '
        '<a href="#fnref1" aria-label="Back to the text">↩</a></p>\n'
        "</li>\n</ol>\n</section>"
    )
    with pytest.raises(InvalidValue, match=r"line 3: a report fetches nothing, so the picture 'http://a/b.png'"):
        written(full, "Best[^a].\n\n[^a]: ![x](http://a/b.png)\n")


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\newcommand{\a}{\a\a}\a",
        r"\def\a{x}\a",
        r"\hspace{999em}x",
        r"\color{red;position:fixed}{x}",
        "{" * 1900,
        r"\left" * 300,
        r"\frac" * 400,
        "x" * 2001,
    ],
)
def test_a_formula_that_is_more_than_one_is_not_drawn(latex: str) -> None:
    """Links, definitions, sizes that leave its place, and what is nested too deep."""
    assert mathml(latex) is None


def test_text_in_a_formula_is_text() -> None:
    """Whatever it holds; also what says a character by its number."""
    for latex in (r"\text{<script>x</script>&amp;}", r"\unicode{x3c}img>", r"\operatorname{<img>}", "<b>"):
        found = mathml(latex) or ""
        assert set(re.findall(r"<(\w+)", found)) <= {"math", "mrow", "mtext", "mi", "mo"}
    assert in_formula(r"\a_{b}$") == r"\text{ a  b  }"


def test_a_note_is_shown_as_markdown(tmp_path: Path) -> None:
    """Its lines are lines; markup, values and pictures are text or links; headings stand below that of the section."""
    store = made_store(tmp_path)
    note = "# Why\nTwo\n**lines** {{ best }}\n\n<script>x</script> ![p](https://example.org/p.png) $x^2$"
    add_run(store, note=note, metrics={"loss": 1.0})
    html = made_report(store).html
    found = re.search(r'<dd class="jtr-prose">(.*?)</dd>', html, re.DOTALL)
    assert found is not None
    assert found[1] == (
        "<h3>Why</h3>\n<p>Two<br>\n<strong>lines</strong> {{ best }}</p>\n<p>&lt;script&gt;x&lt;/script&gt; "
        f'!<a href="https://example.org/p.png" rel="noopener noreferrer">p</a> {X2}</p>\n'
    )


def test_a_long_note_says_how_much_is_left_out_and_tells_no_place(tmp_path: Path) -> None:
    """It ends with a whole line; folders of people have no name in it."""
    store = made_store(tmp_path)
    add_runs(store, {"note": "from /home/ada/lab/x.csv\n" + "twelve chars\n" * 400, "metrics": {"loss": 1.0}})
    report = made_report(store)
    (notes,) = [one for section in report.document.sections for one in section.blocks if one.kind == "notes"]
    (note,) = notes.notes  # type: ignore[attr-defined]
    assert note.text.startswith("from ~/lab/x.csv\ntwelve")
    assert note.text.endswith("twelve chars")
    assert len(note.text) + note.cut == len("from ~/lab/x.csv\n" + "twelve chars\n" * 400) - 1
    assert f"… {note.cut} more characters" in report.html


@pytest.mark.parametrize(
    ("note", "markdown"),
    [
        ("one\ntwo\n\n- a\n- b", "one  \ntwo\n\n- a\n- b"),
        ("$x^2$ and `<b>`", "$x^2$ and `<b>`"),
        ("<b>x</b> ![p](q.png)", r"\<b>x\</b> !\[p](q.png)"),
        ("<https://example.org>", "<https://example.org>"),
        ("[x](javascript:alert(1))", None),
        ("[x](java&#115;cript&colon;alert(1))", None),
        ("[x]: data:text/html,x", None),
        (r"[x](javascript\:alert(1))", None),
        ("[x]\n\n[x]: vbscript\\:y", None),
        (r"[x]: javascript\:alert(1)", None),
        ("[x](//server/share)", None),
        ("[x](results.csv)", None),
        ("<ms-x:y>", r"\<ms-x:y>"),
        (
            "[x](https://a.example 'b') [y](#z) [w]\n\n[w]: mailto:a@b.c",
            "[x](https://a.example 'b') [y](#z) [w]\n\n[w]: mailto:a@b.c",
        ),
    ],
)
def test_a_note_stays_markdown_where_nobody_takes_it_for_more(note: str, markdown: str | None) -> None:
    """What others would run or fetch is escaped, or else the whole note."""
    assert note_markdown(note) == markdown


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_note_does_nothing(tmp_path: Path, payload: str) -> None:
    """On the page only marks of Markdown; as Markdown no HTML, no picture, and no link that runs something."""
    kinds = set(re.findall(r"<(\w+)", note_html(f"{payload}\n\nx {payload}")))
    assert kinds <= {"p", "a", "br", "code", "em", "s", "h3", "ul", "ol", "li", "pre", "table", "thead", "tr", "th"}
    store = made_store(tmp_path)
    add_run(store, note=f"{payload}\n\nx {payload}")
    place = made_report(store, sections=["notes"]).save(tmp_path / "r.md").path
    assert place is not None
    tokens = tokens_of(place.read_text("utf-8"))
    assert [token.type for token in tokens if token.type in ("html_block", "html_inline", "image")] == ["html_block"]
    assert "javascript:alert" not in "".join(str(token.attrs) for token in tokens)


def test_notes_of_a_markdown_report_stand_as_quotes(tmp_path: Path) -> None:
    """So that their headings and lists are theirs."""
    store = made_store(tmp_path)
    add_runs(
        store,
        {"name": "a", "note": "# Why\n\n- [x] $x$", "metrics": {"loss": 1.0}},
        {"name": "b", "note": "[x](file:y)"},
    )
    place = made_report(store, sections=["notes"]).save(tmp_path / "r.md").path
    assert place is not None
    assert place.read_text("utf-8").split("\n\n")[4:-2] == [
        "✓ **a \\#1**",
        "> # Why\n>\n> - [x] $x$",
        "✓ **b \\#2**",
        "> \\[x\\](file:y)",
    ]


def test_notes_are_links_that_tell_nobody_where_they_were(full: Path) -> None:
    """And a note of plain text is what it was."""
    assert note_html("Diverged at first.") == "<p>Diverged at first.</p>\n"
    assert note_html("[a](https://b.c)") == '<p><a href="https://b.c" rel="noopener noreferrer">a</a></p>\n'


@pytest.mark.parametrize(
    "address",
    ["//x.example/share", "\\\\\\\\x.example\\\\share", "../x.html", "smb://x", "ms-x:/y", "data:image/png;base64,AA"],
)
def test_a_note_leads_to_the_web_only(address: str) -> None:
    """A report is opened from a disk: there an address of another kind is a file, a share or a program."""
    assert "<a" not in note_html(f"[a]({address}) and [b][r]\n\n[r]: {address}")
    assert note_html("[a](https://x.example)") == (
        '<p><a href="https://x.example" rel="noopener noreferrer">a</a></p>\n'
    )
