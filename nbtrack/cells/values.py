"""What an expression's value may be, hold or call: the names it shares an object with, its type, its code."""

from __future__ import annotations

import ast
import re

from nbtrack.cells.known import COPIES, DATA, IMMUTABLE, LOOKS, OPAQUE, RESULTS, SAME, SKLEARN_DRAWS, TABLES, VIEWS
from nbtrack.cells.world import Code, World, dotted

_DISPLAYS: dict[type, str] = {
    ast.JoinedStr: "str",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.GeneratorExp: "generator",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_CONTAINERS = (ast.Tuple, ast.List, ast.Set)
_NONE: Code = frozenset()
_HANDS_ON = {
    "iter",
    "zip",
    "enumerate",
    "map",
    "filter",
    "reversed",
    "next",
    "getattr",
    "super",
    "partial",
    "wraps",
    "cycle",
    "chain",
    "tqdm",
    "trange",
}
LONGEST_PATH = 300
_PATH = re.compile(r"[^\s/*]*\.[A-Za-z]\w{0,9}$|.*[/\\]")


class Values:
    """Looks at expressions in a world.

    Attributes
    ----------
    world : World
    hidden : set of str
        Names of comprehensions and lambdas around, which are nobody else's.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.hidden: dict[str, ast.expr | None] = {}

    def full_name(self, node: ast.AST) -> str:
        """Return ``"numpy.random.seed"`` for ``np.random.seed``; "" for what is no part of a module."""
        path = dotted(node)
        if not path or path[0] in self.hidden or path[0] not in self.world.modules:
            return ""
        return ".".join([self.world.modules[path[0]], *path[1:]])

    def root(self, node: ast.AST) -> str | None:
        """Return the variable whose object `node` is or belongs to; None for a new object and for modules."""
        while True:
            if isinstance(node, ast.Name):
                if node.id in self.hidden:
                    origin = self.hidden[node.id]
                    return None if origin is None else self._root_of_hidden(node.id, origin)
                return None if node.id in self.world.modules else node.id
            if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
                node = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in LOOKS and node.func.attr not in SAME:
                    return None
                node = node.func.value
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in _HANDS_ON
                and node.args
            ):
                node = node.args[-1]
            else:
                return None

    def _root_of_hidden(self, name: str, origin: ast.expr) -> str | None:
        self.hidden[name] = None  # no circles
        try:
            return self.root(origin)
        finally:
            self.hidden[name] = origin

    # -- sharing -----------------------------------------------------------------------------------------------------

    def shares(self, node: ast.AST | None) -> set[str]:
        """Return the names that a value may share an object with."""
        if isinstance(node, ast.Call):
            return self._call_shares(node)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            root = self.root(node)
            if root is None or self.world.is_fixed(root):
                return set()
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and self._type(root) == "list":
                return set()
            is_part = not isinstance(node, ast.Name)
            return set() if is_part and self._type(root).startswith(TABLES) else {root}
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension_shares(node)
        return set[str]().union(*map(self.shares, parts_of(node)))

    def _comprehension_shares(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> set[str]:
        before = dict(self.hidden)
        for each in node.generators:
            self.hide(each.target, each.iter)
        part = node.value if isinstance(node, ast.DictComp) else node.elt
        found = self.shares(part)
        self.hidden = before
        return found

    def hide(self, target: ast.AST, origin: ast.expr | None) -> None:
        """Hide names of a comprehension or lambda; their objects come out of `origin`."""
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                self.hidden[name.id] = origin

    def _call_shares(self, node: ast.Call) -> set[str]:
        full, function = self.full_name(node.func), node.func
        if full:
            return self._library_shares(node, full)
        if isinstance(function, ast.Attribute):
            root = self.root(function.value)
            if root is None or self.world.is_fixed(root) or (function.attr in LOOKS and function.attr not in SAME):
                return set()
            is_copy = self._type(root).startswith(TABLES) or (
                self._type(root).startswith("numpy.") and function.attr not in VIEWS
            )
            return set() if is_copy else {root}
        if isinstance(function, ast.Name):
            if function.id in _HANDS_ON:
                return set[str]().union(*map(self.shares, node.args))
            if function.id in COPIES:
                return set()
        return self.own_call_shares(node)

    def own_call_shares(self, node: ast.Call) -> set[str]:
        """Return what the result of a user's function may share; of one that nobody knows, all it was given."""
        return self._arguments(node)

    def _library_shares(self, node: ast.Call, full: str) -> set[str]:
        name = full.rpartition(".")[2]
        if full in ("copy.deepcopy", "copy.copy"):
            return set()
        makes_object = name[:1].isupper() or name.startswith("make_")
        if (
            not makes_object
            and name not in _HANDS_ON
            and full.startswith(("numpy", "pandas", "scipy", "sklearn", "math", "random", "json"))
        ):
            return set()
        return {each for each in self._arguments(node) if not self._type(each).startswith(DATA)}

    def _arguments(self, node: ast.Call) -> set[str]:
        return set[str]().union(*map(self.shares, [*node.args, *node.keywords]))

    # -- types and code ----------------------------------------------------------------------------------------------

    def _type(self, name: str) -> str:
        return self.world.types.get(name, "")

    def type_of(self, node: ast.AST) -> str:
        """Return the type of a value as far as its text says it."""
        if isinstance(node, ast.Constant):
            return type(node.value).__name__
        if isinstance(node, ast.Name):
            return self._type(node.id)
        if isinstance(node, (ast.UnaryOp, ast.BinOp)):
            parts = [node.operand] if isinstance(node, ast.UnaryOp) else [node.left, node.right]
            kinds = {self.type_of(part) for part in parts}
            return kinds.pop() if len(kinds) == 1 and kinds <= IMMUTABLE else ""
        if isinstance(node, ast.Call):
            full = self.full_name(node.func) or (node.func.id if isinstance(node.func, ast.Name) else "")
            return RESULTS.get(full, "pandas.DataFrame" if full.startswith("pandas.read_") else "")
        return _DISPLAYS.get(type(node), "")

    def code_of(self, node: ast.AST | None) -> Code:
        """Return the functions and classes that a value is, or may call."""
        if isinstance(node, ast.Lambda):
            return frozenset([node])
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            root = self.root(node)
            return _NONE if root is None else self.world.code.get(root, _NONE)
        if isinstance(node, ast.Call):
            return self._call_code(node)
        if isinstance(node, COMPREHENSIONS):
            return self.code_of(node.value if isinstance(node, ast.DictComp) else node.elt)
        return _NONE.union(*map(self.code_of, parts_of(node)))

    def _call_code(self, node: ast.Call) -> Code:
        called = self.code_of(node.func)
        name = (dotted(node.func) or [""])[-1]
        classes = frozenset(each for each in called if isinstance(each, ast.ClassDef))
        if isinstance(node.func, ast.Attribute) and classes and not self.full_name(node.func):
            return classes if node.func.attr in SAME else _NONE  # a method's result
        if classes or name[:1].isupper() or name in _HANDS_ON or name.startswith("make_"):
            given = _NONE.union(*map(self.code_of, [*node.args, *node.keywords]))
            return classes | given
        return self.own_call_code(node)

    def own_call_code(self, node: ast.Call) -> Code:  # noqa: ARG002 - for who knows functions
        """Return the code in the result of a user's function."""
        return _NONE

    # -- files and random numbers --------------------------------------------------------------------------------------

    def paths_in(self, node: ast.AST) -> set[str]:
        """Return the paths of files that stand in an expression, or in variables that it reads."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value} if len(node.value) < LONGEST_PATH else set()
        found: set[str] = set()
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                if len(each.value) < LONGEST_PATH and _PATH.match(each.value):
                    found.add(each.value)
            elif isinstance(each, ast.Call) and (dotted(each.func) or [""])[-1] in ("Path", "PurePath"):
                found |= {str(part.value) for part in each.args if isinstance(part, ast.Constant)}
            elif isinstance(each, ast.Name) and each.id not in self.hidden:
                found |= self.world.paths.get(each.id, frozenset())
        return found

    def random_in(self, node: ast.AST) -> frozenset[str]:
        """Return whose random numbers a value will draw: a model of scikit-learn without ``random_state``."""
        found: set[str] = set()
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and self.draws_as_sklearn(each):
                found.add("numpy")
            elif isinstance(each, ast.Name):
                found |= self.world.random.get(each.id, frozenset())
        return frozenset(found)

    def draws_as_sklearn(self, node: ast.Call) -> bool:
        """Say whether a call of scikit-learn takes its random numbers from numpy's own."""
        full = self.full_name(node.func)
        name = full.rpartition(".")[2]
        given = {each.arg: each.value for each in node.keywords}
        state = given.get("random_state")
        is_given = state is not None and not (isinstance(state, ast.Constant) and state.value is None)
        if is_given or not full.startswith("sklearn"):
            return False
        shuffle = given.get("shuffle")
        says_no = isinstance(shuffle, ast.Constant) and shuffle.value is False
        says_yes = isinstance(shuffle, ast.Constant) and shuffle.value is True
        return (name in SKLEARN_DRAWS and not says_no) or (name.endswith("Fold") and says_yes)


def parts_of(node: ast.AST | None) -> list[ast.expr]:
    """Return the expressions of which a value is one, or which it holds."""
    if isinstance(node, _CONTAINERS):
        return node.elts
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, (ast.Starred, ast.Await, ast.NamedExpr, ast.keyword)):
        return [node.value]
    return []


def is_namespace(node: ast.AST) -> bool:
    """Say whether ``globals()[…] = `` and its like binds a variable."""
    return any(isinstance(each, ast.Call) and (dotted(each.func) or [""])[-1] in OPAQUE for each in ast.walk(node))
