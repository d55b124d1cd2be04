"""Transport: knows gRPC, knows no mathematics."""
