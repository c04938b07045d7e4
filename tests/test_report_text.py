"""The text of a report: Markdown with values from the store, charts and tables placed by name, and clear errors."""

from __future__ import annotations

import base64
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from made_reports import PNG, made_report, numbered, report_store
from made_stores import add_run, add_runs, made_store
from markdown_it import MarkdownIt

from jupyter_track.errors import InvalidValue
from jupyter_track.reports.document import Caption, Curves, Prose, Rows, Sentence
from jupyter_track.reports.make import Report
from jupyter_track.store.reader import Reader


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs that have everything."""
    return report_store(tmp_path_factory.mktemp("report"))


def html_of(report: Report) -> str:
    """The HTML of the text."""
    blocks = [block for section in report.document.sections for block in section.blocks]
    return "\n".join(block.html.strip() for block in blocks if isinstance(block, Prose))


def written(store: Path, text: str, runs: Any = None) -> str:
    """The HTML of a text."""
    return html_of(made_report(store, runs, text=text, sections=["text"]))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("{{ count }} runs by {{ metric }}.", "<p>3 runs by accuracy.</p>"),
        ("**{{ best }}** won.", "<p><strong>run 0 #1</strong> won.</p>"),
        ("{{ best.metrics.accuracy }}", "<p>0.8948</p>"),
        ("{{ best.metrics.accuracy | round(3) }}", "<p>0.895</p>"),
        ("{{ best.metrics.accuracy.max | round(6) }} at {{ best.metrics.accuracy.step }}", "<p>0.894766 at 59</p>"),
        ("`{{ runs['#2'].params.lr }}`", "<p><code>0.05</code></p>"),
        ("{{ runs['#2'].params.lr * 2 }}", "<p>0.1</p>"),
        ("{{ runs['run 2'].params.optimizer }} {{ runs[0].tags.stage }}", "<p>adam draft</p>"),
        ("{{ runs['last'].number }}, {{ runs[-1].note or 'no note' }}", "<p>3, no note</p>"),
        ("{% for run in runs %}{{ run.number }} {% endfor %}", "<p>1 2 3</p>"),
        ("{{ (best.metrics.accuracy - runs['#2'].metrics.accuracy) | round(4) }}", "<p>0.0005</p>"),
        ("{% if best.metrics.f1 is defined %}f1{% else %}no f1{% endif %}", "<p>no f1</p>"),
    ],
)
def test_a_text_has_values_from_the_store(full: Path, text: str, html: str) -> None:
    """Numbers are written as everywhere, params as they were set, and both can be computed with."""
    assert written(full, text) == html


def test_a_value_is_neither_markdown_nor_markup(tmp_path: Path) -> None:
    """Whatever it holds, wherever it stands."""
    store = made_store(tmp_path)
    name = "**bold** [x](http://evil.example) ![y](http://evil.example/y.png) <script>x</script> `code` | {{ 7 * 7 }}"
    add_runs(store, {"name": name, "tags": {"t": "a|b\n\n# heading"}, "metrics": {"loss": 1.0}})
    shown = "**bold** [x](http://evil.example) ![y](http://evil.example/y.png) "
    shown += "&lt;script&gt;x&lt;/script&gt; `code` | {{ 7 * 7 }}"
    text = "{{ run.name }}\n\n| head |\n|---|\n| {{ run.name }} |\n\n`{{ run.name }}`\n\n- {{ run.tags.t }}\n"
    html = written(store, text)
    assert html.count(shown) == 3
    assert re.findall(r"<(\w+)", html) == [
        "p",
        "table",
        "thead",
        "tr",
        "th",
        "tbody",
        "tr",
        "td",
        "p",
        "code",
        "ul",
        "li",
    ]


def test_markup_in_a_text_is_text(full: Path) -> None:
    """A link leads where it says, unless that runs something."""
    html = written(full, "<b>x</b> <script>y</script>\n\n[site](https://example.org) [bad](javascript:alert(1))")
    assert html == (
        "<p>&lt;b&gt;x&lt;/b&gt; &lt;script&gt;y&lt;/script&gt;</p>\n"
        '<p><a href="https://example.org" rel="noopener noreferrer">site</a> [bad](javascript:alert(1))</p>'
    )


def test_charts_and_tables_are_placed_by_name(full: Path) -> None:
    """Each on a line of its own; what the text shows itself is not shown again below it."""
    text = 'Before.\n\n{{ curves("loss") }}\n\nBetween.\n\n{{ table() }}\n\nAfter.'
    report = made_report(full, text=text)
    sections = {section.name: [block.kind for block in section.blocks] for section in report.document.sections}
    assert sections.pop("text") == ["prose", "curves", "prose", "table", "prose"]
    assert sorted(sections) == ["comparison", "data", "environment", "git", "notes", "parallel", "summary"]
    assert sorted(report.document.panels) == ["comparison", "curves-1", "parallel", "table"]


def test_what_a_text_places_is_not_shown_twice(full: Path) -> None:
    """Also where the sections were named; of one of which it places a part the rest was asked for."""
    text = '{{ table() }}\n\n{{ curves("loss") }}'
    report = made_report(full, text=text, sections=["text", "table", "curves", "notes"])
    assert [section.name for section in report.document.sections] == ["text", "curves", "notes"]
    assert report.html.count('data-panel="table"') == 1
    twice = made_report(full, text="{{ table() }}\n\n{{ table() }}", sections=["text"])
    assert twice.html.count('data-panel="table"') == 1


def test_a_section_for_a_text_that_there_is_not_says_so(full: Path) -> None:
    """Since it was asked for; a report without one has none."""
    sections = made_report(full, sections=["text", "notes"]).document.sections
    assert [(one.name, one.title) for one in sections] == [("text", "Text"), ("notes", "Notes")]
    assert sections[0].blocks == (Sentence("There is no text.", token="muted"),)
    assert next(one.name for one in made_report(full).document.sections) == "summary"


def test_a_table_has_the_runs_and_the_columns_that_are_asked_for(full: Path) -> None:
    """So many of the best, or some in their order; metrics, params, tags and facts by name, each as everywhere."""
    text = """\
{{ table(2) }}

{{ table(rows=["#3", best], columns=["lr", "accuracy", "loss", "tags.stage", "duration", "status"]) }}

{{ table(columns="params.optimizer") }}
"""
    (section,) = made_report(full, text=text, sections=["text"]).document.sections
    default, chosen, one = [block.grid for block in section.blocks if isinstance(block, Rows)]
    assert (default.header, default.right) == (
        ("run", "accuracy ↑", "loss ↓?", "lr", "optimizer"),
        (False, True, True, True, False),
    )
    assert default.rows == (
        ("run 0 #1", "▲ 0.8948", "▲ 0.05234", "0.1", "adam"),
        ("run 1 #2", "0.8942", "0.05757", "0.05", "sgd"),
    )
    assert chosen.header == ("run", "lr", "accuracy ↑", "loss ↓?", "stage", "duration", "status")
    assert chosen.rows == (
        ("run 2 #3", "0.03333", "0.8937", "0.06281", "draft", "3.5 s", "finished"),
        ("run 0 #1", "0.1", "▲ 0.8948", "▲ 0.05234", "draft", "3.5 s", "finished"),
    )
    assert (one.header, [row[1] for row in one.rows]) == (("run", "optimizer"), ["adam", "sgd", "adam"])


def test_curves_are_of_the_runs_that_are_asked_for(full: Path) -> None:
    """Of one, of some, of so many of the best."""
    text = "".join(f"{{{{ curves('loss', runs={runs}) }}}}\n\n" for runs in ("'#2'", "['#3', best]", "2"))
    (section,) = made_report(full, text=text, sections=["text"]).document.sections
    charts = [block.charts[0] for block in section.blocks if isinstance(block, Curves)]
    assert [[row[0] for row in chart.rows] for chart in charts] == [
        ["run 1 #2"],
        ["run 0 #1", "run 2 #3"],
        ["run 0 #1", "run 1 #2"],
    ]


def test_captions_are_numbered_and_referred_to(full: Path, tmp_path: Path) -> None:
    """Figures, tables and listings each by themselves; also before they are placed; each is a line of Markdown."""
    text = """\
{{ ref("loss") }} and {{ ref("all") }} say it.

{{ curves("accuracy", caption="Accuracy") }}

{{ curves("loss", caption="Loss of **" ~ best ~ "**", label="loss") }}

{{ table(2, caption="The best $k=2$ [of](javascript:a) <b>", label="all") }}

{{ code(caption="What ran") }}
"""
    report = made_report(full, text=text, sections=["text"])
    (section,) = report.document.sections
    captions = [(one.label, one.text) for one in section.blocks if isinstance(one, Caption)]
    assert captions == [
        ("Figure 1", "Accuracy"),
        ("Figure 2", "Loss of **run 0 #1**"),
        ("Table 1", "The best $k=2$ [of](javascript:a) <b>"),
        ("Listing 1", "What ran"),
    ]
    assert html_of(report) == "<p>Figure 2 and Table 1 say it.</p>"
    assert '<p class="jtr-caption"><b>Figure 2</b> <span>Loss of <strong>run 0 #1</strong></span></p>' in report.html
    formula = "<math><mrow><mi>k</mi><mo>=</mo><mn>2</mn></mrow></math>"
    assert f"<span>The best {formula} [of](javascript:a) &lt;b&gt;</span></p>" in report.html
    report.save(tmp_path / "report.md")
    kept = (tmp_path / "report.md").read_text("utf-8")
    assert "Figure 2 and Table 1 say it." in kept
    assert "*Figure 2:* Loss of **run 0 #1**\n" in kept
    assert "*Table 1:* The best $k=2$ \\[of\\](javascript:a) \\<b\\>\n" in kept


def test_where_there_is_nothing_to_place_it_is_said(tmp_path: Path) -> None:
    """As of a section that was named; a caption does not stand alone."""
    store = made_store(tmp_path)
    add_runs(store, {"name": "one", "metrics": {"loss": 1.0}})
    text = "{{ figures(caption='None') }}\n\n{{ parallel() }}"
    (section,) = made_report(store, "one", text=text, sections=["text"]).document.sections
    assert section.blocks == (
        Sentence("No figure was recorded.", token="muted"),
        Caption("Figure 1", "None", "None"),
        Sentence("There are too few runs, or their params do not differ.", token="muted"),
    )


def test_the_figures_and_the_code_of_a_run_are_placed(full: Path) -> None:
    """By default of the best one; a run that is not there is an error with its line."""
    text = "{{ code() }}\n\n{{ code(runs['#2']) }}\n\n{{ figures('#3') }}"
    (section,) = made_report(full, text=text, sections=["text"]).document.sections
    assert [getattr(block, "title", "") for block in section.blocks] == [
        "Code of run 0 #1",
        "Code of run 1 #2",
        "run 2 #3",
    ]
    with pytest.raises(InvalidValue, match="the text, line 1: "):
        made_report(full, text="{{ code('nobody') }}")


def test_headings_become_sections_and_the_first_may_be_the_title(full: Path) -> None:
    """Their levels go down a step at a time, as the page wants them."""
    report = made_report(full, text="# Which optimizer?\n\nIntro.\n\n## Setup\n\nx\n\n#### Deep\n\n## Setup\n\ny")
    assert report.title == "Which optimizer?"
    texts = [(one.name, one.title) for one in report.document.sections if one.name.startswith("text")]
    assert texts == [("text", ""), ("text-setup", "Setup"), ("text-setup-2", "Setup")]
    assert "<h3>Deep</h3>" in report.html
    assert made_report(full, text="# A title", title="Mine").title == "Mine"


def test_a_text_may_be_a_file_with_pictures_beside_it(full: Path, tmp_path: Path) -> None:
    """They are put into the report; what is not there, or would be fetched, is an error with its line."""
    (tmp_path / "plot.png").write_bytes(PNG)
    text = tmp_path / "paper.md"
    text.write_text("Look:\n\n![A plot](plot.png)\n")
    html = html_of(made_report(full, text=text, sections=["text"]))
    assert re.search(r'<img src="data:image/png;base64,[\w+/=]+" alt="A plot" />', html)
    text.write_text("Look:\n\n![A plot](gone.png)\n")
    with pytest.raises(InvalidValue, match=r"paper\.md, line 3: there is no picture 'gone\.png' beside the text"):
        made_report(full, text=str(text))
    text.write_text("![A plot](https://example.org/plot.png)\n")
    with pytest.raises(InvalidValue, match=r"paper\.md, line 1: a report fetches nothing"):
        made_report(full, text=text)
    for name in ("paper.txt", "paper"):  # any file that is read as a text
        other = tmp_path / name
        other.write_text("![A plot](plot.png)\n")
        assert 'alt="A plot"' in html_of(made_report(full, text=other, sections=["text"]))
    with pytest.raises(
        InvalidValue, match=r"line 1: there is no place where the picture 'plot\.png' lies: give the text"
    ):
        made_report(full, text="![A plot](plot.png)")


def test_a_run_without_metrics_has_none_to_name(tmp_path: Path) -> None:
    """A failed run: neither one by name nor all of them; there is nothing to list."""
    store = report_store(tmp_path)
    add_run(store, name="broken", status="FAILED")
    number = Reader(store).info().runs
    for text, message in {
        "{{ runs['broken'].metrics.accuracy }}": "has no metric 'accuracy', nor any other.",
        "{{ runs['broken'].metrics }}": "has no metrics.",
    }.items():
        with pytest.raises(InvalidValue) as error:
            made_report(store, text=text)
        assert str(error.value) == f"the text, line 1: The run broken #{number} {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "One.\n\n{{ best.metrics.acuracy }}",
            "line 3: The run run 0 #1 has no metric 'acuracy'; did you mean 'accuracy'?",
        ),
        ("{{ best.params.f }}", "line 1: The run run 0 #1 has no param 'f'; there is lr, optimizer, same."),
        ("\n{{ bets }}", "line 2: there is no 'bets'; did you mean 'best'?"),
        ("{{ baseline.name }}", "line 1: there is no 'baseline'; there is best, "),
        ("{{ best.metric }}", "line 1: A run has no 'metric'; there is number, name, "),
        ("{{ best.metrics }}", "line 1: The metrics of the run run 0 #1 are several; name one: accuracy, loss."),
        ("{{ curves(run=1) }}", "line 1: curves() got an unexpected keyword argument 'run'"),
        ("{{ parallel(5) }}", "line 1: parallel() takes no value without a name (as caption=…), but has 1."),
        ("{{ code(1, 2) }}", "line 1: code() takes at most 1 value without a name (as caption=…), but has 2."),
        (
            "x\n{{ runs[3] }}",
            "line 2: runs[3] is none of the runs of this report, which has 3 runs, runs[0] to runs[2].",
        ),
        ("{{ run }}", "line 1: there is no 'run' in a report of several; write 'best', runs['#12'] or runs[0]."),
        ("{{ runs }}", "line 1: 'runs' are several; name one, runs['#12'], or count them: runs | length."),
        ("x\n{{ runs['#9'].name }}", "line 2: "),
        ("{{ runs['nobody'].name }}", "line 1: "),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
        ("x\n\n{% if %}", "line 3: Expected an expression"),
        ("{{ curves('nothing') }}", "line 1: No run has the metric 'nothing'"),
        ("See {{ table() }} here.", "line 1: {{ table(…) }} stands in a text; give it a paragraph of its own."),
        ("[x]({{ best.name }})", "line 1: a value cannot be the address of a link"),
        ("{{ ''.__class__.__mro__ }}", "line 1: "),
        ("{% include 'other' %}", "line 1: other"),
    ],
)
def test_what_is_wrong_in_a_text_is_told_with_its_line(full: Path, text: str, message: str) -> None:
    """And nothing is written."""
    with pytest.raises(InvalidValue) as error:
        made_report(full, text=text)
    assert str(error.value).startswith(f"the text, {message}")


def test_a_text_that_is_no_file_is_an_error_in_words(full: Path, tmp_path: Path) -> None:
    """A folder that is named like one, a name that is too long, one with a NUL."""
    folder = tmp_path / "text.md"
    folder.mkdir()
    for text in (folder, str(folder), f"{'x' * 300}.md", "a\0b.md"):
        with pytest.raises(InvalidValue, match=r"The text .* cannot be read"):
            made_report(full, text=text)


@pytest.mark.parametrize(
    "value", ["(" * 5_000 + "1" + ")" * 5_000, "[" * 5_000 + "]" * 5_000, "-" * 250 + "count"], ids=["()", "[]", "-"]
)
def test_a_text_that_is_nested_too_deep_is_an_error_in_words(full: Path, value: str) -> None:
    """What Jinja2 cannot read, and what Python then cannot."""
    with pytest.raises(InvalidValue, match=r"the text: it is nested too deep\."):
        written(full, f"{{{{ {value} }}}}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% for i in range(10 ** 9) %}{% endfor %}", "a range has at most 100,000 numbers in a text."),
        ("x\n{{ range(200000) | length }}", "a range has at most 100,000 numbers in a text."),
        ("{% set x = 'x' * 10 ** 9 %}", "the text becomes longer than 5,000,000 characters."),
        ("{% set x = 10 ** 9 * [1] %}", "the text becomes longer than 5,000,000 characters."),
        ("{{ 9 ** 99999 }}", "a power is too large for a text."),
        (
            "{% for i in range(6000) %}" + "long " * 200 + "{% endfor %}",
            "the text becomes longer than 5,000,000 characters.",
        ),
        (
            "{% for i in range(6000) %}{{ 'x' * 1000 }}{% endfor %}",
            "the text becomes longer than 5,000,000 characters.",
        ),
    ],
)
def test_what_a_text_computes_stays_small(full: Path, text: str, message: str) -> None:
    """Nobody waits for a loop without an end, or runs out of memory."""
    with pytest.raises(InvalidValue) as error:
        written(full, text)
    assert re.sub(r", line \d+", "", str(error.value)) == f"the text: {message}"
    assert written(full, "{% for i in range(3) %}{{ i * 2 }} {{ 2 ** i }} {{ '=' * i }}{% endfor %}").count("=") == 3


def test_pictures_may_have_any_name(full: Path, tmp_path: Path) -> None:
    """With blanks, letters of any language, and the signs that an address is written with."""
    names = ["b c.png", "ü.png", "50%.png", "b%20d.png", "UP.PNG"]
    for at, name in enumerate(names):
        (tmp_path / name).write_bytes(numbered(at))
    text = tmp_path / "paper.md"
    text.write_text("".join(f"![]({f'<{name}>'})\n" for name in names), encoding="utf-8")
    html = html_of(made_report(full, text=text, sections=["text"]))
    assert [base64.b64decode(one) for one in re.findall(r'base64,([^"]+)"', html)] == [*map(numbered, range(5))]
    text.write_text("![](<a b.png>)")
    with pytest.raises(InvalidValue, match=r"there is no picture 'a b\.png' beside the text"):
        made_report(full, text=text)
    for name in ("x" * 300, "a%00b"):
        text.write_text(f"![]({name}.png)")
        with pytest.raises(InvalidValue, match="line 1: there is no picture"):
            made_report(full, text=text)


def test_a_title_may_hold_a_value(tmp_path: Path) -> None:
    """Of a link, of a picture and of what links refer to; it stays in the title, whatever it holds."""
    store = made_store(tmp_path)
    name = 'a " onclick="b\' (c) <d> & *e* [f](g)'
    add_runs(store, {"name": name, "metrics": {"loss": 1.0}})
    (tmp_path / "a.png").write_bytes(PNG)
    text = tmp_path / "paper.md"
    text.write_text(
        "[l](https://x.example \"{{ run.name }}\") [m](https://x.example '{{ run.name }}') [q]\n\n"
        '![p](a.png "{{ run.name }}")\n\n[q]: https://x.example "{{ run.name }}"\n'
    )
    report = made_report(store, text=text, sections=["text"])
    titles = re.findall(r' title="([^"]*)"', html_of(report))
    assert [unescape(one) for one in titles] == [name] * 4
    report.save(tmp_path / "out.md")
    kept = (tmp_path / "out.md").read_text("utf-8")
    tokens = [one for token in MarkdownIt("commonmark").parse(kept) for one in token.children or ()]
    assert [one.attrs.get("title") for one in tokens if one.type in ("link_open", "image")] == [name] * 4


def test_a_heading_in_a_quotation_begins_no_section(full: Path) -> None:
    """The quotation stays whole."""
    html = written(full, "One.\n\n> ## Quoted\n>\n> Two.\n")
    assert html == "<p>One.</p>\n<blockquote>\n<h2>Quoted</h2>\n<p>Two.</p>\n</blockquote>"


def test_a_name_that_several_runs_have_is_ambiguous(tmp_path: Path) -> None:
    """It is not settled by taking one of them."""
    store = made_store(tmp_path)
    add_runs(store, *({"name": "twin", "metrics": {"loss": float(at)}} for at in range(3)))
    with pytest.raises(
        InvalidValue, match=re.escape("line 1: 'twin' means 3 runs (#1, #2, #3); name one by its number")
    ):
        made_report(store, text="{{ runs['twin'].metrics.loss }}")


def test_a_report_of_one_run_has_no_best(full: Path) -> None:
    """It is the run; and there is no other."""
    messages = {
        "{{ best }}": "there is no 'best' in a report of one run: write 'run'.",
        "{{ runs[1] }}": "runs[1] is none of the runs of this report, which has one run, runs[0].",
    }
    for text, message in messages.items():
        with pytest.raises(InvalidValue) as error:
            made_report(full, "#2", text=text)
        assert str(error.value) == f"the text, line 1: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ table(0) }}", "line 1: 0 is no number of runs; write 5 for the five best."),
        ("{{ table([]) }}", "line 1: there are no runs in the list."),
        (
            "x\n\n{{ table(2, ['lr', 'acuracy']) }}",
            "line 3: the runs have no column 'acuracy'; did you mean 'accuracy'?",
        ),
        ("{{ table(2, 'metrics.lr') }}", "line 1: the runs have no column 'metrics.lr'; did you mean 'lr'?"),
        (
            "{{ table(2, ['tags.nowhere']) }}",
            "line 1: the runs have no column 'tags.nowhere'; there is ",
        ),
        ("{{ curves('loss', runs='nobody') }}", "line 1: "),
        ("x\n\n{{ table(2)", "line 3: '{{' is not closed: '}}' is missing."),
        ("{% if best x %}", "line 1: 'x' is not expected there, between '{%' and '%}'."),
        ("{{ best runs }}", "line 1: 'runs' is not expected there, between '{{' and '}}'."),
        (
            "x\n\nAs {{ ref('loss') }} shows.",
            "line 3: nothing has the label 'loss': label=… beside caption=… gives it.",
        ),
        ("{{ table(label='t') }}", "line 1: table() has a label and no caption, by which it would be numbered."),
        (
            "{{ table(caption='a', label='t') }}\n\n{{ table(caption='b', label='t') }}",
            "line 3: two have the label 't': Table 1 is one.",
        ),
    ],
)
def test_what_is_wrong_with_what_a_text_places_is_told_with_its_line(full: Path, text: str, message: str) -> None:
    """Runs, columns and labels that there are not."""
    with pytest.raises(InvalidValue) as error:
        made_report(full, text=text)
    assert str(error.value).startswith(f"the text, {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ best.metrics.val/loss }}", "line 1: The run one #1 has no metric 'val'; write metrics[\"val/loss\"]."),
        (r"It is $\frac{{a}}{b}$", "line 1: there is no 'a'; there is best, "),
        ("{{ a }}", "line 1: there is no 'a'; there is best, "),
    ],
)
def test_names_that_are_read_otherwise_say_how_they_are_written(tmp_path: Path, text: str, message: str) -> None:
    """A quotient, and braces of a formula."""
    store = made_store(tmp_path)
    add_runs(store, *({"name": name, "metrics": {"val/loss": at}} for at, name in enumerate(("one", "two"))))
    with pytest.raises(InvalidValue) as error:
        made_report(store, text=text)
    assert str(error.value).startswith(f"the text, {message}")
    assert str(error.value).endswith(" Braces of a formula stand apart: { {a} }.") == ("$" in text)


def test_several_lists_of_runs_are_a_comparison(full: Path) -> None:
    """Which is what compares groups; a report of both as one list would not tell them apart."""
    with pytest.raises(InvalidValue, match=re.escape("report their comparison: track.compare(…).")):
        made_report(full, [Reader(full).runs(), Reader(full).runs()])


def test_a_column_that_there_is_not_is_told_with_those_of_each_kind(full: Path) -> None:
    """Facts of a run too, which have no name in the store, however many metrics and params there are."""
    with pytest.raises(InvalidValue, match=re.escape("experiment, status, duration, started, note, tags.")):
        made_report(full, text="{{ table(2, ['tags.nowhere']) }}")
