"""The static HTML and text: what a host may take away, what a hostile name may do, and what can be read."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from made_records import NOW, made_metric, made_param, made_run

from jupyter_track.records import Experiment, Run, RunError
from jupyter_track.store.relatives import Children
from jupyter_track.views import html, text
from jupyter_track.views.beside import Beside
from jupyter_track.views.card import run_card
from jupyter_track.views.comparison import Comparison, compare
from jupyter_track.views.comparison_html import comparison_html
from jupyter_track.views.comparison_parts import Still
from jupyter_track.views.details import experiment_details, run_details
from jupyter_track.views.goals import Goal
from jupyter_track.views.joined import Table, join
from jupyter_track.views.overlay import Curve, overlay
from jupyter_track.views.runs import run_table
from jupyter_track.views.tokens import MUTED_OPACITY, RUN_COLORS, STATES, TOKENS, mark

LOSS = [2.0, 0.5, math.nan, 0.25, 0.3]
TAGS = {"div", "span", "b", "table", "thead", "tbody", "tr", "th", "td", "img", "pre", "details", "summary"}
TAGS |= {"style"}  # a rule for paper alone, which any host may drop
ATTRIBUTES = {"class", "scoped", "style", "title", "scope", "src", "alt", "width", "height", "open"}
# What JupyterLab's sanitiser leaves of a style, and two properties that may go without loss.
PROPERTIES = {
    "font-size", "line-height", "text-align", "margin", "padding", "padding-left", "padding-top", "opacity", "color",
    "white-space", "overflow", "text-overflow", "border", "border-collapse", "border-bottom", "border-top", "height",
    "max-width", "max-height", "width", "table-layout", "font-weight", "vertical-align", "background", "overflow-wrap",
    "font-variant-numeric", "cursor",
}  # fmt: skip


@dataclass
class Node:
    """One element of a parsed form."""

    tag: str
    attributes: dict[str, str | None]
    parents: list[Node]
    text: str = ""

    @property
    def style(self) -> dict[str, str]:
        """The inline style by property; of a repeated one the last."""
        pairs = (part.split(":", 1) for part in (self.attributes.get("style") or "").split(";") if part)
        return {name.strip(): value.strip() for name, value in pairs}


@dataclass
class Reader(HTMLParser):
    """Collects the elements of a form, and checks that each is closed."""

    nodes: list[Node] = field(default_factory=list)
    open: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs), list(self.open))
        self.nodes.append(node)
        if tag not in ("img", "br"):
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for node in self.open:
            node.text += data


def read(form: str) -> list[Node]:
    """Return the elements of a form in document order."""
    reader = Reader()
    reader.feed(form)
    reader.close()
    assert reader.open == []
    return reader.nodes


def full_run(word: str = "x", number: int = 12, **fields: object) -> Run:
    """Return a run with something in every field; `word` stands wherever text may come from outside."""
    given: dict[str, object] = {
        "state": "stopped",
        "duration": 75.0,
        "error": None,
        "experiment_name": word,
        "note": word,
        "notebook": word,
        "user_id": word,
        "own_tags": {word: word},
        "goals": {f"loss {word}": "min"},
        **fields,
    }
    metrics = [made_metric(f"loss {word}", LOSS), made_metric(f"{word} acc", [0.5, 0.75], word)]
    params = [made_param(f"C {word}", word, written=word), made_param(f"{word} k", word, word)]
    return made_run(number, word, metrics, params, **given)


def forms_of(word: str) -> Iterator[str]:
    """Yield every static form with `word` in every field."""
    run = full_run(word)
    earlier = made_run(9, word, [made_metric(f"loss {word}", [0.5])], [made_param(f"C {word}", "other")])
    short = made_run(13, word, [made_metric(word, [0.5])], [made_param(word, word)], duration=0.5)
    failed = full_run(word, 14, state="failed", error=RunError(word, word, f"Traceback\n{word}"))
    curves = {f"loss {word}": list(enumerate(LOSS))}
    beside = Beside(
        previous=earlier,
        baseline=earlier,
        repeats=[run, full_run(word, 11)],
        reference_repeats=[earlier, earlier],
        children=Children(5, word, 0.96, 14),
    )
    yield html.card_html(
        run_card(run, beside=beside, curves=curves, figures=2, output=True, notes=[word], store_line=word)
    )
    for each in (short, failed, full_run(word, 15, state=word)):
        yield html.card_html(run_card(each, beside=Beside(previous=earlier), notes=[word]))
    child = made_run(16, word, [made_metric(f"loss {word}", [0.7])], parent_run_id=run.run_id)
    runs = [run, child, failed, earlier, short]
    yield html.table_html(run_table(runs, NOW, curves={run.run_id: list(enumerate(LOSS))}, total=100))
    yield html.table_html(run_table([], NOW))
    yield html.details_html(run_details(run, figures=3, beside=beside))
    sources = {run.run_id: f"a\n{word}\nb", child.run_id: f"a\n{word}\nc"}
    compared = compare([run, child, failed], sources, repeats={run.run_id: [run, earlier]}, total=9)
    yield comparison_html(compared, made_still(compared, word))
    yield html.details_html(run_details(failed))
    experiment = Experiment("1", word, word, word, {word: word}, NOW, NOW, {word: "min"})
    yield html.details_html(experiment_details(experiment))
    yield html.status_html([(word, word)], [word])


def made_still(compared: Comparison, word: str) -> Still:
    """What stands below a comparison: curves, a picture of two runs, and a joined table."""
    one = Table((word, f"{word} a", f"{word} b"), [[word, "x", word], ["k", word, "y"]])
    other = Table((word, f"{word} a", f"{word} b"), [[word, "x", f"{word} z"], ["k", word, "y"]])
    curves = [Curve(run.title, list(enumerate(LOSS)), run.color) for run in compared.runs]
    drawn = overlay(f"loss {word}", curves, Goal("min"))
    assert drawn is not None
    pictures = ((word, (("image/png", b"png"), None, ("image/svg+xml", word.encode()))),)
    return Still((drawn,), pictures, ((word, join([one, other], word), (0, 1)),), left=2)


def payloads() -> list[str]:
    """Return a hundred texts that would run a script, leave an attribute or forge an element somewhere."""
    scripts = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
               "<iframe srcdoc='<script>alert(1)</script>'>", "<a href='javascript:alert(1)'>x</a>",
               "<style>*{display:none}</style>", "<math><mtext><script>alert(1)</script>", "<body onload=alert(1)>",
               "<details open ontoggle=alert(1)>", "<form action=x><button autofocus onfocus=alert(1)>"]  # fmt: skip
    leads = ["", '">', "'>", "</td></tr></table>", "-->", "]]>", "</title></textarea>", "\x00", "&lt;", '" title="']
    return [lead + script for lead in leads for script in scripts]


def test_no_payload_in_any_field_makes_an_element_or_an_attribute() -> None:
    """A hundred payloads in every field of every form: the elements and their attributes are those of a plain word."""
    expected = [[(node.tag, set(node.attributes)) for node in read(form)] for form in forms_of("w" * 70)]
    count = 0
    for payload in payloads():
        for form, plain in zip(forms_of(payload.ljust(70, "w")), expected, strict=True):
            nodes = read(form)
            assert {node.tag for node in nodes} <= TAGS
            assert {name for node in nodes for name in node.attributes} <= ATTRIBUTES
            assert [node.tag for node in nodes] == [tag for tag, _ in plain]
        count += 1
    assert count == 100


def test_a_hostile_name_is_still_shown_as_text() -> None:
    """It is not dropped: what was typed can be read."""
    name = "<b>bold</b> & \"quoted\" 'too'"
    nodes = read(html.card_html(run_card(made_run(1, name))))
    assert [node.text for node in nodes if node.tag == "b"] == [middle(name)]


def middle(name: str) -> str:
    """Return what a card of one line shows of `name`."""
    return run_card(made_run(1, name)).name


def test_only_what_a_sanitiser_keeps_is_used() -> None:
    """No style sheet, no inline SVG, no id, no data, no role, no variable: nothing that untrusted output loses."""
    for form in forms_of("plain"):
        for node in read(form):
            assert node.tag in TAGS
            assert set(node.attributes) <= ATTRIBUTES
            assert set(node.style) <= PROPERTIES
            assert "var(" not in str(node.attributes)
            assert "url(" not in str(node.attributes)


def test_colour_is_on_marks_only_and_muted_text_is_not_muted_twice() -> None:
    """Text inherits the host's colour; each coloured element holds one glyph."""
    glyphs = {state.glyph for state in STATES.values()} | {"▲", "▼"}
    marks = {mark(name) for name, token in TOKENS.items() if token.mark}
    coloured = 0
    for form in forms_of("plain"):
        for node in read(form):
            if "color" in node.style:
                coloured += 1
                assert node.text in glyphs
                assert node.style["color"] in marks
            if "opacity" in node.style:
                assert node.style["opacity"] == str(MUTED_OPACITY)
                assert not any("opacity" in parent.style for parent in node.parents)
    assert coloured > 10


def test_every_picture_has_words_and_is_an_svg_of_our_own() -> None:
    """An alt text with numbers, for where the picture is dropped."""
    pictures = [node for form in forms_of("plain") for node in read(form) if node.tag == "img"]
    drawn = [picture for picture in pictures if "base64" not in (picture.attributes["src"] or "")]
    assert (len(pictures), len(drawn)) == (5, 3)
    assert [picture.attributes["alt"] for picture in pictures if picture not in drawn] == [
        "plain of #12 plain",
        "plain of #14 plain",
    ]
    assert (drawn[2].attributes["alt"] or "").startswith(
        "loss plain by step: #12 plain 2.0000 to 0.3000; #16 plain 2.0000 to 0.3000; "
    )
    for picture in drawn[:2]:
        assert (picture.attributes["src"] or "").startswith("data:image/svg+xml,")
        assert picture.attributes["alt"] == "loss plain: 2.0000 to 0.3000, 5 points, best 0.2500 at 3, 1 not finite"


def test_every_table_has_headers_with_a_scope() -> None:
    """A reader of the page is told what a value belongs to, also without any style."""
    for form in forms_of("plain"):
        nodes = read(form)
        for row in (node for node in nodes if node.tag == "tr"):
            cells = [node for node in nodes if node.parents and node.parents[-1] is row]
            scopes = {node.attributes.get("scope") for node in cells if node.tag == "th"}
            assert scopes in ({"row"}, {"col"}) or row.text.startswith("+")


def _bare(form: str) -> str:
    """Return a form's text as a host without styles shows it: a line a block or row, cells by a bar."""
    lines = re.sub(r"</(?:div|tr)>", "\n", re.sub(r"<style.*?</style>", "", form))
    cells = re.sub(r"</t[hd]>", " | ", lines)
    plain = re.sub(r"<[^>]*>", "", cells).replace("\u00a0", " ").replace("&#x27;", "'")
    return "\n".join(line.strip(" |") for line in plain.splitlines() if line.strip(" |"))


def test_a_card_reads_right_without_any_style() -> None:
    """There is a space between any two words, and the order is that of the text form."""
    run = full_run("w", error=None)
    earlier = made_run(9, metrics=[made_metric("loss w", [0.5])], params=[made_param("C w", 2)])
    card = run_card(run, beside=Beside(previous=earlier), figures=2, notes=["51 figures shown, 50 kept"])
    assert _bare(html.card_html(card)) == (
        "■ w #12 C w 2 → w stopped 1 m 15 s\n"
        "loss w | 0.3000 | −0.2000 ▲ vs #9 | best 0.2500 at 3\n"
        "w acc | 0.7500 |  | ▲? best\n"
        "C w w · +1 w figures 2 · note\n"
        "51 figures shown, 50 kept"
    )
    short = run_card(made_run(3, metrics=[made_metric("loss", [0.5])]), beside=Beside(previous=made_run(2, metrics=[])))
    assert _bare(html.card_html(short)) == text.card_text(short).replace("  ", " ")


def test_a_table_reads_right_without_any_style() -> None:
    """Header, rows and footer, with the best marked by its glyph."""
    runs = [
        made_run(2, metrics=[made_metric("loss", [0.5])], params=[made_param("C", 1)]),
        made_run(1, "svm", [made_metric("loss", [0.75])], [made_param("C", 2)], state="failed"),
    ]
    bare = _bare(html.table_html(run_table(runs, NOW)))
    assert bare.splitlines()[:3] == [
        "status | # | name | loss ↓? | C | duration | age",
        "✓ | 2 | baseline | 0.5000 | 1 | 300 ms | 2 min",
        "✗ failed | 1 | svm | 0.7500 | 2 | 300 ms | 1 min",
    ]
    assert _bare(html.table_html(run_table([], NOW))) == text.table_text(run_table([], NOW))


def test_a_run_and_an_experiment_show_themselves() -> None:
    """Importing the views is enough; the text has the error, the params with their sources and the traceback."""
    failed = made_run(
        3, "svm", [made_metric("loss", [0.5, 0.25])], [made_param("C", 1), made_param("seed", 3, "inherited")],
        state="failed", own_tags={"team": "vision"}, error=RunError("ValueError", "no", "Traceback\n  x"),
    )  # fmt: skip
    assert failed._repr_html_() == html.details_html(run_details(failed))
    lines = text.details_text(run_details(failed)).splitlines()
    assert lines[:3] == ["svm #3  ✗ failed", "✗ ValueError: no", "experiment  Default"]
    assert lines[6:] == [
        "",
        "metric     last  at step     min     max  points  source",
        "loss ↓?  0.2500        1  0.2500  0.5000       2  logged",
        "",
        "param  value  type  source",
        "C      1      int   assigned in the cell",
        "seed   3      int   inherited from an earlier cell",
        "",
        "tag   value",
        "team  vision",
        "",
        "Traceback",
        "  x",
    ]
    experiment = Experiment("7", "iris", goals={"loss": "min"})
    assert text.details_text(experiment_details(experiment)) == ("iris\nid  7\n\nmetric  goal\nloss    lower is better")
    assert "iris" in (experiment._repr_html_() or "")


def test_status_shows_facts_and_problems() -> None:
    """Facts align; a problem has a line of its own; what is empty is left out."""
    shown = text.status_text(
        [("store", "track.db"), ("experiment", "Default"), ("notebook", "")], ["The disk is full."]
    )
    assert shown == "✗ The disk is full.\nstore       track.db\nexperiment  Default"
    assert _bare(html.status_html([("store", "track.db")], [])) == "store | track.db"


def test_a_table_of_a_thousand_runs_stays_small() -> None:
    """What a notebook saves is bounded: fifty rows, below 120 kB."""
    runs = [
        made_run(number, metrics=[made_metric(f"m{index}", [number / 7]) for index in range(9)],
                 params=[made_param(f"p{index}", number) for index in range(20)])
        for number in range(1000, 0, -1)
    ]  # fmt: skip
    form = html.runs_html(runs)
    assert form.count("<tr") == 51
    assert len(form) < 120_000
    assert "950 more · track.runs()" in form


def _luminance(color: str) -> float:
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["text", "muted", "running", "better", "worse", "failed", "warning"])
def test_text_tokens_reach_aa_on_ground_and_raised(name: str) -> None:
    """4.5:1 in light and dark, for the forms that know their ground."""
    for tone in ("light", "dark"):
        for ground in ("ground", "raised"):
            assert contrast(getattr(TOKENS[name], tone), getattr(TOKENS[ground], tone)) >= 4.5


def test_marks_come_close_to_the_best_that_one_colour_can_do_on_white_and_on_black() -> None:
    """AA asks 3:1 of a mark; no colour has more than 4.35:1 on both grounds, so text has no colour."""
    most = math.sqrt(contrast("#ffffff", "#111111"))
    assert most < 4.5
    for name, token in TOKENS.items():
        if token.mark is not None:
            assert min(contrast(token.mark, ground) for ground in ("#ffffff", "#111111")) >= 4.3, name


def test_run_colours_can_be_seen_on_every_ground() -> None:
    """3:1 on white, on ours, on VS Code's and on GitHub's dark."""
    grounds = ("#ffffff", "#111111", "#1f1f1f", "#0d1117")
    assert min(contrast(color, ground) for color in RUN_COLORS for ground in grounds) >= 3


@pytest.mark.parametrize(
    ("host", "color", "ground"),
    [
        ("JupyterLab light, black at 0.87", "#212121", "#ffffff"),
        ("JupyterLab dark", "#ffffff", "#111111"),
        ("JupyterLab dark, at 0.87", "#dedede", "#111111"),
        ("VS Code light", "#3b3b3b", "#ffffff"),
        ("VS Code dark", "#cccccc", "#1f1f1f"),
        ("GitHub light", "#1f2328", "#ffffff"),
        ("GitHub dark", "#e6edf3", "#0d1117"),
        ("ours light", TOKENS["text"].light, TOKENS["ground"].light),
        ("ours dark", TOKENS["text"].dark, TOKENS["ground"].dark),
    ],
)
def test_muted_text_reaches_aa_in_the_hosts_colours(host: str, color: str, ground: str) -> None:
    """The host's text colour at the muted opacity is 4.5:1 or more on the host's ground."""
    parts = [
        round(
            int(color[index : index + 2], 16) * MUTED_OPACITY + int(ground[index : index + 2], 16) * (1 - MUTED_OPACITY)
        )
        for index in (1, 3, 5)
    ]
    mixed = "#" + "".join(f"{part:02x}" for part in parts)
    assert contrast(mixed, ground) >= 4.5, host


def test_the_views_import_nothing_heavy() -> None:
    """The standard library is enough to show a run."""
    code = (
        "import sys, jupyter_track.views.html, jupyter_track.views.text;"
        "heavy = {'pandas', 'numpy', 'altair', 'matplotlib', 'IPython', 'ipywidgets', 'sqlite_utils'};"
        "print(sorted(heavy.intersection(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
