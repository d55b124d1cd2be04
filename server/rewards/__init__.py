"""From a verdict and facts about a generation to a reward. Knows no verifier and no process."""
