"""A document as one HTML file: our template, or a person's that extends it, in a sandbox that escapes all text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from .._version import __version__
from ..errors import InvalidValue, MissingFile, TrackError
from ..panels.widget import STATIC
from ..views.compared import foot
from ..views.curve_choice import Choice
from ..views.curves import CurveRun, Series
from ..views.many_svg import bar_svg
from ..views.runs import changed_columns, table_foot
from .document import MARK, MARKED_WITHIN, Block, Compared, Curves, Document, Drawn, Figure
from .drawings import svg_of
from .frozen import json_text
from .keys import comparison_key, table_key
from .material import moment
from .narrative import line_of

TEMPLATES = Path(__file__).with_name("templates")
OURS = "report.html"
GENERATOR = f"jupyter-track {__version__}"
_LINK = re.compile(r"<link\b", re.IGNORECASE)
_TOKENS = frozenset({"running", "better", "worse", "failed", "warning", "muted"})


def html_of(document: Document, template: Path | None = None) -> str:
    """Return a document as HTML.

    Parameters
    ----------
    document : Document
    template : Path, optional
        A template that extends ours: ``{% extends "report.html" %}``.

    Raises
    ------
    MissingFile
        Where the template is not there, or this package was not built.
    InvalidValue
        With its line, where the template cannot be used.
    """
    own = _read_template(template)
    environment = _environment(own)
    scripts = _scripts(document)
    payload = Markup(json_text(payload_of(document))) if scripts else ""
    values: dict[str, Any] = {
        "report": document,
        "titled": [section for section in document.sections if section.title],
        "policy": policy(scripts),
        "css": Markup(asset("report.css")),
        "payload": payload,
        "scripts": [Markup(script) for script in scripts],
        "generator": GENERATOR,
        "built": moment(document.built),
        "built_iso": datetime.fromtimestamp(document.built / 1000, UTC).isoformat(timespec="seconds"),
    }
    name = OURS if own is None else "own"
    try:
        page = environment.get_template(name).render(values).strip() + "\n"
    except TemplateSyntaxError as error:
        raise InvalidValue(f"{template}, line {error.lineno}: {error.message}") from None
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
        if template is None or isinstance(error, TrackError):
            raise
        line = line_of(error, str(template))
        raise InvalidValue(f"{template}{f', line {line}' if line else ''}: {error}") from None
    if MARK not in page[:MARKED_WITHIN]:
        begins = f"{{% extends {OURS!r} %}}"
        raise InvalidValue(f"{template} makes no report: it has to begin with {begins} and fill its blocks.")
    return page


def payload_of(document: Document) -> dict[str, Any]:
    """Return what the scripts need."""
    return {"panels": dict(document.panels), "answers": dict(document.answers)}


def policy(scripts: Sequence[str]) -> str:
    """Return the content security policy: nothing from outside, only these scripts, pictures that hold their data.

    Styles are inline: those of elements are set by Vega and by our own pictures.
    """
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    parts = (
        "default-src 'none'",
        f"script-src {hashes or chr(39) + 'none' + chr(39)}",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(parts)


def _scripts(document: Document) -> list[str]:
    """The scripts that the document needs: none where nothing is live, the charts' only where there are charts."""
    if not document.panels:
        return []
    blocks = [block for section in document.sections for block in section.blocks]
    charts = any(isinstance(block, Curves | Drawn) or _has_curves(block) for block in blocks)
    return [*([asset("report-charts.js")] if charts else []), asset("report.js")]


def _has_curves(block: Block) -> bool:
    return isinstance(block, Compared) and bool(block.still.curves)


@cache
def asset(name: str) -> str:
    """Return a file that the front end's build made.

    Raises
    ------
    MissingFile
        Where it was not built.
    """
    path = STATIC / name
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise MissingFile(f"{name} is missing from this installation: build the front end, or install again.") from None


# ---- the template's own words


def _environment(own: tuple[str, str] | None) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES)]
    if own is not None:
        text, path = own
        loaders = [FunctionLoader(lambda name: (text, path, lambda: True) if name == "own" else None), *loaders]
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined
    )
    environment.globals.update(
        token=lambda name: f"jt-{name if name in _TOKENS else 'muted'}",
        markup=Markup,
        as_is=_picture_address,
        svg_of=svg_of,
        picture_of=Markup,
        bar_svg=bar_svg,
        changed_columns=changed_columns,
        table_foot=table_foot,
        table_key=table_key,
        comparison_key=comparison_key,
        compared_foot=foot,
        runs_of=_run_of,
        address_of=_address_of,
        text_of=_framed,
    )
    return environment


def _read_template(template: Path | None) -> tuple[str, str] | None:
    if template is None:
        return None
    try:
        return template.read_text(encoding="utf-8"), str(template)
    except FileNotFoundError:
        raise MissingFile(f"There is no template {str(template)!r}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"The template {str(template)!r} cannot be read: {error}.") from None


def _picture_address(uri: str) -> Markup:
    """An address that our own code made; another is none."""
    return Markup(uri) if uri.startswith("data:image/svg+xml,") and '"' not in uri else Markup("")


def _address_of(figure: Figure) -> Markup:
    data = base64.b64encode(figure.data or b"").decode()
    return Markup(f"data:{figure.mime};base64,{data}")


def _framed(figure: Figure) -> str:
    """The source of a page in a frame, without what asks for names and connections beside all policies."""
    return _LINK.sub("<no-link", (figure.data or b"").decode("utf-8", "replace"))


def _run_of(choice: Choice, series: Series) -> CurveRun:
    return next(run for run in choice.runs if run.run_id == series.run_id)
