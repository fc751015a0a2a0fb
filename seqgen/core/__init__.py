"""The language of sequences: vocabulary, grammar, context. Standard library and numpy only, never torch."""
