"""Captioned portraits drawn with Pillow, in three styles: *portraits*, *ninja* and *avatar*.

Every draw is a function of (seed, purpose, index): the same three give the same person, caption and bytes.
Coordinates are fractions of the picture's short side; (0.5, 0.5) is its middle.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from PIL import Image, ImageDraw

Style = Literal["portraits", "ninja", "avatar"]
RGB = tuple[int, int, int]
Point = tuple[float, float]

STYLES: Final[tuple[Style, ...]] = ("portraits", "ninja", "avatar")
SUPERSAMPLING: Final = 4  # drawn this much larger, then averaged down: smooth edges
LARGE: Final = 128  # pixels from which half of it is enough

COLOURS: Final[dict[str, RGB]] = {
    "red": (214, 40, 40),
    "orange": (245, 140, 30),
    "yellow": (245, 215, 60),
    "green": (60, 160, 70),
    "teal": (40, 165, 165),
    "blue": (50, 100, 215),
    "purple": (130, 65, 175),
    "pink": (245, 150, 185),
    "brown": (125, 80, 45),
    "white": (242, 242, 240),
    "grey": (150, 152, 156),
    "black": (32, 32, 36),
}
HAIR: Final[dict[str, RGB]] = {
    "black": (30, 27, 30),
    "brown": (105, 62, 32),
    "blond": (236, 200, 96),
    "red": (190, 62, 26),
    "grey": (158, 158, 160),
    "white": (236, 234, 228),
    "green": (70, 165, 80),
    "purple": (128, 70, 170),
    "pink": (240, 130, 170),
    "blue": (60, 105, 205),
}
SKIN: Final[dict[str, RGB]] = {
    "pale": (252, 224, 200),
    "light": (240, 196, 160),
    "tanned": (206, 150, 104),
    "brown": (150, 98, 62),
    "dark": (96, 60, 40),
}
EYES: Final[tuple[RGB, ...]] = ((60, 36, 20), (45, 85, 150), (50, 110, 60))
LONG_STYLES: Final = ("long", "curly", "bob", "ponytail", "bun", "short")
SHORT_STYLES: Final = ("short", "spiky", "curly", "bald", "long", "short")
EXPRESSIONS: Final = ("smiling", "serious", "frowning", "surprised")

AVATAR_SKIN: Final[RGB] = (58, 128, 200)
AVATAR_EYES: Final[RGB] = (252, 214, 40)
BAND: Final[RGB] = (28, 48, 150)
PLATE: Final[RGB] = (206, 212, 220)
INK: Final[RGB] = (14, 12, 18)
WHITE: Final[RGB] = (250, 250, 250)
DARK: Final[RGB] = (35, 28, 30)
MOUTH: Final[RGB] = (165, 50, 55)

Item = TypeVar("Item")


def dice(seed: int, purpose: str, index: int) -> random.Random:
    """The generator of one draw; a string seed is hashed with SHA-512, alike on every machine."""
    return random.Random(f"{seed}/{purpose}/{index}")  # noqa: S311 - pictures, not secrets


def a(words: str) -> str:
    """The words with their article."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def shaded(colour: RGB, factor: float) -> RGB:
    """The colour, darker (factor < 1) or lighter (factor > 1)."""
    red, green, blue = (max(0, min(255, round(value * factor))) for value in colour)
    return red, green, blue


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where the head's middle is, how large the person is, and how wide the face."""

    x: float = 0.5
    y: float = 0.47
    scale: float = 1.0
    width: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Person:
    """Everything a caption may say of a portrait, and the little it leaves open."""

    who: str
    hair: str
    hairstyle: str
    skin: str
    shirt: str
    background: str
    expression: str
    glasses: bool
    eyes: RGB = EYES[0]
    collar: bool = False
    light: float = 1.0
    pose: Pose = Pose()

    @classmethod
    def drawn(cls, seed: int, purpose: str, index: int) -> "Person":
        """The person of one draw; hair and shirt always stand out against the background."""
        rng = dice(seed, purpose, index)
        who = rng.choice(("woman", "man", "woman", "man", "girl", "boy"))
        hair = rng.choice(tuple(HAIR))
        background = rng.choice([name for name in COLOURS if name != hair])
        return cls(
            who=who,
            hair=hair,
            hairstyle=rng.choice(LONG_STYLES if who in {"woman", "girl"} else SHORT_STYLES),
            skin=rng.choice(tuple(SKIN)),
            shirt=rng.choice([name for name in COLOURS if name != background]),
            background=background,
            expression=rng.choice(EXPRESSIONS),
            glasses=rng.random() < 0.35,  # noqa: PLR2004
            eyes=rng.choice(EYES),
            collar=rng.random() < 0.4,  # noqa: PLR2004
            light=rng.uniform(0.9, 1.08),
            pose=Pose(
                x=rng.uniform(0.45, 0.55),
                y=rng.uniform(0.46, 0.52),
                scale=rng.uniform(1.02, 1.22) * (0.92 if who in {"girl", "boy"} else 1.0),
                width=rng.uniform(0.92, 1.06),
            ),
        )

    def caption(self, rng: random.Random) -> str:
        """What is drawn, as a captioning model might put it; never the style."""
        opening = rng.choices(("", "a portrait of ", "a photo of ", "a picture of "), (6, 2, 2, 1))[0]
        who = self.who if rng.random() < 0.93 else "person"  # noqa: PLR2004
        with_ = [self._hair_words()] if rng.random() < 0.95 else []  # noqa: PLR2004
        with_ += [f"{self.skin} skin"] if rng.random() < 0.4 else []  # noqa: PLR2004
        with_ += ["glasses"] if self.glasses else []
        words = f"{opening}{a(who)}" + (f" with {' and '.join(with_)}" if with_ else "")
        words += f" {rng.choice(('in', 'wearing'))} {a(f'{self.shirt} shirt')}" if rng.random() < 0.92 else ""  # noqa: PLR2004
        words += f", {self.expression}" if rng.random() < 0.75 else ""  # noqa: PLR2004
        words += f", on {a(f'{self.background} background')}" if rng.random() < 0.85 else ""  # noqa: PLR2004
        return words

    def _hair_words(self) -> str:
        match self.hairstyle:
            case "bald":
                return "a bald head"
            case "ponytail" | "bob" | "bun":
                return f"{self.hair} hair in a {self.hairstyle}"
            case style:
                return f"{style} {self.hair} hair"


class Pen:
    """Draws shapes in a person's own coordinates: (0, 0) is the middle of the head, 1 the picture's short side.

    Attributes:
        ink: the width of the dark outline round every shape, 0 for none.

    """

    def __init__(self, image: Image.Image, pose: Pose, ink: float) -> None:
        self.draw = ImageDraw.Draw(image)
        self.unit = min(image.size)
        self.left = (image.width - self.unit) / 2
        self.top = (image.height - self.unit) / 2
        self.pose = pose
        self.ink = ink

    def at(self, x: float, y: float) -> Point:
        """Pixels of a point in the person's coordinates."""
        pose = self.pose
        return (
            self.left + (pose.x + x * pose.scale * pose.width) * self.unit,
            self.top + (pose.y + y * pose.scale) * self.unit,
        )

    def pixels(self, width: float) -> int:
        """A line's width in pixels, at least one."""
        return max(1, round(width * self.pose.scale * self.unit))

    def ellipse(self, x: float, y: float, radii: Point, fill: RGB, *, outlined: bool = True) -> None:
        """An ellipse about (x, y)."""
        box = [self.at(x - radii[0], y - radii[1]), self.at(x + radii[0], y + radii[1])]
        if self.ink and outlined:
            self.draw.ellipse(box, fill, INK, self.pixels(self.ink))
        else:
            self.draw.ellipse(box, fill)

    def cluster(self, middles: Sequence[Point], radii: Point, fill: RGB) -> None:
        """Ellipses that have grown together: one outline round them all."""
        for x, y in middles if self.ink else ():
            self.ellipse(x, y, radii, fill)
        inner = radii[0] - self.ink, radii[1] - self.ink
        for x, y in middles:
            self.ellipse(x, y, inner, fill, outlined=False)

    def polygon(self, points: Sequence[Point], fill: RGB, *, outlined: bool = True) -> None:
        """A closed polygon."""
        path = [self.at(x, y) for x, y in points]
        self.draw.polygon(path, fill)
        if self.ink and outlined:
            self.draw.line([*path, *path[:2]], INK, self.pixels(self.ink), "curve")

    def line(self, points: Sequence[Point], colour: RGB, width: float) -> None:
        """An open line."""
        self.draw.line([self.at(x, y) for x, y in points], colour, self.pixels(width), "curve")

    def ring(self, x: float, y: float, radius: float, colour: RGB, width: float) -> None:
        """A circle's outline."""
        box = [self.at(x - radius, y - radius), self.at(x + radius, y + radius)]
        self.draw.ellipse(box, None, colour, self.pixels(width))


def arc(x: float, y: float, radii: Point, degrees: tuple[float, float], steps: int = 24) -> list[Point]:
    """Points along an ellipse's arc; 0 degrees is to the right, 90 down."""
    start, end = degrees
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + radii[0] * math.cos(angle), y + radii[1] * math.sin(angle)) for angle in angles]


def draw(person: Person, style: Style = "portraits", size: tuple[int, int] = (64, 64)) -> Image.Image:
    """The person in a style, as an RGB picture of (width, height)."""
    background = shaded(COLOURS[person.background], person.light)
    finer = SUPERSAMPLING if min(size) < LARGE else SUPERSAMPLING // 2
    image = Image.new("RGB", (size[0] * finer, size[1] * finer), background)
    pen = Pen(image, person.pose, 0.026 if style == "ninja" else 0.0)
    skin = shaded(AVATAR_SKIN if style == "avatar" else SKIN[person.skin], person.light)
    hair = shaded(HAIR[person.hair], person.light)
    _back_hair(pen, person, hair)
    _body(pen, person, skin)
    _ears(pen, skin, pointed=style == "avatar")
    pen.ellipse(0, 0, (0.2, 0.25), skin)
    _front_hair(pen, person, hair)
    _face(pen, person, skin, AVATAR_EYES if style == "avatar" else None)
    if style == "ninja":
        _whiskers(pen, skin)
        _headband(pen)
    if person.glasses:
        _glasses(pen)
    return image.resize(size, Image.Resampling.BOX)


def _back_hair(pen: Pen, person: Person, hair: RGB) -> None:
    match person.hairstyle:
        case "long":
            pen.polygon([*arc(0, -0.02, (0.265, 0.29), (180, 360)), (0.29, 0.4), (-0.29, 0.4)], hair)
        case "bob":
            pen.polygon([*arc(0, -0.02, (0.27, 0.29), (180, 360)), (0.28, 0.17), (-0.28, 0.17)], hair)
        case "ponytail":
            pen.ellipse(0.27, 0.06, (0.09, 0.24), hair)
        case "bun":
            pen.ellipse(0, -0.32, (0.11, 0.1), hair)
        case "curly":
            pen.cluster(arc(0, -0.04, (0.21, 0.24), (160, 380), 10), (0.095, 0.095), hair)


def _body(pen: Pen, person: Person, skin: RGB) -> None:
    shirt = shaded(COLOURS[person.shirt], person.light)
    shoulders = arc(0, 0.55, (0.4, 0.24), (180, 360))
    pen.polygon([*shoulders, (0.42, 1.2), (-0.42, 1.2)], shirt)
    pen.polygon([(-0.085, 0.18), (0.085, 0.18), (0.1, 0.34), (0, 0.39), (-0.1, 0.34)], shaded(skin, 0.88))
    if person.collar:
        for side in (-1, 1):
            pen.polygon([(side * 0.1, 0.31), (side * 0.17, 0.35), (side * 0.03, 0.45)], shaded(shirt, 0.72))


def _ears(pen: Pen, skin: RGB, *, pointed: bool) -> None:
    for side in (-1, 1):
        if pointed:
            pen.polygon([(side * 0.17, -0.05), (side * 0.36, -0.15), (side * 0.18, 0.09)], shaded(skin, 0.92))
        else:
            pen.ellipse(side * 0.2, 0.02, (0.04, 0.06), shaded(skin, 0.92))


def _front_hair(pen: Pen, person: Person, hair: RGB) -> None:
    top = arc(0, -0.03, (0.22, 0.25), (180, 360))
    match person.hairstyle:
        case "bald":
            return
        case "spiky":
            crown = arc(0, -0.03, (0.23, 0.25), (185, 355), 14)
            spikes = [(x * 1.3, y * 1.3 + 0.03) if step % 2 else (x, y) for step, (x, y) in enumerate(crown)]
            pen.polygon([*spikes, (0.17, -0.12), (0.06, -0.1), (0, -0.15), (-0.06, -0.1), (-0.17, -0.12)], hair)
        case "short":
            pen.polygon([*top, (0.19, -0.02), (0.16, -0.13), (-0.16, -0.13), (-0.19, -0.02)], hair)
        case "curly":
            pen.cluster(arc(0, -0.05, (0.14, 0.15), (190, 350), 5), (0.075, 0.065), hair)
        case _:
            pen.polygon([*top, (0.195, 0.02), (0.15, -0.1), (-0.02, -0.15), (-0.15, -0.07), (-0.195, 0.02)], hair)


def _face(pen: Pen, person: Person, skin: RGB, iris: RGB | None) -> None:
    wide = person.expression == "surprised"
    for side in (-1, 1):
        x = side * 0.085
        pen.ellipse(x, 0.0, (0.044, 0.042 if wide else 0.03), iris or WHITE, outlined=False)
        pen.ellipse(x, 0.0, (0.018, 0.022), DARK if iris else person.eyes, outlined=False)
        tilt = {"frowning": 0.025, "surprised": -0.008}.get(person.expression, 0.0)
        lift = 0.02 if wide else 0.0
        brow = [(x - side * 0.04, -0.06 - lift + tilt), (x + side * 0.045, -0.066 - lift - tilt)]
        pen.line(brow, shaded(skin, 0.42), 0.018)
    pen.line([(0, 0.03), (-0.018, 0.085), (0.012, 0.088)], shaded(skin, 0.72), 0.014)
    _mouth(pen, person.expression)


def _mouth(pen: Pen, expression: str) -> None:
    match expression:
        case "smiling":
            pen.polygon(arc(0, 0.125, (0.085, 0.065), (0, 180)), MOUTH, outlined=False)
            pen.polygon([(-0.068, 0.13), (0.068, 0.13), (0.055, 0.148), (-0.055, 0.148)], WHITE, outlined=False)
        case "frowning":
            pen.line(arc(0, 0.18, (0.075, 0.045), (190, 350)), MOUTH, 0.024)
        case "surprised":
            pen.ellipse(0, 0.155, (0.036, 0.045), shaded(MOUTH, 0.6), outlined=False)
        case _:
            pen.line([(-0.06, 0.148), (0.06, 0.148)], MOUTH, 0.022)


def _glasses(pen: Pen) -> None:
    for side in (-1, 1):
        pen.ring(side * 0.088, 0.0, 0.072, DARK, 0.018)
        pen.line([(side * 0.155, -0.01), (side * 0.2, -0.02)], DARK, 0.018)
    pen.line([(-0.02, -0.008), (0.02, -0.008)], DARK, 0.018)


def _whiskers(pen: Pen, skin: RGB) -> None:
    for side in (-1, 1):
        for step in range(3):
            y = 0.07 + 0.042 * step
            pen.line([(side * 0.105, y), (side * 0.18, y - 0.012 + 0.012 * step)], shaded(skin, 0.2), 0.018)


def _headband(pen: Pen) -> None:
    pen.polygon([(0.2, -0.16), (0.34, -0.08), (0.31, -0.02), (0.2, -0.1)], BAND)
    upper = [(x, y - 0.055) for x, y in arc(0, -0.115, (0.225, 0.05), (180, 360), 12)]
    lower = [(x, y + 0.06) for x, y in arc(0, -0.125, (0.225, 0.045), (360, 180), 12)]
    pen.polygon([*upper, *lower], BAND)
    plate = [(-0.11, -0.205), (0.11, -0.205), (0.11, -0.115), (-0.11, -0.115)]
    pen.polygon(plate, PLATE, outlined=False)
    pen.line([*plate, plate[0]], DARK, 0.012)
    pen.ring(0, -0.16, 0.03, DARK, 0.014)


def portrait(
    index: int, style: Style = "portraits", *, seed: int = 0, purpose: str = "train", size: tuple[int, int] = (64, 64)
) -> tuple[Image.Image, str]:
    """The picture and caption of one draw."""
    person = Person.drawn(seed, f"{purpose}/person", index)
    return draw(person, style, size), person.caption(dice(seed, f"{purpose}/caption", index))
