"""Contrast of text as the browser draws it (WCAG 2)."""

from __future__ import annotations

from typing import Any

Colour = tuple[float, float, float]

_DRAWN = """root => {
    const parts = text => {
        const [red, green, blue, alpha = 1] = text.match(/[\\d.]+/g).map(Number);
        const most = text.startsWith("color(srgb") ? 255 : 1;  // as color-mix() is computed
        return [red * most, green * most, blue * most, alpha];
    };
    const shown = node => node.checkVisibility() && node.getClientRects().length > 0;
    const written = node => [...node.childNodes].some(each => each.nodeType === 3 && each.textContent.trim());
    return [root, ...root.querySelectorAll("*")].filter(node => shown(node) && written(node)).map(node => {
        const grounds = [];
        let opacity = 1;
        for (let each = node; each; each = each.parentElement) {
            const style = getComputedStyle(each);
            grounds.unshift(parts(style.backgroundColor));
            opacity *= Number(style.opacity);
        }
        return [parts(getComputedStyle(node).color), grounds, opacity, node.textContent.trim().slice(0, 40)];
    });
}"""


def luminance(colour: Colour) -> float:
    """Relative luminance of an sRGB colour."""
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: Colour, ground: Colour) -> float:
    """Contrast of two colours."""
    lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def over(colour: list[float], ground: Colour, opacity: float = 1.0) -> Colour:
    """A colour with its alpha on a ground."""
    alpha = colour[3] * opacity
    red, green, blue = (value * alpha + below * (1 - alpha) for value, below in zip(colour[:3], ground, strict=True))
    return red, green, blue


def weakest_contrast(locator: Any) -> tuple[float, str]:
    """The lowest contrast of any text that is seen in an element, and that text."""
    found = []
    for colour, grounds, opacity, text in locator.evaluate(_DRAWN):
        ground: Colour = (255, 255, 255)
        for each in grounds:
            ground = over(each, ground)
        found.append((contrast(over(colour, ground, opacity), ground), text))
    return min(found)


def rgb(color: str) -> str:
    """``#0b5fc4`` as a browser says it."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"
