"""Keeps account of what a statement does: names that it reads, binds and changes, random numbers that it draws, files that it writes."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from nbtrack.cells import known
from nbtrack.cells.effects import Effect, Summary
from nbtrack.cells.values import FUNCTIONS, Values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbtrack.cells.world import World

_BUILTINS = frozenset(dir(builtins))


class Marks(Values):
    """Notes what is done.

    Attributes
    ----------
    effect : Effect
        Of all that was walked so far.
    bound : set of str
        Names that were bound on the way for certain: reading them is nobody else's matter.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.effect = Effect()
        self.bound: set[str] = set()

    def summary(self, node: ast.AST) -> Summary:
        """Return what calling a function does; for who walks statements."""
        raise NotImplementedError

    # -- names -------------------------------------------------------------------------------------------------------

    def read(self, name: str) -> None:
        """Note that a name is read, and with it what its functions read."""
        if name in self.hidden:
            return
        self.need(name)
        module = self.world.modules.get(name)
        if module is not None:
            self._use_module(module)
        for node in self.world.code.get(name, ()):
            found = self.summary(node).effect
            if isinstance(node, FUNCTIONS):
                self.apply(found)  # whoever gets it may call it
            else:
                for each in found.reads:
                    self.need(each)

    def need(self, name: str) -> None:
        """Note that a name is read whose object is of before the statement."""
        if name not in self.bound and (name not in _BUILTINS or name in self.world.types):
            self.effect.reads.add(name)

    def _use_module(self, module: str) -> None:
        package = module.partition(".")[0]
        self.need(f"@mod:{known.FAMILIES.get(package, package)}")
        domain = known.MAY_DRAW.get(package)
        if domain in self.world.seeded:
            self.need(f"@seed:{domain}")

    def change(self, name: str | None) -> None:
        """Note that the object of a name changes, and so those of all names that may share it."""
        if (
            name is None
            or name in self.hidden
            or self.world.types.get(name) in known.IMMUTABLE
            or name in self.world.modules
        ):
            return
        self.effect.changes |= self.world.sharing(name)
        self.need(name)

    def draw(self, domains: Iterable[str]) -> None:
        """Note that random numbers are drawn; it matters where they were seeded."""
        for domain in domains:
            if domain in self.world.seeded:
                self.need(f"@rng:{domain}")
                self.need(f"@seed:{domain}")
                self.effect.changes.add(f"@rng:{domain}")

    def bind_token(self, token: str) -> None:
        """Note that what is no variable is new."""
        self.effect.binds.add(token)
        self.bound.add(token)

    def apply(self, called: Effect) -> None:
        """Note what a called function does."""
        for name in called.reads:
            self.need(name)
        self.effect.may_bind |= called.binds | called.may_bind
        for name in called.changes:
            self.effect.changes |= {name} if name.startswith("@") else self.world.sharing(name)
        self.effect.logs += called.logs
        self.effect.is_opaque |= called.is_opaque

    # -- files ---------------------------------------------------------------------------------------------------------

    def files(self, node: ast.Call, name: str) -> None:
        """Note which files a call writes, and which it may read."""
        parts: list[ast.AST] = [*node.args, *node.keywords]
        if isinstance(node.func, ast.Attribute):
            parts.append(node.func.value)
        paths = set[str]().union(*map(self.paths_in, parts))
        if name in known.MAKES:
            paths |= {
                each.value
                for part in parts
                for each in ast.walk(part)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
        package = self.full_name(node.func).partition(".")[0]
        mode = _mode(node) if name == "open" else ""
        moves = name in known.MOVES and package in ("os", "shutil", "subprocess")
        writes = name in known.WRITES or moves or bool(set(mode) & set("wax+"))
        has_file = any(PurePosixPath(path).suffix for path in paths)
        for path in paths:
            for above in PurePosixPath(path).parents:
                self.need(f"@file:{above}")
            is_folder = has_file and not PurePosixPath(path).suffix
            if name in known.MAKES or (writes and "a" in mode and not is_folder):
                self.need(f"@file:{path}")
                self.effect.changes.add(f"@file:{path}")
            elif writes and not is_folder:
                self.bind_token(f"@file:{path}")
            else:
                self.need(f"@file:{path}")


def _mode(node: ast.Call) -> str:
    """Return the mode that a call of ``open`` gives."""
    at = 0 if isinstance(node.func, ast.Attribute) else 1
    modes = [each.value for each in node.keywords if each.arg == "mode"] + list(node.args[at : at + 1])
    texts = [str(each.value) for each in modes if isinstance(each, ast.Constant)]
    return next((text for text in texts if re.fullmatch(r"[rwaxbt+]{1,4}", text)), "")
