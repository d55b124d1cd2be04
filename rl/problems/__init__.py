"""Problems of data sets: read from any row form that is known, written in the schema of verl."""
