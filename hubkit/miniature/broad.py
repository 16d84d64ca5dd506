"""The broad world that the VAE and the CLIP learn from: shapes, stripes, lines, objects and portraits.

It holds outlines of every width and every colour, but no *ninja* and no *avatar* picture: what a finetune teaches,
nothing in the base has seen.
"""

import math
import random
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw

from hubkit.miniature.drawing import (
    COLOURS,
    DARK,
    RGB,
    SUPERSAMPLING,
    Point,
    a,
    dice,
    portrait,
    shaded,
)

Picture = tuple[Image.Image, str]

SIDE: Final = 64
SHAPES: Final = ("circle", "oval", "square", "triangle", "star", "diamond", "leaf", "ring")
OUTLINES: Final = (("", 0.0), ("thin", 0.014), ("", 0.028), ("thick", 0.05))
OBJECTS: Final = ("house", "tree", "sun", "ball", "fish", "flower", "cup", "flag", "cat", "mask")


class Sheet:
    """A larger sheet to draw on in fractions of its side, with one outline for every shape."""

    def __init__(self, ground: RGB, ink: RGB = DARK, width: float = 0.0) -> None:
        self.image = Image.new("RGB", (SIDE * SUPERSAMPLING, SIDE * SUPERSAMPLING), ground)
        self.draw = ImageDraw.Draw(self.image)
        self.ink, self.width = ink, width

    def polygon(self, points: list[Point], fill: RGB | None) -> None:
        """A closed, outlined polygon."""
        side = self.image.width
        path = [(x * side, y * side) for x, y in points]
        if fill:
            self.draw.polygon(path, fill)
        if self.width:
            self.draw.line([*path, *path[:2]], self.ink, max(1, round(self.width * side)), "curve")

    def oval(self, x: float, y: float, radii: Point, fill: RGB | None) -> None:
        """An outlined ellipse, upright."""
        self.polygon(turned(x, y, [(math.cos(t / 12), math.sin(t / 12)) for t in range(76)], radii, 0.0), fill)

    def line(self, points: list[Point], colour: RGB, width: float) -> None:
        """An open line."""
        side = self.image.width
        self.draw.line([(x * side, y * side) for x, y in points], colour, max(1, round(width * side)), "curve")

    def done(self) -> Image.Image:
        """The picture, averaged down."""
        return self.image.resize((SIDE, SIDE), Image.Resampling.BOX)


def turned(x: float, y: float, points: list[Point], radii: Point, angle: float) -> list[Point]:
    """Points of a unit shape, stretched, turned and moved to (x, y)."""
    cos, sin = math.cos(angle), math.sin(angle)
    stretched = [(px * radii[0], py * radii[1]) for px, py in points]
    return [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in stretched]


def tinted(name: str, rng: random.Random) -> RGB:
    """A colour of that name, a little lighter or darker at each draw."""
    return shaded(COLOURS[name], rng.uniform(0.75, 1.12))


def anything(rng: random.Random) -> RGB:
    """Any colour at all."""
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def unlike(rng: random.Random, *names: str) -> str:
    """The name of a colour that is none of these."""
    return rng.choice([name for name in COLOURS if name not in names])


def outline(shape: str) -> list[Point]:
    """A unit shape's corners."""
    match shape:
        case "square":
            return [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]
        case "triangle":
            return [(0, -1), (0.9, 0.7), (-0.9, 0.7)]
        case "diamond":
            return [(0, -1), (0.7, 0), (0, 1), (-0.7, 0)]
        case "star":
            spokes = [(1.0 if k % 2 else 0.42, math.pi * k / 5 + math.pi / 10) for k in range(10)]
            return [(radius * math.sin(angle), radius * math.cos(angle)) for radius, angle in spokes]
        case "leaf":
            return [(math.sin(t / 10), math.sin(t / 5) * 0.4) for t in range(63)]
        case _:
            return [(math.cos(t / 8), math.sin(t / 8)) for t in range(51)]


def shapes(rng: random.Random) -> Picture:
    """One to three shapes, plain or outlined."""
    ground = rng.choice(tuple(COLOURS))
    kind, width = rng.choice(OUTLINES)
    ink = rng.choice(("black", "black", unlike(rng, ground)))
    sheet = Sheet(tinted(ground, rng), DARK if ink == "black" else tinted(ink, rng), width * rng.uniform(0.8, 1.2))
    words, count = [], rng.choice((1, 1, 2, 3))
    for place in range(count):
        shape, colour = rng.choice(SHAPES), unlike(rng, ground)
        radius = rng.uniform(0.24, 0.42) if count == 1 else rng.uniform(0.12, 0.22)
        x = rng.uniform(0.42, 0.58) if count == 1 else (place + 0.5) / count + rng.uniform(-0.04, 0.04)
        radii = (radius, radius * (0.6 if shape == "oval" else 1.0))
        path = turned(x, rng.uniform(0.35, 0.65), outline(shape), radii, rng.uniform(-0.7, 0.7))
        if shape == "ring":
            sheet.line([*path, *path[:2]], tinted(colour, rng), rng.uniform(0.03, 0.08))
        else:
            sheet.polygon(path, tinted(colour, rng))
        words.append(a(f"{colour} {shape}"))
    edge = f" with {a(f'{kind} {ink} outline'.strip())}" if width else ""
    return sheet.done(), f"{' and '.join(words)}{edge} on {a(f'{ground} background')}"


def stripes(rng: random.Random) -> Picture:
    """Stripes or one band, at any angle."""
    ground = rng.choice(tuple(COLOURS))
    colour, band = unlike(rng, ground), rng.random() < 0.4  # noqa: PLR2004
    ink = rng.choice((0.0, 0.02, 0.035))
    sheet = Sheet(tinted(ground, rng), DARK, ink)
    angle = rng.uniform(0, math.pi)
    gap = 2.0 if band else rng.uniform(0.1, 0.4)
    half = rng.uniform(0.03, 0.16) if band else gap * rng.uniform(0.15, 0.35)
    shift = rng.uniform(0.25, 0.75) if band else 0.5
    fill = tinted(colour, rng)
    for step in range(-8, 9):
        corners = [
            (-2.0, step * gap - half),
            (2.0, step * gap - half),
            (2.0, step * gap + half),
            (-2.0, step * gap + half),
        ]
        sheet.polygon(turned(shift, shift, corners, (1, 1), angle), fill)
    edge = " with a black outline" if ink else ""
    words = f"{a(f'{colour} band')} on {a(f'{ground} background')}" if band else f"{colour} and {ground} stripes"
    return sheet.done(), words + edge


def scribble(rng: random.Random) -> Picture:
    """Lines of every width and colour over a ground, some of it dotted."""
    ground, colour = rng.choice(tuple(COLOURS)), ""
    colour = unlike(rng, ground)
    sheet = Sheet(tinted(ground, rng))
    dots = rng.random() < 0.4  # noqa: PLR2004
    for _ in range(rng.randrange(5, 16)):
        x, y = rng.random(), rng.random()
        if dots:
            radius = rng.uniform(0.015, 0.07)
            sheet.oval(x, y, (radius, radius * rng.uniform(0.7, 1.3)), tinted(colour, rng))
        else:
            ends = [(x + rng.uniform(-0.4, 0.4), y + rng.uniform(-0.4, 0.4)) for _ in range(rng.choice((1, 1, 2, 3)))]
            sheet.line([(x, y), *ends], tinted(colour, rng), rng.uniform(0.01, 0.045))
    return sheet.done(), f"{colour} {'dots' if dots else 'lines'} on {a(f'{ground} background')}"


def clutter(rng: random.Random) -> Picture:
    """Many shapes, lines and dots of any colour, one over another."""
    sheet = Sheet(anything(rng))
    for _ in range(rng.randrange(6, 18)):
        sheet.ink = rng.choice((DARK, DARK, anything(rng)))
        sheet.width = rng.choice((0.0, 0.012, 0.02, 0.03, 0.05))
        radius = rng.uniform(0.03, 0.3)
        path = turned(rng.random(), rng.random(), outline(rng.choice(SHAPES)), (radius, radius), rng.uniform(0, 6))
        if rng.random() < 0.35:  # noqa: PLR2004
            sheet.line(rng.sample(path, 2), anything(rng), rng.uniform(0.01, 0.04))
        else:
            sheet.polygon(path, anything(rng))
    return sheet.done(), "many shapes of many colours"


def thing(rng: random.Random) -> Picture:
    """An object, plain or outlined."""
    ground = rng.choice(tuple(COLOURS))
    colour = unlike(rng, ground)
    kind, width = rng.choice(OUTLINES)
    sheet = Sheet(tinted(ground, rng), DARK, width * rng.uniform(0.8, 1.2))
    name = rng.choice(OBJECTS)
    second = tinted(unlike(rng, ground, colour), rng)
    OBJECT_DRAWINGS[name](sheet, tinted(colour, rng), second, rng)
    edge = f" with {a(f'{kind} black outline'.strip())}" if width else ""
    return sheet.done(), f"{a(f'{colour} {name}')}{edge} on {a(f'{ground} background')}"


def _house(sheet: Sheet, fill: RGB, second: RGB, rng: random.Random) -> None:
    sheet.polygon([(0.22, 0.45), (0.78, 0.45), (0.78, 0.88), (0.22, 0.88)], fill)
    sheet.polygon([(0.14, 0.46), (0.5, rng.uniform(0.1, 0.25)), (0.86, 0.46)], second)
    sheet.polygon([(0.44, 0.62), (0.56, 0.62), (0.56, 0.88), (0.44, 0.88)], shaded(fill, 0.6))


def _tree(sheet: Sheet, fill: RGB, _: RGB, rng: random.Random) -> None:
    sheet.polygon([(0.45, 0.5), (0.55, 0.5), (0.57, 0.92), (0.43, 0.92)], COLOURS["brown"])
    for _bough in range(3):
        sheet.oval(0.5 + rng.uniform(-0.12, 0.12), 0.36 + rng.uniform(-0.1, 0.1), (0.22, 0.2), fill)


def _sun(sheet: Sheet, fill: RGB, _: RGB, __: random.Random) -> None:
    for ray in range(10):
        angle = ray * math.pi / 5
        cos, sin = math.cos(angle), math.sin(angle)
        sheet.line([(0.5 + 0.3 * cos, 0.5 + 0.3 * sin), (0.5 + 0.45 * cos, 0.5 + 0.45 * sin)], fill, 0.035)
    sheet.oval(0.5, 0.5, (0.24, 0.24), fill)


def _ball(sheet: Sheet, fill: RGB, second: RGB, rng: random.Random) -> None:
    sheet.oval(0.5, 0.5, (0.36, 0.36), fill)
    sheet.line([(0.18, 0.5), (0.5, rng.uniform(0.4, 0.6)), (0.82, 0.5)], second, rng.uniform(0.03, 0.12))


def _fish(sheet: Sheet, fill: RGB, second: RGB, rng: random.Random) -> None:
    sheet.polygon([(0.68, 0.5), (0.9, 0.34), (0.9, 0.66)], second)
    sheet.oval(0.45, 0.5, (0.3, rng.uniform(0.16, 0.26)), fill)
    sheet.oval(0.28, 0.45, (0.05, 0.05), COLOURS["white"])
    sheet.oval(0.28, 0.45, (0.02, 0.02), DARK)


def _flower(sheet: Sheet, fill: RGB, second: RGB, rng: random.Random) -> None:
    sheet.line([(0.5, 0.45), (0.5 + rng.uniform(-0.1, 0.1), 0.95)], COLOURS["green"], 0.035)
    for petal in range(6):
        angle = petal * math.pi / 3
        sheet.oval(0.5 + 0.17 * math.cos(angle), 0.4 + 0.17 * math.sin(angle), (0.11, 0.11), fill)
    sheet.oval(0.5, 0.4, (0.1, 0.1), second)


def _cup(sheet: Sheet, fill: RGB, second: RGB, rng: random.Random) -> None:
    sheet.line([(0.68, 0.42), (0.84, 0.45), (0.82, 0.6), (0.68, 0.66)], fill, 0.045)
    sheet.polygon([(0.25, 0.3), (0.7, 0.3), (0.66, 0.82), (0.29, 0.82)], fill)
    y = rng.uniform(0.4, 0.6)
    sheet.polygon([(0.26, y), (0.69, y), (0.68, y + 0.1), (0.27, y + 0.1)], second)


def _flag(sheet: Sheet, fill: RGB, second: RGB, _: random.Random) -> None:
    sheet.line([(0.2, 0.12), (0.2, 0.95)], DARK, 0.035)
    for row in range(3):
        y = 0.14 + row * 0.15
        sheet.polygon([(0.22, y), (0.85, y), (0.85, y + 0.15), (0.22, y + 0.15)], second if row == 1 else fill)


def _cat(sheet: Sheet, fill: RGB, second: RGB, _: random.Random) -> None:
    for side in (-1, 1):
        sheet.polygon([(0.5 + side * 0.1, 0.3), (0.5 + side * 0.32, 0.12), (0.5 + side * 0.32, 0.45)], fill)
    sheet.oval(0.5, 0.52, (0.34, 0.3), fill)
    for side in (-1, 1):
        sheet.oval(0.5 + side * 0.14, 0.47, (0.055, 0.06), second)
        sheet.oval(0.5 + side * 0.14, 0.47, (0.022, 0.05), DARK)
    sheet.polygon([(0.46, 0.58), (0.54, 0.58), (0.5, 0.63)], COLOURS["pink"])


def _mask(sheet: Sheet, fill: RGB, second: RGB, rng: random.Random) -> None:
    sheet.oval(0.5, 0.5, (0.3, 0.38), fill)
    for side in (-1, 1):
        sheet.oval(0.5 + side * 0.13, 0.44, (0.07, rng.uniform(0.03, 0.07)), second)
    sheet.line([(0.38, 0.68), (0.5, rng.uniform(0.62, 0.76)), (0.62, 0.68)], DARK, rng.uniform(0.015, 0.04))


OBJECT_DRAWINGS: Final[dict[str, Callable[[Sheet, RGB, RGB, random.Random], None]]] = {
    "house": _house,
    "tree": _tree,
    "sun": _sun,
    "ball": _ball,
    "fish": _fish,
    "flower": _flower,
    "cup": _cup,
    "flag": _flag,
    "cat": _cat,
    "mask": _mask,
}


def broad(index: int, *, seed: int = 0, portraits: float = 0.4) -> Picture:
    """One draw of the broad world, this share of it portraits."""
    rng = dice(seed, "broad", index)
    if rng.random() < portraits:
        return portrait(index, seed=seed, purpose="broad")
    kind = rng.choice((shapes, shapes, stripes, scribble, clutter, thing, thing))
    return kind(rng)
