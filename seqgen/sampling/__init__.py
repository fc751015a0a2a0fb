"""From weights to new sequences."""
