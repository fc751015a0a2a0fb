"""Gates computed from the weights are those of torch's own layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqgen.cells import CELLS
from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.evaluation.cell_picture import labels_of
from seqgen.evaluation.gates import DOORS, STATES, activations, by_memory, gates_over, saturation
from seqgen.model import SequenceModel
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model
from seqgen.training.validation import piece_log_probabilities

TOKENIZER = TextTokenizer.fit(["the sea, the wide and deep sea"])
PIECE = TOKENIZER.encode("the wide sea and the deep sea, the deep and wide sea")


def network(cell: str, n_layers: int = 2) -> SequenceModel:
    model = new_model(TOKENIZER, TrainConfig(width=24, n_layers=n_layers, cell=cell)).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for p in model.layers.parameters():  # far from their start, so that every part counts
            p.add_(0.3 * torch.randn_like(p))
    return model


@pytest.mark.parametrize("cell", CELLS)
def test_states_are_those_of_the_layer(cell: str) -> None:
    layer = network(cell).layers[0]
    x = torch.randn(1, 50, 24)
    with torch.no_grad():
        y, last = CELLS[cell].run(layer, x, None)
    found = activations(cell, layer, x[0].numpy())
    assert np.abs(found["hidden state"] - y[0].numpy()).max() < 1e-5
    assert np.abs(found[STATES[cell]][-1] - last[-1][0, 0].numpy()).max() < 1e-5
    for gate in DOORS[cell]:
        assert 0 < found[gate].min() < 0.3 and 0.7 < found[gate].max() < 1


@pytest.mark.parametrize("cell", CELLS)
def test_every_layer_is_looked_into_while_a_piece_is_read(cell: str) -> None:
    model = network(cell)
    layers, nats = gates_over(model, TOKENIZER, PIECE)
    assert len(layers) == 2 and all(len(values) == len(PIECE) for found in layers for values in found.values())
    (log_p,) = piece_log_probabilities(model, TOKENIZER, [PIECE])
    assert np.allclose(nats, -log_p, atol=1e-5)
    assert not any(layer._forward_pre_hooks for layer in model.layers)


def test_units_are_ordered_by_how_long_they_keep() -> None:
    forget = np.tile(np.array([0.2, 0.9, 0.5], np.float32), (4, 1))
    assert by_memory("lstm", {"forget": forget}).tolist() == [1, 2, 0]
    slow, fast = np.repeat([1.0, -1.0], 20), np.tile([1.0, -1.0], 20)
    assert by_memory("rnn", {"hidden state": np.stack([fast, slow], axis=1).astype(np.float32)}).tolist() == [1, 0]


def test_saturation_counts_what_is_open_and_closed() -> None:
    gate = np.array([[0.05, 0.95], [0.5, 0.99]], np.float32)
    said = saturation("gru", {"update": gate, "reset": gate})
    assert said["reset"] == {"mean": 0.6225, "open": 0.5, "closed": 0.25}
    assert saturation("rnn", {"hidden state": gate}) == {}


def test_labels_are_as_short_as_can_be() -> None:
    values = [("Pitch", "60"), ("Pitch", "62"), ("Hold", ""), ("Bar", "3")]
    assert labels_of(values) == ["60", "62", "Hold", "Bar 3"]
    assert labels_of(values[1:]) == ["Pitch 62", "Hold", "Bar 3"] and labels_of([]) == []
