"""The notebook's door: ``%%track``, ``%track`` and ``%runs``."""
