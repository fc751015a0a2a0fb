"""From batches to weights: the loop, its schedule, checkpoints and run directories."""
