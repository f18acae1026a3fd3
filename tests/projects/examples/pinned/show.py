"""Says which version it finds, and where."""

import sys
from importlib.metadata import version

print(version("iniconfig"), sys.prefix)
