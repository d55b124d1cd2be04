"""What runs Lean, looks at sources before it, or checks again what it has compiled."""
