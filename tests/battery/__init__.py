"""Programs that attack the sandbox and its judges, and what each of them must come to."""
