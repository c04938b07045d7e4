"""Write labextension/style/tokens.css from jupyter_track/views/tokens.py: one source for every colour.

Usage: python scripts/tokens_css.py [--check]

With --check nothing is written, and the exit status is 1 where the file is not what it should be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_track.views.tokens import TOKENS, Token

PATH = Path(__file__).resolve().parent.parent / "labextension" / "style" / "tokens.css"
HEAD = "/* Written by scripts/tokens_css.py from jupyter_track/views/tokens.py: change it there. */"
# The host's own word first; where it says nothing, the system's.
LIGHT_HOSTS = ('[data-jp-theme-light="true"]', '[data-vscode-theme-kind*="light"]')
DARK_HOSTS = (
    '[data-jp-theme-light="false"]',
    '[data-vscode-theme-kind*="dark"]',
    '[data-vscode-theme-kind="vscode-high-contrast"]',
)


def tokens_css() -> str:
    """Return the style sheet."""
    # color-scheme is for what the browser draws itself: checkboxes, lists, scroll bars.
    light = [*(_declaration(name, token, token.light) for name, token in TOKENS.items()), "color-scheme: light;"]
    dark = [*(_declaration(name, token, token.dark) for name, token in TOKENS.items()), "color-scheme: dark;"]
    blocks = [
        HEAD,
        _block(".jt-panel", light),
        "@media (prefers-color-scheme: dark) {\n" + _indented(_block(".jt-panel", dark)) + "\n}",
        _block(_below(LIGHT_HOSTS), light),
        _block(_below(DARK_HOSTS), dark),
    ]
    return "\n\n".join(blocks) + "\n"


def _declaration(name: str, token: Token, color: str) -> str:
    value = color
    for variable in reversed(token.host):
        value = f"var({variable}, {value})"
    return f"--jt-{name}: {value};"


def _below(hosts: tuple[str, ...]) -> str:
    return ",\n".join(f"{host} .jt-panel" for host in hosts)


def _block(selector: str, declarations: list[str]) -> str:
    return selector + " {\n" + "\n".join(f"  {line}" for line in declarations) + "\n}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def main() -> int:
    """Write or check the file and return the exit status."""
    wanted = tokens_css()
    if "--check" in sys.argv[1:]:
        if PATH.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"{PATH.name} is not what views/tokens.py says: run python scripts/tokens_css.py", file=sys.stderr)
        return 1
    PATH.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
