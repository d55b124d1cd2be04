"""The text of candidates: what is not looked at any further, and the sources that hold them."""
