"""Plots as SVG, written by hand: bars, stacked bars and curves. Takes figures, gives the text of a file that stands alone."""

import math
from xml.sax.saxutils import escape

COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#e15759", "#76b7b2", "#c9a227", "#9c755f", "#ff9da7", "#8c8c8c", "#2f4b7c",
           "#a05195", "#006d5b", "#d45087"]
WIDTH, LEFT, ROW = 820, 190, 26


def picture(height, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def box(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0):.1f}" height="{ROW - 8}" fill="{colour}"/>'


def bars(figures, title, digits=0):
    """(name, figure) each."""
    most, room = max(figure for _, figure in figures), WIDTH - LEFT - 80
    parts = [text(10, 20, title, more='font-weight="bold"')]
    for n, (name, figure) in enumerate(figures):
        y, width = 34 + n * ROW, figure / most * room
        parts += [text(LEFT - 8, y + 13, name, "end"), box(LEFT, y, width, COLOURS[0]), text(LEFT + width + 6, y + 13, f"{figure:.{digits}f}")]
    return picture(44 + len(figures) * ROW, parts)


def stacks(rows, title):
    """(name, {part: figure}) each: the shares of the parts."""
    names, room = list(rows[0][1]), WIDTH - LEFT - 20
    # Two parts in one colour would be read as one.
    if len(names) > len(COLOURS):
        raise ValueError(f"{len(names)} parts, and {len(COLOURS)} colours for them")
    parts = [text(10, 20, title, more='font-weight="bold"')]
    for n, name in enumerate(names):
        x, y = 10 + n % 5 * 160, 42 + n // 5 * 20
        parts += [f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{COLOURS[n]}"/>', text(x + 18, y, name)]
    top = 52 + (len(names) + 4) // 5 * 20
    for n, (name, figures) in enumerate(rows):
        x, y, sum_of_all = LEFT, top + n * ROW, sum(figures.values()) or 1
        parts.append(text(LEFT - 8, y + 13, name, "end"))
        for colour, figure in zip(COLOURS, figures.values()):
            share = figure / sum_of_all
            parts.append(box(x, y, share * room, colour))
            if share > 0.05:
                parts.append(text(x + share * room / 2, y + 13, f"{share * 100:.0f}", "middle", 'fill="#ffffff"'))
            x += share * room
    return picture(top + 10 + len(rows) * ROW, parts)


def curves(rows):
    """(name, threads, the percentiles 0 to 100 in nanoseconds) each; milliseconds to the right, by powers of ten."""
    height, top, bottom, right = 420, 34, 50, 150
    figures = [max(it, 1) / 1e6 for _, _, curve in rows for it in curve]
    low, high = math.floor(math.log10(min(figures))), math.ceil(math.log10(max(figures)))
    room, tall = WIDTH - 60 - right, height - top - bottom
    across = lambda ms: 60 + (math.log10(ms) - low) / max(high - low, 1) * room
    down = lambda percent: top + tall - percent / 100 * tall
    parts = [text(10, 20, "share of messages, %, that take no more CPU time than this", more='font-weight="bold"')]
    for power in range(low, high + 1):
        x = across(10**power)
        parts.append(f'<path d="M{x:.1f} {top}V{top + tall}" stroke="#dddddd"/>')
        parts.append(text(x, top + tall + 18, f"{10**power:g} ms", "middle"))
    for percent in range(0, 101, 25):
        y = down(percent)
        parts.append(f'<path d="M60 {y:.1f}H{60 + room}" stroke="#dddddd"/>')
        parts.append(text(52, y + 4, str(percent), "end"))
    for n, (name, _, curve) in enumerate(rows):
        points = " ".join(f"{across(max(ns, 1) / 1e6):.1f},{down(percent):.1f}" for percent, ns in enumerate(curve))
        colour = COLOURS[n % len(COLOURS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = top + 14 + n * 20
        parts += [f'<rect x="{60 + room + 20}" y="{y - 10}" width="12" height="12" fill="{colour}"/>', text(60 + room + 38, y, name)]
    return picture(height, parts)
