"""Where a run was made (git, environment, hardware, datasets), and the redaction of secrets before storage."""
