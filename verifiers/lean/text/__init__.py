"""The text of candidates: what can be seen to be no proof, and the sources that hold them."""
