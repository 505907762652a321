"""The clip of the demo: a synthetic drive along a summer road, with sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.files.publish import publishing

__all__ = ["draw_drive", "hear_drive", "write_clip"]

Image = NDArray[np.float32]

_RATE = 25
_SAMPLE_RATE = 48_000
_SPEED = 9.0  # metres per second
_CAMERA_HEIGHT = 1.4  # metres
_ROAD_HALF_WIDTH = 3.2  # metres
_FAR = 160.0  # metres


def write_clip(path: Path, seconds: int = 4, width: int = 640, height: int = 360) -> None:
    """Write the drive as H.264 with AAC sound at 25 frames per second.

    Args:
        path: An .mp4 or .mkv file.
        seconds: Length of the clip.
        width: Pixels across, even.
        height: Pixels down, even.

    Raises:
        OutputError: The file cannot be written.
    """
    with publishing(path) as part, av.open(part, "w") as container:
        video = container.add_stream("libx264", rate=_RATE, options={"crf": "16"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=_SAMPLE_RATE, layout="stereo")
        sound = hear_drive(seconds)
        for index, picture in enumerate(draw_drive(seconds, width, height)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            first = index * _SAMPLE_RATE // _RATE
            block = sound[:, first : first + _SAMPLE_RATE // _RATE]
            samples = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(block), format="fltp", layout="stereo"
            )
            samples.sample_rate = _SAMPLE_RATE
            samples.pts, samples.time_base = first, Fraction(1, _SAMPLE_RATE)
            container.mux(audio.encode(samples))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def before_after(before: Path, after: Path, strip: Path, pictures: int = 3) -> None:
    """Write a picture with stills of a clip above the same stills of its translation.

    Args:
        before: A video.
        after: Its translation.
        strip: The picture to write; its suffix names the format.
        pictures: How many stills, spread over the clip.
    """
    with av.open(before) as one, av.open(after) as two:
        last = one.streams.video[0].frames - 1
        chosen = {index * last // max(1, pictures - 1) for index in range(pictures)}
        frames = zip(one.decode(video=0), two.decode(video=0), strict=True)
        columns = [
            np.concatenate([frame.to_ndarray(format="rgb24") for frame in pair])
            for index, pair in enumerate(frames)
            if index in chosen
        ]
    cv2.imwrite(str(strip), cv2.cvtColor(np.concatenate(columns, axis=1), cv2.COLOR_RGB2BGR))


def hear_drive(seconds: int) -> NDArray[np.float32]:
    """The sound of the drive: engine harmonics of varying pitch, and wind noise.

    Args:
        seconds: Length of the clip.

    Returns:
        float32 [2, samples] at 48 kHz, within -1 to 1.
    """
    count = seconds * _SAMPLE_RATE
    time_s = np.arange(count) / _SAMPLE_RATE
    pitch_hz = 62 + 6 * np.sin(2 * np.pi * time_s / 3.1)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / _SAMPLE_RATE
    engine = sum(np.sin(phase * k) / k**1.4 for k in (1, 2, 3, 4, 6, 8))
    rng = np.random.default_rng(3)
    hiss = rng.standard_normal((2, count)).astype(np.float32)
    wind = cv2.blur(hiss, (41, 1)) * (1.2 + 0.5 * np.sin(2 * np.pi * time_s / 2.3))
    return np.clip(0.10 * engine + 0.35 * wind, -1, 1).astype(np.float32)


def draw_drive(seconds: int, width: int = 640, height: int = 360) -> Iterator[NDArray[np.uint8]]:
    """The pictures of the drive, 25 per second.

    Args:
        seconds: Length of the clip.
        width: Pixels across.
        height: Pixels down.

    Yields:
        uint8 [height, width, 3] RGB.
    """
    scene = _Scene.grow(np.random.default_rng(11))
    for index in range(seconds * _RATE):
        picture = scene.view(index / _RATE * _SPEED, width, height)
        yield np.clip(picture, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class _Tree:
    """A tree beside the road: its position in metres and the index of its sprite."""

    across: float
    along: float
    tall: float
    sprite: int


@dataclass(frozen=True)
class _Scene:
    """The textures, sprites and trees, drawn once and viewed from moving positions."""

    grass: Image
    asphalt: Image
    clouds: Image
    hills: Image
    sprites: tuple[Image, ...]
    trees: tuple[_Tree, ...]

    @classmethod
    def grow(cls, rng: np.random.Generator) -> "_Scene":
        trees = []
        for along in np.arange(4.0, 400.0, 3.5):
            side = rng.choice((-1.0, 1.0))
            trees.append(
                _Tree(
                    across=float(side * rng.uniform(6.5, 24.0)),
                    along=float(along + rng.uniform(-1.5, 1.5)),
                    tall=float(rng.uniform(4.0, 9.5)),
                    sprite=int(rng.integers(6)),
                )
            )
        return cls(
            grass=_noise(rng, 1024, (2, 4, 16, 64)),
            asphalt=_noise(rng, 1024, (1, 2, 128)),
            clouds=_noise(rng, 512, (8, 32, 64, 128)),
            hills=_noise(rng, 2048, (64, 256))[0],
            sprites=tuple(_draw_tree(rng) for _ in range(6)),
            trees=tuple(sorted(trees, key=lambda tree: -tree.along)),
        )

    def view(self, travelled: float, width: int, height: int) -> Image:
        """The view after `travelled` metres: float32 [height, width, 3], about 0 to 255."""
        horizon = int(height * 0.46)
        focal = width * 0.8
        picture = np.empty((height, width, 3), np.float32)
        picture[:horizon] = self._sky(horizon, width, travelled)
        self._raise_hills(picture, horizon, travelled)
        picture[horizon:] = self._ground(height - horizon, width, focal, travelled)
        for tree in self.trees:
            ahead = (tree.along - travelled) % 400.0
            if 2.5 < ahead < _FAR:
                self._plant(picture, tree, ahead, focal, horizon)
        return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.6), np.float32)

    def _sky(self, rows: int, width: int, travelled: float) -> Image:
        up = np.linspace(1.0, 0.0, rows, dtype=np.float32)[:, None, None]
        blue = np.array([92, 148, 214], np.float32) * up + np.array([196, 219, 238], np.float32) * (
            1 - up
        )
        shift = int(travelled * 0.6) % 512
        drift = np.roll(self.clouds, -shift, axis=1)
        cover = cv2.resize(drift[:256], (width, rows), interpolation=cv2.INTER_CUBIC)
        cover = np.clip((cover - 0.12) * 2.6, 0, 0.9)[..., None]
        white = np.array([246, 247, 250], np.float32)
        return np.asarray(blue * (1 - cover) + white * cover, np.float32)

    def _raise_hills(self, picture: Image, horizon: int, travelled: float) -> None:
        width = picture.shape[1]
        rows = np.arange(horizon)[:, None]
        for start, tall, colour in ((0, 0.16, (128, 160, 158)), (900, 0.09, (92, 130, 86))):
            columns = (np.arange(width) + start) % self.hills.size
            crest = horizon - (0.5 + 0.5 * self.hills[columns]) * tall * picture.shape[0]
            picture[:horizon][rows > crest[None, :]] = colour

    def _ground(self, rows: int, width: int, focal: float, travelled: float) -> Image:
        """Grass, verge and road, by intersecting each pixel's ray with the ground plane."""
        below = np.arange(1, rows + 1, dtype=np.float32)[:, None]
        ahead = focal * _CAMERA_HEIGHT / below
        across = (np.arange(width, dtype=np.float32) - width / 2)[None, :] * ahead / focal
        across = across + 2.2 * np.sin((ahead + travelled) / 55.0) - 2.2 * np.sin(travelled / 55.0)
        along = np.broadcast_to(ahead + travelled, across.shape)
        haze = np.clip(ahead / _FAR, 0, 1)[..., None] ** 0.8
        # Fine texture fades with distance, where one pixel covers metres.
        fine = 1 / (1 + (ahead / 22.0) ** 2)
        tuft = _sample(self.grass, across * 46, along * 46) * fine
        patch = _sample(self.grass, across * 5 + 300, along * 5)
        blades = np.array([84, 132, 48], np.float32) + (tuft * 62 + patch * 30)[..., None] * (
            np.array([0.9, 1.0, 0.55], np.float32)
        )
        grain = _sample(self.asphalt, across * 70, along * 70) * fine
        road = np.array([112, 112, 116], np.float32) + (grain * 34)[..., None]
        lane = (np.abs(across) < 0.09) & (along % 9.0 < 4.5)
        edge = np.abs(np.abs(across) - _ROAD_HALF_WIDTH + 0.35) < 0.07
        road[lane | edge] = (226, 224, 214)
        earth = np.array([134, 118, 84], np.float32) + (tuft * 70)[..., None]
        ragged = np.abs(across) + patch * 0.5
        ground = np.where((ragged < _ROAD_HALF_WIDTH + 0.9)[..., None], earth, blades)
        ground = np.where((np.abs(across) < _ROAD_HALF_WIDTH)[..., None], road, ground)
        return np.asarray(
            ground * (1 - 0.75 * haze) + np.array([164, 184, 160], np.float32) * 0.75 * haze,
            np.float32,
        )

    def _plant(self, picture: Image, tree: _Tree, ahead: float, focal: float, horizon: int) -> None:
        """Draw a tree over the picture."""
        height, width = picture.shape[:2]
        scale = focal / ahead
        sprite = self.sprites[tree.sprite]
        rows = max(2, int(tree.tall * scale))
        columns = max(2, int(rows * sprite.shape[1] / sprite.shape[0]))
        foot = horizon + int(_CAMERA_HEIGHT * scale)
        top, left = foot - rows, int(width / 2 + tree.across * scale) - columns // 2
        if left >= width or left + columns <= 0 or rows > 4 * height:
            return
        y0, y1 = max(top, 0), min(foot, height)
        x0, x1 = max(left, 0), min(left + columns, width)
        if y0 >= y1:
            return
        shape = cv2.resize(sprite, (columns, rows), interpolation=cv2.INTER_AREA)
        part = shape[y0 - top : y1 - top, x0 - left : x1 - left]
        cover = part[..., 3:]
        haze = 0.7 * min(1.0, ahead / _FAR)
        leaves = part[..., :3] * (1 - haze) + np.array([164, 184, 160], np.float32) * haze
        picture[y0:y1, x0:x1] = picture[y0:y1, x0:x1] * (1 - cover) + leaves * cover


def _draw_tree(rng: np.random.Generator) -> Image:
    """A broad-leaved tree: float32 [192, 128, 4], RGB 0 to 255 and coverage 0 to 1."""
    rows, columns = 192, 128
    sprite = np.zeros((rows, columns, 4), np.float32)
    cv2.rectangle(sprite, (59, 120), (68, rows - 1), (84, 66, 50, 1), thickness=-1)
    base = np.array([44, 92, 34], np.float32) * rng.uniform(0.8, 1.25)
    for _ in range(260):
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform())
        x = 64 + 52 * reach * np.cos(angle)
        y = 76 + 68 * reach * np.sin(angle)
        light = 1.0 + 0.55 * (64 - x) / 64 * 0.5 + 0.5 * (76 - y) / 76 + rng.uniform(-0.2, 0.2)
        colour = (*(base * light).tolist(), 1.0)
        cv2.circle(sprite, (int(x), int(y)), int(rng.integers(4, 11)), colour, thickness=-1)
    speckle = rng.normal(0, 14, (rows, columns, 1)).astype(np.float32)
    sprite[..., :3] += speckle * sprite[..., 3:]
    return sprite


def _noise(rng: np.random.Generator, size: int, scales: tuple[int, ...]) -> Image:
    """Tileable noise of mean 0, about -1 to 1, summed over feature sizes in pixels."""
    total = np.zeros((size, size), np.float32)
    for scale in scales:
        cells = max(2, size // scale)
        coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        tiled = np.pad(coarse, 2, mode="wrap")
        grown = cv2.resize(tiled, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        edge = 2 * scale
        total += grown[edge : edge + size, edge : edge + size]
    return total / (2.2 * np.float32(np.sqrt(len(scales))))


def _sample(texture: Image, x: Image, y: Image) -> Image:
    """A tiled texture at fractional places."""
    size = texture.shape[0]
    values = cv2.remap(
        texture,
        np.asarray(x % size, np.float32),
        np.asarray(y % size, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(values, np.float32)
