"""The service as the reward of verl."""
