"""Execution: processes that can be limited, watched and killed. Knows no answers and no wire."""
