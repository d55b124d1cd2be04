"""What Lean has compiled, read without Lean: terms, modules, what they rest on, the audit."""
