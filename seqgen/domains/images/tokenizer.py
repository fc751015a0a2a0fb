"""ImageTokenizer: images ↔ ids, strip by strip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Order, no_augmentation
from seqgen.core.controls import UNKNOWN, Control, asked, header_ids
from seqgen.core.errors import UsageError
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.images.context import ImageContext
from seqgen.domains.images.files import to_image
from seqgen.domains.images.grammar import image_grammar
from seqgen.domains.images.image import Image
from seqgen.domains.images.options import ImageOptions
from seqgen.domains.images.settings import ImageSettings, suited
from seqgen.domains.images.strips import Strips

UNITS = ("rows", "images")
DRAWN = 0.25  # of the images in training; to be told apart they must be seen more often


class ImageTokenizer(Tokenizer[Image]):
    """Images ↔ integer ids: strips of pixels in rows from the top, each a number in binary (or in levels of grey).

    Where labels are learned, an image is said in one of two orders: `Task_classify`, its strips, `Label_7`; or
    `Task_draw`, `Class_7`, its strips. One model so learns to draw an image of a class and to tell the class of one.

    settings: see ImageSettings.

    >>> tokenizer = ImageTokenizer(height=2, width=4, strip=4, labels=("cat", "dog"))
    >>> tokenizer.vocabulary.readable(tokenizer.encode(Image(np.array([[0, 255] * 2] * 2, np.uint8), "dog")))
    ['Task_classify', 'Strip_0101', 'Strip_0101', 'Label_dog']
    """

    domain = "images"
    name = "strips"
    order = 4
    tries = 8
    backoff = ("above", "left", "above_right", "above_left")

    def __init__(self, **settings: Any) -> None:
        try:
            self.settings = s = ImageSettings(**settings)
        except TypeError as error:
            raise UsageError(f"Images are not written with these settings: {error}.") from None
        self.strips = strips = Strips(s)
        self._strip = "Pixel" if s.strip == 1 else "Strip"
        tokens = [f"{self._strip}_{name}" for name in strips.names]
        if s.labels:
            tokens += [f"Label_{label}" for label in s.labels]
            tokens += [*(f"Class_{label}" for label in s.labels), f"Class_{UNKNOWN}", "Task_classify", "Task_draw"]
            self.main = "Label"
        self.vocabulary = v = Vocabulary(tokens, unscored_types=("Class", "Task"))
        self.unknown_of: Ids = np.full(len(v), -1, np.int32)
        self.loss_weights = np.ones(len(v), np.float32)
        self._classify = self._draw = -1
        if s.labels:
            self._classify, self._draw = v.id("Task_classify"), v.id("Task_draw")
            self.unknown_of[v.are("Class")] = v.id(f"Class_{UNKNOWN}")
            self.loss_weights[v.are("Label")] = s.label_weight
            self.loss_weights[v.are("Task")] = 0  # always said
            self.orders = (Order("classify", 1 - DRAWN, lambda ids: ids), Order("draw", DRAWN, self._drawn))
            self.controls = (Control("label", "What the image shows.", s.labels[0], self._known_label, "Class"),)
        self.grammar = image_grammar(s, v, self._strip, strips.fits)
        class_of = np.full(len(v), -1, np.int32)
        class_of[v.of_type("Class")] = np.arange(len(v.of_type("Class")))
        self.context = ImageContext(s.height, s.columns, len(strips.names), self._draw, class_of)
        self.augmentations = no_augmentation(len(v))

    @classmethod
    def fit(cls, images: Iterable[Any], options: ImageOptions | None = None) -> ImageTokenizer:
        """The tokenizer that suits these images. Raises CorpusError when there are none."""
        return cls(**suited((to_image(image) for image in images), options or ImageOptions()).config())

    def encode(self, piece: Any) -> Ids:
        """int32 [T] ids of an image (an Image, a path, the bytes of a file, an array of greys): to be classified where
        its label is known, else drawn. Raises BadInput."""
        image = to_image(piece)
        label = self._id_of("Label", image.label)
        if label < 0:
            return self.encode_drawn(image)
        return np.array([self._classify, *self.strips.of_pixels(image.pixels), label], np.int32)

    def encode_drawn(self, piece: Any) -> Ids:
        """The ids of an image that is drawn, its label being given where it is known. Raises BadInput."""
        image = to_image(piece)
        label = image.label if image.label in self.settings.labels else UNKNOWN
        header = [self._draw, self._id_of("Class", label)] if self.settings.labels else []
        return np.array([*header, *self.strips.of_pixels(image.pixels)], np.int32)

    def _drawn(self, ids_T: Ids) -> Ids:
        """An encoded image, to be drawn."""
        if ids_T[0] == self._draw:
            return ids_T
        label = self.vocabulary.of_type("Class")[np.searchsorted(self.vocabulary.of_type("Label"), ids_T[-1])]
        return np.concatenate([np.array([self._draw, label], np.int32), ids_T[1:-1]])

    def _id_of(self, kind: str, label: str) -> int:
        token = f"{kind}_{label}"
        return self.vocabulary.id(token) if token in self.vocabulary else -1

    def _known_label(self, text: str) -> str:
        if text not in self.settings.labels:
            shown = ", ".join(self.settings.labels[:24]) + (" …" if len(self.settings.labels) > 24 else "")
            raise UsageError(f"No label {text[:60]!r} was learned.", f"Known: {shown}.")
        return text

    def _begin(self, ids: npt.NDArray[np.integer]) -> int:
        """Where strips begin."""
        return 0 if not self.settings.labels else 2 if len(ids) and ids[0] == self._draw else 1

    def decode(self, ids: npt.NDArray[np.integer], reference: Image | None = None) -> Image:
        """The image that ids say; strips that are not said are black."""
        ids = np.asarray(ids)
        begin, n = self._begin(ids), self.settings.n_strips
        strips = ids[begin : begin + n]
        labels = [
            self.vocabulary.values[i][1]
            for i in (ids[1:2] if begin == 2 else ids[begin + n :][:1]).tolist()
            if self.vocabulary.types[i] == ("Class" if begin == 2 else "Label")
        ]
        label = labels[0] if labels and labels[0] != UNKNOWN else ""
        return Image(self.strips.pixels(np.where(strips < len(self.strips.names), strips, 0)), label)

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """See Tokenizer. Of a prompt the upper rows are kept: all but as many as the length adds, else its upper half.
        Without a length a prompt is whole and asks for its label. given: label, of an image to draw.
        Raises UsageError."""
        values = header_ids(self.controls, self.vocabulary, asked(self.controls, given))
        s = self.settings
        if prompt is None and length is not None and length[1] == "rows" and length[0] != s.height:
            raise UsageError(
                f"An image of this run has {s.height} rows.", "With --prompt FILE so many of its rows are made new."
            )
        header = [self._draw, values.get("Class", -1)] if s.labels else []
        if prompt is None:
            return np.array(header, np.int32)
        strips = self.strips.of_pixels(to_image(prompt).pixels)
        if length is None:
            return np.array([self._classify, *strips] if s.labels else strips, np.int32)
        rows = length[0] if length[1] == "rows" else s.height - s.height // 2
        if rows > s.height:
            raise UsageError(f"{rows} rows cannot be made new: an image of this run has {s.height}.")
        return np.array([*header, *strips[: (s.height - rows) * s.columns]], np.int32)

    def asked_last(self, template: Ids) -> Callable[[Ids], Ids] | None:
        """An image that is drawn to show a class can also be classified."""
        classes, labels = self.vocabulary.of_type("Class")[:-1], self.vocabulary.of_type("Label")
        if not self.settings.labels or template[0] != self._draw or template[1] not in classes:
            return None
        label = labels[np.searchsorted(classes, template[1])]
        return lambda ids: np.array([self._classify, *ids[2:], label], np.int32)

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        """One image, or what the template leaves of one: an image ends by itself. Raises UsageError."""
        if unit not in UNITS or (unit == "images" and amount != 1):
            raise UsageError(f"A length of {amount} {unit} is not known here.", "Use 1image, or 14rows of a prompt.")
        return Length(np.zeros(len(self.vocabulary), np.int64), 0)

    def losses(self, piece: Any) -> Mapping[str, float]:
        """Pixels whose grey is not kept, or all where the size is not."""
        image = to_image(piece)
        shape = (self.settings.height, self.settings.width)
        if image.pixels.shape != shape:
            return {"pixels_resized": float(image.pixels.size)}
        changed = float((self.strips.pixels(self.strips.of_pixels(image.pixels)) != image.pixels).sum())
        return {"pixels_of_another_grey": changed} if changed else {}

    def sizes(self, ids: npt.NDArray[np.integer]) -> Mapping[str, float]:
        return {"image": 1.0}

    def config(self) -> Mapping[str, Any]:
        return self.settings.config()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ImageTokenizer:
        """Rebuild from `config()`. Raises UsageError."""
        return cls(**{str(name): value for name, value in config.items()})
