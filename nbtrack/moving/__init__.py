"""Runs and models that come from elsewhere, or go there: other trackers' files and servers, other stores."""
