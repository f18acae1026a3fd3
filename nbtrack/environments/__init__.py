"""Python environments made by uv from what a project or a run says it needs; kept by their content."""
