"""What pictures of matches are made of: fields, panels, captions."""
