"""Pictures of reports show something and do nothing: an SVG that runs or fetches is in no form of a report."""

from __future__ import annotations

import io
import re
import uuid
from html import unescape
from pathlib import Path

import pytest
from made_reports import PNG, made_report
from made_stores import START, add_runs, made_store, write

from jupyter_track.errors import InvalidValue
from jupyter_track.reports.document import Figures
from jupyter_track.reports.screening import lively, type_of
from jupyter_track.store import files
from jupyter_track.store.batch import Batch

SVG = "xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
MANY = "".join(f"<g id='a{at}'><use href='#a{at + 1}'/><use href='#a{at + 1}'/></g>" for at in range(40))
CHAIN = "".join(f"<g id='a{at}'><use href='#a{at + 1}'/></g>" for at in range(5000))
TENFOLD, HANDED, STYLED, RULES = (
    "".join(form.replace("THIS", str(at)).replace("NEXT", str(at + 1)) for at in range(8))
    for form in (
        f"<mask id='mTHIS'>{'<path mask=`url(#mNEXT)`/>' * 10}</mask>".replace("`", '"'),
        f"<pattern id='pTHIS'><g fill='url(#pNEXT)'>{'<path/>' * 10}</g></pattern>",
        f"<mask id='mTHIS'>{'<path class=`cTHIS`/>' * 10}</mask>".replace("`", '"'),
        'g > .cTHIS, #x{mask:url("#mNEXT")}',
    )
)
POINTS = "M0 0" + "h1" * 2000
MARKED = f"<marker id='m'><g>{'<path/>' * 100}</g></marker>"
TOO_MUCH = "more pieces than a browser should draw"
UNLIKE = "an address that not all read alike"
UNTOLD = "a style that names pieces for others that cannot be told"
SHOWS = [
    "<svg><style>.a{d:path('M0 0')}</style><path style='d: path(\"M0 0\"); marker-end: url(\"#m\")'/></svg>",
    "<svg><clipPath id='c'><rect/></clipPath>" + "<g clip-path='url(#c)'><path/></g>" * 9000 + "</svg>",
    "<svg><style>.a{fill:url(#g)}@media print{.b{mask:url('#m')}}</style><mask id='m'/><path class='a b'/></svg>",
    "<svg><pattern id='p'><path/></pattern><path fill='url(#p)' stroke='inherit'/><use href='#gone'/></svg>",
    f"<svg>{MARKED}<path marker-mid='url(#m)' d='M0 0C0-1.5.5 1e1 2 2zA1 1 0 00.5.5'/><path d='{POINTS}'/></svg>",
    f"<svg><marker id='m'><path/></marker><g marker-end='url(#m)'><polyline points='{'1.5-.5 ' * 9000}'/></g></svg>",
    "<svg><use xlink:href='#a'/><path clip-path='url(#p)' d='M0 0'/></svg>",
    "<svg><image xlink:href='data:image/png;base64,AAAA'/></svg>",
    "<svg><style>/* a */ *{stroke-linejoin:round}</style></svg>",
    "<svg><style>@font-face{src:url(data:font/woff2;base64,AA)}</style></svg>",
    "<svg><metadata><r:RDF xmlns:r='http://www.w3.org/r'><r:x r:about='https://x.example'/></r:RDF></metadata></svg>",
    "<svg aria-label='accuracy (\\alpha)'><a href='#top'><text>a</text></a></svg>",
    "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'><svg/>",
]
DOES = [
    ("<svg><script>alert(1)</script></svg>", "a script"),
    ("<svg><script href='#a'/></svg>", "a script"),
    ("<svg><h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script></svg>", "a script"),
    ("<svg onload='alert(1)'/>", "a script (in onload)"),
    ("<svg><rect oNcLick='alert(1)'/></svg>", "a script (in oNcLick)"),
    ("<svg><a href='javascript:alert(1)'/></svg>", "an address (javascript:alert(1))"),
    ("<svg><a href='&#106;ava&#9;script:alert(1)'/></svg>", "an address (java\tscript:alert(1))"),
    ("<svg><image href='https://x.example/x.png'/></svg>", "an address (https://x.example/x.png)"),
    ("<svg><image xlink:href='data:image/svg+xml,a'/></svg>", "an address (data:image/svg+xml,a)"),
    ("<svg><use href='data:image/svg+xml,a#b'/></svg>", "an address (data:image/svg+xml,a#b)"),
    ("<svg><use xlink:href='other.svg#b'/></svg>", "an address (other.svg#b)"),
    ("<svg xml:base='https://x.example/'/>", "an address that it begins at"),
    ("<svg><foreignObject/></svg>", "<foreignObject>"),
    ("<svg><iframe/></svg>", "<iframe>"),
    ("<svg><animate attributeName='href' to='javascript:alert(1)'/></svg>", "<animate>"),
    ("<svg><set attributeName='onload' to='alert(1)'/></svg>", "<set>"),
    ("<!DOCTYPE svg [<!ENTITY x 'y'>]><svg/>", "entities of its own"),
    ("<!DOCTYPE svg [<!ATTLIST svg onload CDATA 'alert(1)'>]><svg/>", "entities of its own"),
    ("<?xml-stylesheet href='https://x.example'?><svg/>", "an instruction (xml-stylesheet)"),
    ("<?xml version='1.0' encoding='cp037'?><svg/>", "an encoding that not all read alike (cp037)"),
    ("<svg><style>@import 'https://x.example'</style></svg>", "a style that may name one (@import)"),
    ("<svg><style>@im\\port 'https://x.example'</style></svg>", "a style that may name one (\\)"),
    ("<svg><style>@im/**/port 'https://x.example'</style></svg>", "a style that may name one (/*)"),
    ("<svg><style><![CDATA[a{b:url(https://x.example)}]]></style></svg>", "an address (in url())"),
    ("<svg><style>a{b:image-set('https://x.example' 1x)}</style></svg>", "a style that may name one (image-set)"),
    ("<svg><rect style='fill:url(https://x.example)'/></svg>", "an address (in url())"),
    ("<svg><rect fill='u\\72l(https://x.example)'/></svg>", "a style that may name one (\\)"),
    (f"<svg>{MANY}</svg>", TOO_MUCH),
    (f"<svg>{CHAIN}</svg>", TOO_MUCH),
    (f"<svg>{'<g>' * 5000}{'</g>' * 5000}</svg>", TOO_MUCH),
    ("<svg><use xlink:href='#zz' href='#a'/></svg>", UNLIKE),
    ("<svg><use xmlns:f='f' f:href='#a'/></svg>", UNLIKE),
    ("<svg><use href='#%61'/></svg>", "an address (#%61)"),
    ("<svg><use href='#a&#160;'/></svg>", "an address (#a)"),
    ("<svg><use href='#a&#10;b'/></svg>", "an address (#a\nb)"),
    ("<svg><path mask='url(#%61)'/></svg>", UNLIKE),
    ("<svg><path mask='url(\"#a)b\")'/></svg>", UNLIKE),
    (f"<svg>{TENFOLD}</svg>", TOO_MUCH),
    (f"<svg>{TENFOLD.replace('mask=', 'style=').replace('url(', 'mask: url(')}</svg>", TOO_MUCH),
    (f"<svg>{HANDED}</svg>", TOO_MUCH),
    (f"<svg>{STYLED}<style>{RULES}</style></svg>", TOO_MUCH),
    (f"<svg>{MARKED}<path marker-mid='url(#m)' d='{POINTS}'/></svg>", TOO_MUCH),
    (f"<svg>{MARKED}<path marker-mid='url(#m)' d='M0 0 {'1 1 ' * 2000}'/></svg>", TOO_MUCH),
    (f"<svg>{MARKED}<polygon style='marker:url(#m)' points='{'1,1 ' * 2000}'/></svg>", TOO_MUCH),
    (f"<svg><style>.a{{marker-mid:url(#m)}}</style><g class='a'><path d='{POINTS}'/></g>{MARKED}</svg>", TOO_MUCH),
    (f"<svg>{MARKED}<g marker-start='url(#m)'><use href='#p'/></g><path id='p' d='{POINTS}'/></svg>", TOO_MUCH),
    (f"<svg>{MARKED}<g marker-end='url(#m)'>{'<line/>' * 600}</g></svg>", TOO_MUCH),
    (f"<svg>{MARKED}<path marker-mid='url(#m)' style='D:PATH(\"{POINTS}\")'/></svg>", TOO_MUCH),
    ("<svg><marker/><style>.a{d:path('M0 0')}</style></svg>", "outlines in a style sheet, and markers"),
    ("<svg><g style='--a:path(\"M0\")'><path style='d:var(--a)'/></g></svg>", "a style that may name one (var)"),
    ("<svg><g style='d: path(\"M0\")'><path style='d:inherit'/></g></svg>", "a style that may name one (d:inherit)"),
    ("<svg><style>path{mask:url(#m)}</style></svg>", UNTOLD),
    ("<svg><style>.a{.b{c:d}mask:url(#m)}</style></svg>", UNTOLD),
    ('<svg><style>.a{--b:"{";mask:url(#m)}</style></svg>', UNTOLD),
    ("<svg><g style='--a:url(#m)'><path style='mask:var(--a)'/></g></svg>", "a style that may name one (var)"),
    ("<svg><path mask='inherit'/></svg>", "a style that may name one (mask:inherit)"),
    ("<svg><style>a{mask:/**/inherit}</style></svg>", "a style that may name one (/*)"),
    ("<svg><g id='a'><use href='#a'/></g></svg>", "a piece that is drawn inside of itself"),
    ("<svg><rect></svg>", "something that is no XML"),
]


def made(svg: str, encoding: str = "utf-8") -> bytes:
    """An SVG with the names that its elements need."""
    return svg.replace("<svg", f"<svg {SVG}", 1).encode(encoding)


@pytest.mark.parametrize("svg", SHOWS)
def test_what_only_shows_something_is_let_through(svg: str) -> None:
    """References within it, pictures that it holds, styles, what tools write into it."""
    assert (type_of(made(svg)), lively(made(svg))) == ("image/svg+xml", "")


@pytest.mark.parametrize(("svg", "why"), DOES)
def test_what_an_svg_does_is_told(svg: str, why: str) -> None:
    """Scripts in each form, addresses in each, and what would keep a browser busy; also in two bytes a letter."""
    assert lively(made(svg)) == why
    if "encoding=" not in svg:
        assert (type_of(made(svg, "utf-16")), lively(made(svg, "utf-16"))) == ("image/svg+xml", why)


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"\xef\xbb\xbf<!-- <html> --><x:svg xmlns:x='a'/>", "image/svg+xml"),
        (b"<!doctype html><svg/>", "text/html"),
        (b" <html>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b"a,b\n1,<svg>", ""),
        (b"", ""),
    ],
)
def test_a_type_is_told_by_the_content(data: bytes, mime: str) -> None:
    """Whatever the name says."""
    assert type_of(data) == mime


def test_a_deep_picture_is_counted_in_one_go() -> None:
    """Each element once, and not once for each of those around it: 190 deep, with an id each, and many inside."""
    deep = "".join(f"<g id='a{at}'>" for at in range(190))
    assert lively(made(f"<svg>{deep}{'<path/>' * 90_000}{'</g>' * 190}</svg>")) == ""


def test_a_plot_of_matplotlib_is_kept() -> None:
    """As SVG, with an image and with texts in it."""
    from matplotlib.figure import Figure

    plot, out = Figure(), io.BytesIO()
    axes = plot.subplots()
    axes.imshow([[1, 2], [3, 4]])
    axes.set_title("a & b < c")
    plot.savefig(out, format="svg")
    assert (type_of(out.getvalue()), lively(out.getvalue())) == ("image/svg+xml", "")


def figure_store(folder: Path, *several: tuple[str, bytes]) -> Path:
    """A store of a run with figures: the type that is said, and the content."""
    store = made_store(folder)
    (run_id,) = add_runs(store, {"name": "one", "metrics": {"loss": 1.0}})
    batch = Batch(uuid.uuid4().hex, 1)
    for at, (mime, data) in enumerate(several):
        kept = files.keep(store, data)
        row = {"path": f"figures/{at}", "sha256": kept.sha256, "size": kept.size, "mime": mime, "kind": "figure"}
        batch.add_artifact(run_id, {**row, "created": START, "content": (kept.size, kept.data)})
    write(store, batch)
    return store


def test_figures_of_a_store_are_screened_for_every_form(tmp_path: Path) -> None:
    """A figure is what its content is; one that does something is left out, and it is said why."""
    shows, does = made(SHOWS[0]), made("<svg onload='alert(1)'/>")
    store = figure_store(
        tmp_path, ("image/png", shows), ("image/png", does), ("image/svg+xml", PNG), ("image/svg+xml", b"GIF?")
    )
    report = made_report(store, "one")
    found = next(one for section in report.document.sections for one in section.blocks if isinstance(one, Figures))
    assert [(one.mime, one.data, one.note) for one in found.figures] == [
        ("image/svg+xml", shows, ""),
        ("image/png", None, f"{len(does)} B, an SVG that is left out: it has a script (in onload)"),
        ("image/png", PNG, ""),
        ("image/svg+xml", None, "of the type image/svg+xml, and by its content no picture"),
    ]
    report.save(tmp_path / "report.md")
    written = [path.read_bytes() for path in (tmp_path / "report_files").iterdir()]
    assert (shows in written, PNG in written, does in written) == (True, True, False)


@pytest.mark.parametrize("name", ["x.svg", "x.png"])
def test_a_picture_of_a_text_is_screened(tmp_path: Path, name: str) -> None:
    """By its content, whatever it is called; what is wrong is said with the line."""
    (tmp_path / "store").mkdir()
    store = figure_store(tmp_path / "store")
    text = tmp_path / "paper.md"
    text.write_text(f"See\n\n![x]({name})\n")
    (tmp_path / name).write_bytes(made("<svg onload='alert(1)'/>"))
    with pytest.raises(InvalidValue, match=rf"paper\.md, line 3: the picture '{name}' has a script \(in onload\)"):
        made_report(store, text=text)
    (tmp_path / name).write_bytes(b"<!doctype html><script>alert(1)</script>")
    with pytest.raises(InvalidValue, match=rf"paper\.md, line 3: '{name}' is no picture by its content"):
        made_report(store, text=text)
    (tmp_path / name).write_bytes(made(SHOWS[0]))
    report = made_report(store, text=text, sections=["text"])
    assert "data:image/svg+xml;base64," in report.html
    report.save(tmp_path / "report.md")
    assert (tmp_path / "report_files" / "01-x.svg").read_bytes() == made(SHOWS[0])


def test_a_page_in_a_frame_asks_for_no_connection(tmp_path: Path) -> None:
    """A policy forbids to load something, and not to ask where it is."""
    page = b"<LINK rel='dns-prefetch' href='//x.example'><link\nrel=preconnect href='//y.example'><p>linked</p>"
    html = made_report(figure_store(tmp_path, ("text/html", page)), "one").html
    frame = re.findall(r'<iframe sandbox title="[^"]*" srcdoc="([^"]*)">', html)
    assert [unescape(one) for one in frame] == [
        "<no-link rel='dns-prefetch' href='//x.example'><no-link\nrel=preconnect href='//y.example'><p>linked</p>"
    ]
