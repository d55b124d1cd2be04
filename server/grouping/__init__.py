"""How responses to one task are grouped by what they answer."""
