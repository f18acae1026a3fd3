"""Pages that need no kernel: one HTML file, slides, a folder for a web server."""
