"""Messages and service stubs, generated from proto/assayoffice/v1 by `make proto`."""
