"""Images from files to a sheet of samples and a table of classes, on the command line."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from seqgen.domains.images.files import write
from seqgen.domains.images.image import Image
from seqgen.domains.images.sheet import sheet

Cli = Callable[..., Any]


def bars(n: int, seed: int) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Images of 6 x 6 with a white row, label 3, or a white column, label 8."""
    rng = np.random.default_rng(seed)
    pixels, labels = np.zeros((n, 6, 6), np.uint8), rng.choice([3, 8], n)
    for image, label, place in zip(pixels, labels, rng.integers(6, size=n), strict=True):
        image[(place, slice(None)) if label == 3 else (slice(None), place)] = 255
    pixels[rng.random(pixels.shape) < 0.02] = 255
    return pixels, labels.tolist()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of idx files, named as MNIST's are."""
    found = tmp_path_factory.mktemp("idx") / "bars"
    found.mkdir()
    for name, n, seed in (("train", 150, 0), ("t10k", 40, 1)):
        pixels, labels = bars(n, seed)
        (found / f"{name}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 0x803, n, 6, 6) + pixels.tobytes())
        (found / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, n) + bytes(labels))
    return found


@pytest.fixture(scope="module")
def trained(folder: Path, quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import seqgen

    out = tmp_path_factory.mktemp("runs") / "bars"
    settings: dict[str, Any] = {"width": 24, "n_layers": 1, "n_evaluations": 1, "feature_dropout": 0.1}
    settings |= {"batch_size": 16, "learning_rate": 0.02, "layer_dropout": 0.0, "replicas": 1}
    seqgen.train("images", folder, steps=70, out=out, strip=3, **settings)
    return out


def test_the_files_own_split_is_kept(trained: Path) -> None:
    about = json.loads((trained / "corpus.json").read_text())
    assert about["counts"]["test"]["pieces"] == 40
    assert {f["split"] for f in about["files"] if f["file"].startswith("t10k")} == {"test"}
    assert {f["split"] for f in about["files"] if f["file"].startswith("train")} == {"train", "valid"}


def test_samples_are_one_sheet(trained: Path, cli: Cli, tmp_path: Path) -> None:
    found = json.loads(cli("sample", trained, "--label", 3, "--seed", 1, "-n", 9, "--json").out)
    assert found["files"] == [str(trained / "samples" / "seed1.png")] and found["violations"] == 0
    with Pillow.open(found["files"][0]) as opened:
        assert opened.size == (3 * (6 * 18 + 18) + 18,) * 2
    both = json.loads(cli("sample", trained, "-n", 2, "-f", "png", "--out", "here", "--seed", 1, "--json").out)
    assert [Path(f).name for f in both["files"]] == ["seed1.png", "seed1-1.png", "seed1-2.png"]
    assert cli("sample", trained, "-n", 1, "--out", "one.png").out == "one.png\n"
    with Pillow.open(tmp_path / "one.png") as opened:
        assert opened.size == (6, 6) and opened.info["Label"] in "38"
    refused = cli("sample", trained, "--label", 4)
    assert refused.code == 2 and "Known: 3, 8" in refused.err
    assert cli("sample", trained, "--length", "2rows").code == 2


def test_of_some_candidates_one_stays_that_shows_the_label(trained: Path) -> None:
    import seqgen

    model = seqgen.load(trained)
    share = {}
    for candidates in (1, None):
        drawn = [
            sample.piece for label in (3, 8) for sample in model.sample(12, label=label, seed=5, candidates=candidates)
        ]
        rows = model.predict_each(drawn)
        assert [row["came"] for row in rows] == ["Label_3"] * 12 + ["Label_8"] * 12
        share[candidates] = sum(row["right"] for row in rows) / len(rows)
    assert share[None] > 0.9 and share[None] >= share[1]


def test_a_prompt_is_drawn_to_its_end(trained: Path, cli: Cli, tmp_path: Path) -> None:
    pixels = np.zeros((6, 6), np.uint8)
    pixels[:, 2] = 255
    write(Image(pixels), tmp_path / "column.png")
    asked = ("sample", trained, "-n", 1, "--seed", 1, "--prompt", "column.png", "--out", "whole.png")
    assert cli(*asked, "--length", "2rows").code == 0
    with Pillow.open(tmp_path / "whole.png") as opened:
        assert (np.asarray(opened)[:4] == pixels[:4]).all()


def test_predict_tells_the_class(trained: Path, folder: Path, cli: Cli, tmp_path: Path) -> None:
    pixels = np.zeros((6, 6), np.uint8)
    pixels[:, 2] = 255
    write(Image(pixels), tmp_path / "column.png")
    found = json.loads(cli("predict", "column.png", "--run", trained, "--picture", "p.png", "--json").out)
    assert [p["action"] for p in found["predictions"]] == ["Label_8", "Label_3"]
    assert found["predictions"][0]["probability"] > 0.9 and (tmp_path / "p.png").stat().st_size > 2000
    text = cli("predict", "column.png", "--run", trained).out
    assert text.splitlines()[0].split() == ["next", "probability", "bigram"] and text.count("Label_8") == 1
    images = folder / "t10k-images-idx3-ubyte"
    labels = bars(40, 1)[1]
    assert cli("predict", images, "--run", trained, "--piece", 41).code == 2
    second = cli("predict", images, "--run", trained, "--piece", 2, "--top", 1)
    assert f"Label_{labels[1]}" in second.out and "this is about number 2" in second.err


def test_predict_each_writes_a_table_with_the_accuracy(trained: Path, folder: Path, cli: Cli, tmp_path: Path) -> None:
    images = folder / "t10k-images-idx3-ubyte"
    found = json.loads(cli("predict", images, "--run", trained, "--each", "each.csv", "--json").out)
    rows = list(csv.DictReader((tmp_path / "each.csv").read_text().splitlines()))
    assert [row["came"] for row in rows] == [f"Label_{label}" for label in bars(40, 1)[1]]
    assert found["accuracy"] == sum(row["right"] == "True" for row in rows) / 40 > 0.9
    for row, said in zip(rows, found["predictions"], strict=True):
        assert float(row["Label_3"]) + float(row["Label_8"]) == pytest.approx(1, abs=1e-4)
        assert row["probability"] == str(max(said["Label_3"], said["Label_8"]))
    one = json.loads(cli("predict", images, "--run", trained, "--piece", 3, "--json").out)["predictions"][0]
    assert one["probability"] == pytest.approx(float(rows[2]["probability"]), abs=1e-3)
    text = cli("predict", images, "--run", trained, "--each", "each.csv").out
    assert "of 40 were predicted" in text and "each.csv: 40 pieces" in text
    assert cli("predict", images, "--run", trained, "--each", "e.csv", "--horizon", 2).code == 2


def test_predict_each_takes_a_folder(trained: Path, cli: Cli, tmp_path: Path) -> None:
    pixels, labels = bars(4, 2)
    for i, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        write(Image(image, str(label)), tmp_path / "some" / f"{i}.png")
    (tmp_path / "some" / "5.png").write_bytes(b"junk")
    asked = cli("predict", "some", "--run", trained, "--each", "each.csv")
    assert asked.code == 0 and "skipped" in asked.err and "5.png" in asked.err
    rows = list(csv.DictReader((tmp_path / "each.csv").read_text().splitlines()))
    assert [(row["file"], row["came"]) for row in rows] == [
        (str(Path("some") / f"{i}.png"), f"Label_{label}") for i, label in enumerate(labels)
    ]
    (tmp_path / "empty").mkdir()
    assert cli("predict", "empty", "--run", trained, "--each", "each.csv").code == 4


def test_evaluate_says_how_often_the_label_is_right(trained: Path, cli: Cli) -> None:
    found = json.loads(cli("evaluate", trained, "--samples", 2, "--json").out)
    assert found["fields"]["Label"]["accuracy"] > 0.9 and found["pieces"] == found["images"] == 40
    assert found["nats_per_image"] == pytest.approx(found["nats_per_token"] * found["tokens"] / 40, abs=0.01)
    assert "context n-gram" in found["baselines"] and "ahead" not in found
    assert cli("evaluate", trained, "--samples", 0).code == 0


def test_inspect_shows_some_of_many(folder: Path, cli: Cli, tmp_path: Path) -> None:
    images = folder / "train-images-idx3-ubyte"
    text = cli("inspect", images, "--limit", 3, "--picture", "sheet.png").out
    assert text.count("tokenizer strips") == 3 and "147 more pieces" in text
    one = cli("inspect", images, "--piece", 150, "--json", "--picture", "one.png")
    assert json.loads(one.out)["pieces"] == 150 and (tmp_path / "one.png").exists()
    assert cli("inspect", images, "--piece", 151).code == 2


def test_a_sheet_holds_every_image() -> None:
    pixels = bars(7, 0)[0]
    found = sheet([Image(image) for image in pixels])
    zoom, gap = 18, 18
    for i, image in enumerate(pixels):
        top, left = gap + i // 3 * (6 * zoom + gap), gap + i % 3 * (6 * zoom + gap)
        assert (found[top : top + 6 * zoom : zoom, left : left + 6 * zoom : zoom] == image).all()
