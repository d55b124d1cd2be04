"""SFT, GRPO and evaluation from one configuration file."""
