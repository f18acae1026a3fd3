"""nbtrack's own routes: journals in bulk, files by their digest, and the verbs of a store."""
