"""The table of runs without a kernel under its old name; exported pages use it too, so it lives a floor lower."""

from nbtrack.views.run_summary import number_text, summary_html, summary_text

__all__ = ["number_text", "summary_html", "summary_text"]
