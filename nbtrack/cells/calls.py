"""What calls and other expressions do: which names they read, whose objects they change, what they log and write."""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING

from nbtrack.cells import known
from nbtrack.cells.effects import Logged
from nbtrack.cells.marks import Marks
from nbtrack.cells.values import COMPREHENSIONS, FUNCTIONS
from nbtrack.cells.world import dotted, params_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOGGERS = ("log_metric", "log_metrics")
_WORLD = ("os.environ", "os.chdir", "os.putenv", "sys.path")
_BUILTINS = frozenset(dir(builtins))


class Calls(Marks):
    """Walks expressions and notes what they do."""

    # -- expressions -------------------------------------------------------------------------------------------------

    def expr(self, node: ast.AST | None) -> None:
        """Walk an expression."""
        if node is None:
            return
        if isinstance(node, ast.Name):
            self.read(node.id)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, COMPREHENSIONS):
            self._comprehension(node)
        elif isinstance(node, ast.Lambda):
            self.apply(self.summary(node).effect)
        elif isinstance(node, ast.NamedExpr):
            self.expr(node.value)
            self.named(node.target.id, node.value)
        else:
            for each in ast.iter_child_nodes(node):
                self.expr(each)

    def named(self, name: str, value: ast.expr) -> None:
        """Bind a name within an expression; for who walks statements."""
        raise NotImplementedError

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        before = dict(self.hidden)
        for each in node.generators:
            self.expr(each.iter)
            self.iterate(each.iter)
            self.hide(each.target, each.iter)
            for condition in each.ifs:
                self.expr(condition)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.expr(part)
        self.hidden = before

    def iterate(self, node: ast.expr) -> None:
        """Note that something is gone through: an iterator is another after it."""
        for each in [node, *(node.args if isinstance(node, ast.Call) else [])]:
            if isinstance(each, ast.Name) and self._type(each.id) in known.ITERATORS:
                self.change(each.id)
            self.use(each, ("__iter__", "__next__"))

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> None:
        full = self.full_name(node.func)
        name = (dotted(node.func) or [getattr(node.func, "attr", "")])[-1]
        self._callee(node)
        for each in (*node.args, *node.keywords):
            self.expr(each)
        self._given(node)
        self.files(node, name)
        if name in _LOGGERS:
            self.effect.logs += logged_by(node, name)
        elif full:
            self._library(node, full)
        elif isinstance(node.func, ast.Attribute):
            self._method(node, node.func)
        elif isinstance(node.func, ast.Name):
            self._function(node, node.func.id)

    def _callee(self, node: ast.Call) -> None:
        """Walk what is called; a function of the user's is applied with its arguments, not as a value."""
        function = node.func
        if isinstance(function, ast.Name) and function.id not in self.hidden and function.id in self.world.code:
            self.need(function.id)
            for code in self.world.code[function.id]:
                self.apply(self.summary(code).effect)
        else:
            self.expr(function)

    def _given(self, node: ast.Call) -> None:
        """Note arguments that are used up: iterators, and generators of random numbers."""
        for each in (*node.args, *(keyword.value for keyword in node.keywords)):
            part = each.value if isinstance(each, ast.Starred) else each
            if isinstance(part, ast.Name) and self._type(part.id) in known.ITERATORS | known.GENERATORS:
                self.change(part.id)

    def _library(self, node: ast.Call, full: str) -> None:
        package, name = full.partition(".")[0], full.rpartition(".")[2]
        if full in known.SEEDS:
            for domain in known.SEEDS[full]:
                self.world.seeded.add(domain)
                self.effect.reads -= {f"@rng:{domain}", f"@seed:{domain}"}
                self.bind_token(f"@rng:{domain}")
                self.bind_token(f"@seed:{domain}")
            return
        if full.startswith(_WORLD):
            if name not in known.LOOKS:
                self.effect.changes.add("@world")
            return
        if full.startswith(("numpy.random.", "random.")) and name not in known.DRAWS_NOT:
            self.draw([package])
        elif (
            package == "torch"
            and (name.startswith("rand") or name in ("normal", "multinomial", "bernoulli", "dropout"))
        ) or (full.startswith(("torch.nn.", "torch.utils.data.")) and name[:1].isupper()):
            self.draw(["torch"])
        elif self.draws_as_sklearn(node) or self._draws_by_argument(node, package):
            self.draw(["numpy"])
        if name in known.SETTINGS or name.startswith("set") or name == "autolog" or full == "importlib.reload":
            self._change_module(node, full, package)
        at = known.CHANGES_FIRST.get(full, 0 if full.startswith("torch.nn.init.") else None)
        if at is not None and len(node.args) > at:
            self.change(self.root(node.args[at]))
        for keyword in node.keywords:
            if keyword.arg == "out":
                self.change(self.root(keyword.value))

    def _draws_by_argument(self, node: ast.Call, package: str) -> bool:
        """Say whether a function of scikit-learn is given a model that draws."""
        return package == "sklearn" and any(self.random_in(each) for each in node.args)

    def _change_module(self, node: ast.Call, full: str, package: str) -> None:
        if full == "importlib.reload" and node.args:
            package = self.full_name(node.args[0]).partition(".")[0] or package
        self.effect.changes.add(f"@mod:{known.FAMILIES.get(package, package)}")

    def _function(self, node: ast.Call, name: str) -> None:
        if name in known.OPAQUE and name not in self.world.code:
            self.effect.is_opaque = True
        at = known.CHANGES_FIRST.get(name)
        if at is not None and len(node.args) > at and name not in self.world.code:
            self.change(self.root(node.args[at]))
        for code in self.world.code.get(name, ()):
            if isinstance(code, ast.ClassDef) and self.world.defined.get(name) is code:
                init = self.method_of(code, "__init__")
                if init is not None:
                    self.call_method(node, init, None)
            elif isinstance(code, ast.ClassDef):
                for hook in ("__call__", "forward"):
                    found = self.method_of(code, hook)
                    if found is not None:
                        self.call_method(node, found, name)
            else:
                self._change_given(node, code, self.summary(code).changed_params)
        if self.world.random.get(name):
            self.draw(self.world.random[name])

    def _method(self, node: ast.Call, function: ast.Attribute) -> None:
        root, name = self.root(function.value), function.attr
        if root is None:
            return
        self.draw(self.world.random.get(root, frozenset()) if name.startswith("fit") else ())
        found = [self.method_of(code, name) for code in self.world.code.get(root, ()) if isinstance(code, ast.ClassDef)]
        own = [each for each in found if each is not None]
        for method in own:
            self.call_method(node, method, root)
        if not own and self._changes_receiver(node, root, name):
            self.change(root)
            if name in known.TAKES:
                self.hold(root, [*node.args, *node.keywords])
        if (
            self._type(root).startswith("pandas")
            and name == "sample"
            and not any(k.arg == "random_state" for k in node.keywords)
        ):
            self.draw(["numpy"])

    def hold(self, name: str, values: Iterable[ast.AST]) -> None:
        """Note that the object of a name holds values from now on: ``models.append(model)``."""
        for value in values:
            shares, code = self.shares(value), self.code_of(value)
            if shares and not self.world.is_fixed(name):
                self.world.share(name, shares - {name})
            if code:
                self.world.code[name] = self.world.code.get(name, frozenset()) | code

    def use(self, node: ast.AST, hooks: Iterable[str]) -> None:
        """Note what the special methods of a user's object do, as ``with`` and ``for`` call them."""
        root = self.root(node)
        for code in self.world.code.get(root or "", ()):
            for hook in hooks:
                method = self.method_of(code, hook) if isinstance(code, ast.ClassDef) else None
                if method is not None:
                    found = self.summary(method)
                    self.apply(found.effect)
                    if params_of(method)[:1] and params_of(method)[0] in found.changed_params:
                        self.change(root)

    def _changes_receiver(self, node: ast.Call, root: str, name: str) -> bool:
        kind = self._type(root)
        if any(
            k.arg == "inplace" and not (isinstance(k.value, ast.Constant) and k.value.value is False)
            for k in node.keywords
        ):
            return True
        if kind in known.GENERATORS or kind in known.ITERATORS:
            return True
        if kind.startswith((*known.TABLES, "numpy.")) and kind not in known.GENERATORS:
            return name in known.TABLE_CHANGES
        return name not in known.LOOKS and not name.startswith(known.LOOKS_AT)

    def method_of(self, node: ast.ClassDef, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """Return a method of a user's class, or of the user's classes that it is derived from."""
        for each in node.body:
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each.name == name:
                return each
        for base in node.bases:
            above = self.world.defined.get(base.id) if isinstance(base, ast.Name) else None
            if isinstance(above, ast.ClassDef) and above is not node:
                found = self.method_of(above, name)
                if found is not None:
                    return found
        return None

    def call_method(self, node: ast.Call, method: ast.FunctionDef | ast.AsyncFunctionDef, root: str | None) -> None:
        """Note what a method of a user's class does to its object `root` and to its arguments."""
        found = self.summary(method)
        self.apply(found.effect)
        params = params_of(method)
        if params and params[0] in found.changed_params:
            self.change(root)
        self._change_given(node, method, found.changed_params, n_before=1)

    def _change_given(self, node: ast.Call, code: ast.AST, changed: set[str], n_before: int = 0) -> None:
        """Note which arguments a call changes, from the names of the parameters that the function changes."""
        if not changed or not isinstance(code, FUNCTIONS):
            return
        params = params_of(code)[n_before:]
        given = {*params[: len(node.args)], *(keyword.arg for keyword in node.keywords)}
        if isinstance(node.func, ast.Name) and changed & set(params) - given:
            self.change(node.func.id)  # a default that remembers
        for i, each in enumerate(node.args):
            if isinstance(each, ast.Starred) or i >= len(params) or params[i] in changed:
                self._change_value(each)
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in changed:
                self._change_value(keyword.value)

    def _change_value(self, node: ast.expr) -> None:
        for name in self.shares(node) | {self.root(node) or ""} - {""}:
            self.change(name)


def logged_by(node: ast.Call, name: str) -> list[Logged]:
    """Return what a call of ``log_metric`` or ``log_metrics`` logs."""
    given = next(iter(node.args), None) or next((k.value for k in node.keywords if k.arg in ("key", "metrics")), None)
    if name == "log_metric":
        return [_key(node, given)]
    if isinstance(given, ast.Dict):
        return [_key(node, key) for key in given.keys]
    return [Logged(node)]


def _key(node: ast.Call, key: ast.AST | None) -> Logged:
    if isinstance(key, ast.Constant):
        return Logged(node, key=str(key.value))
    if isinstance(key, ast.JoinedStr):
        parts = [re.escape(str(each.value)) if isinstance(each, ast.Constant) else ".*" for each in key.values]
        return Logged(node, pattern="".join(parts))
    return Logged(node)
