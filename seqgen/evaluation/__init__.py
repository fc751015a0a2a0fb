"""How good a model is, beside baselines on the same pieces."""
