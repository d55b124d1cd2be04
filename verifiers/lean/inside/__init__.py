"""Programs that run inside a sandbox beside Lean. They are read as text, never imported there."""
