"""What the package's public names do: train, load, and what a loaded model can."""

from seqgen.api.explanation import explain
from seqgen.api.model import Model, Sample, load
from seqgen.api.reporter import Reporter
from seqgen.api.training import finish, train
from seqgen.core.errors import SeqgenError

__all__ = ["Model", "Reporter", "Sample", "SeqgenError", "explain", "finish", "load", "train"]
