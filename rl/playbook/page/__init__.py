"""The report of a playbook, one HTML file."""
