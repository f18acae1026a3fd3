"""anywidget classes: live in the page, two outputs each, so that a saved notebook never goes blank."""
