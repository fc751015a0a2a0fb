"""Files → checked token store → batches."""
