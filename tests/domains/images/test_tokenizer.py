"""Images ↔ ids: sizes, levels, orders, labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import CorpusError, UsageError
from seqgen.domains.images.image import Image
from seqgen.domains.images.options import ImageOptions
from seqgen.domains.images.settings import ImageSettings
from seqgen.domains.images.tokenizer import ImageTokenizer


def some(n: int, height: int, width: int, labels: str = "", seed: int = 0) -> list[Image]:
    rng = np.random.default_rng(seed)
    greys = rng.integers(0, 256, (n, height, width)).astype(np.uint8)
    return [Image(grey, labels[i % len(labels)] if labels else "") for i, grey in enumerate(greys)]


def test_it_suits_the_images() -> None:
    def fitted(images: list[Image], **options: Any) -> dict[str, Any]:
        return dict(ImageTokenizer.fit(images, ImageOptions(**options)).config())

    mnist = fitted(some(3, 28, 28, "72"))
    assert mnist == {"height": 28, "width": 28, "levels": 2, "strip": 7, "labels": ["2", "7"], "label_weight": 10.0}
    digits = fitted(some(3, 8, 8))
    assert (digits["levels"], digits["strip"], digits["labels"]) == (16, 1, [])
    black_and_white = [Image(np.eye(8, dtype=np.uint8) * 255)]
    assert (fitted(black_and_white)["levels"], fitted(black_and_white)["strip"]) == (2, 8)
    assert [fitted(some(1, 28, w))["strip"] for w in (28, 32, 16, 30, 10)] == [7, 8, 8, 6, 5]
    assert {k: fitted(some(2, 64, 40))[k] for k in ("height", "width")} == {"height": 32, "width": 20}
    mixed = [*some(2, 20, 30), *some(1, 10, 8), *some(2, 24, 9)]
    assert {k: fitted(mixed)[k] for k in ("height", "width")} == {"height": 20, "width": 9}
    asked = fitted(some(2, 28, 28), size="10x12", levels=16, label_weight=3)
    assert (asked["height"], asked["width"], asked["strip"], asked["label_weight"]) == (10, 12, 1, 3.0)
    assert fitted(some(3, 8, 8), strip=4)["levels"] == 2
    with pytest.raises(CorpusError):
        ImageTokenizer.fit([])
    for bad in ({"size": "0"}, {"size": "28x"}, {"size": "999"}, {"levels": 1}, {"levels": 257}, {"strip": -1}):
        with pytest.raises(UsageError):
            ImageOptions(**bad)
    with pytest.raises(UsageError, match="268,435,456 ids"):
        fitted(some(3, 28, 28), levels=16, strip=7)


def test_labels_are_in_order_and_one_alone_is_none() -> None:
    images = [Image(np.zeros((8, 8), np.uint8), label) for label in ("10", "9", "dog", "", "cat", "9")]
    assert ImageTokenizer.fit(images).settings.labels == ("9", "10", "cat", "dog")
    assert ImageTokenizer.fit(images[1:2] * 3).settings.labels == ()


def test_an_image_is_said_to_be_classified_or_drawn() -> None:
    t = ImageTokenizer(height=2, width=4, strip=4, labels=("cat", "dog"))
    image = Image(np.array([[0, 255, 0, 255], [255, 0, 127, 128]], np.uint8), "dog")
    assert t.vocabulary.readable(t.encode(image)) == ["Task_classify", "Strip_0101", "Strip_1001", "Label_dog"]
    said = ["Task_draw", "Class_dog", "Strip_0101", "Strip_1001"]
    assert t.vocabulary.readable(t.encode_drawn(image)) == said
    for label in ("", "bird"):
        said[1] = "Class_Unknown"
        assert t.vocabulary.readable(t.encode(Image(image.pixels, label))) == said
    assert t.losses(image) == {"pixels_of_another_grey": 2.0}
    assert t.losses(Image(np.zeros((3, 3), np.uint8))) == {"pixels_resized": 9.0}
    plain = ImageTokenizer(height=2, width=4, strip=4)
    assert plain.vocabulary.readable(plain.encode(image)) == ["Strip_0101", "Strip_1001"] and not plain.main


@given(
    st.integers(1, 12), st.integers(1, 12), st.sampled_from([(2, 1), (2, 7), (3, 4), (16, 1), (16, 3), (256, 1)]),
    st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_what_levels_can_say_comes_back(
    height: int, width: int, kind: tuple[int, int], labelled: bool, seed: int
) -> None:
    levels, strip = kind
    t = ImageTokenizer(height=height, width=width, levels=levels, strip=strip, labels=("a", "b") if labelled else ())
    grey = np.rint(np.random.default_rng(seed).integers(0, levels, (height, width)) * 255 / (levels - 1))
    image = Image(grey.astype(np.uint8), "b" if labelled else "")
    ids = t.encode(image)
    assert t.decode(ids) == image and t.losses(image) == {} and not len(t.grammar.violations(ids))
    drawn = t.encode_drawn(image)
    assert t.decode(drawn) == image and not len(t.grammar.violations(drawn))
    assert len(ids) == len(drawn) and t.sizes(ids) == {"image": 1.0}
    for order in t.orders:
        assert np.array_equal(order.of(ids), {"classify": ids, "draw": drawn}[order.name])


def test_black_beyond_the_end_of_a_row_is_grammar() -> None:
    t = ImageTokenizer(height=2, width=5, strip=4)
    ids = t.encode(Image(np.full((2, 5), 255, np.uint8)))
    assert t.vocabulary.readable(ids) == ["Strip_1111", "Strip_1000"] * 2
    assert t.grammar.violations(np.array([15, 15, 15, 8])).tolist() == [
        1,
        2,
        4,
    ]  # the second row, too, then does not end


def test_a_prompt_keeps_its_upper_rows() -> None:
    t = ImageTokenizer(height=4, width=2, strip=2, labels=("a", "b"))
    image = Image(np.array([[255, 0], [0, 255], [255, 255], [0, 0]], np.uint8), "a")
    draw, a, free = t.vocabulary.id("Task_draw"), t.vocabulary.id("Class_a"), -1
    assert t.template().tolist() == [draw, free]
    assert t.template(None, (1, "images"), label="a").tolist() == [draw, a]
    assert t.template(image, (1, "images")).tolist() == [draw, free, 2, 1]
    assert t.template(image, (3, "rows"), label="unknown").tolist() == [draw, t.vocabulary.id("Class_Unknown"), 2]
    assert t.template(image).tolist() == [t.vocabulary.id("Task_classify"), 2, 1, 3, 0]
    for prompt, length in ((None, (3, "rows")), (image, (5, "rows"))):
        with pytest.raises(UsageError, match="rows"):
            t.template(prompt, length)
    with pytest.raises(UsageError, match="No label 'c'") as error:
        t.template(label="c")
    assert error.value.hint == "Known: a, b."
    with pytest.raises(UsageError, match="takes no 'label'"):
        ImageTokenizer().template(label="a")
    for length in ((2, "images"), (10, "tokens")):
        with pytest.raises(UsageError):
            t.length(*length, t.template())


def test_the_context_says_what_stands_around() -> None:
    t = ImageTokenizer(height=3, width=6, strip=2, labels=("a", "b"))
    ids = t.encode_drawn(Image(np.zeros((3, 6), np.uint8), "b"))
    ids[2:] = [0, 1, 2, 3, 0, 1, 2, 3, 0]
    rows = {f.name: column for f, column in zip(t.context.features, t.context.of(ids).T, strict=True)}
    assert rows["row"].tolist() == [3, 3, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert rows["column"].tolist() == [3, 3, 0, 1, 2, 0, 1, 2, 0, 1, 2, 3]
    assert rows["above"].tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 4, 1, 2, 0]
    assert rows["above_left"].tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 0, 4, 1, 0]
    assert rows["above_right"].tolist() == [0, 0, 0, 0, 0, 2, 3, 0, 1, 2, 0, 0]
    assert rows["left"].tolist() == [0, 0, 0, 1, 2, 0, 4, 1, 0, 3, 4, 0]
    assert rows["asked"].tolist() == [0, 2, *[4] * 10]


def test_damaged_settings_are_refused() -> None:
    for bad in (
        {"height": 0}, {"width": 129}, {"levels": True}, {"strip": 2.0}, {"labels": ["a", 1]}, {"labels": "ab" * 3000},
        {"labels": ["a", "a "]}, {"labels": ["Unknown"]}, {"label_weight": float("nan")}, {"nonsense": 1},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            ImageTokenizer(**bad)
    with pytest.raises(UsageError, match="same token twice"):
        ImageTokenizer(labels=("a", "a"))
    assert ImageSettings(labels=["a"]).labels == ("a",)  # type: ignore[arg-type]  # as JSON has it


def test_an_image_of_a_given_length_is_drawn_as_one_that_ends_by_itself() -> None:
    """Its last strip ends it, whichever that is: none of them is likelier for that."""
    import torch

    from seqgen.sampling.sampler import Request, draw
    from seqgen.training.config import TrainConfig
    from seqgen.training.loop import new_model

    t = ImageTokenizer(height=2, width=4, strip=2)
    model = new_model(t, TrainConfig(width=16, n_layers=1)).eval()
    with torch.no_grad():
        model.bias += torch.tensor([3.0, 0.0, -3.0, 1.0])
    asked, plain = (
        [one.ids.tolist() for one in draw(model, t, Request(t.template(), length), count=50, seed=1)]
        for length in ((1, "images"), None)
    )
    assert asked == plain and {len(ids) for ids in asked} == {4}
