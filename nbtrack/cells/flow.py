"""Walks statements in the order in which they run, and says of each what it does to names."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbtrack.cells import known
from nbtrack.cells.calls import Calls
from nbtrack.cells.effects import Effect, Summary
from nbtrack.cells.values import FUNCTIONS, is_namespace
from nbtrack.cells.world import Code, World, dotted, names_bound, params_of

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Flow(Calls):
    """Walks statements in a world, which changes on the way.

    Attributes
    ----------
    learned : dict
        Types of names after the cell, as the kernel saw them.
    """

    def __init__(self, world: World, summaries: dict[ast.AST, Summary] | None = None) -> None:
        super().__init__(world)
        self._summaries: dict[ast.AST, Summary] = {} if summaries is None else summaries
        self.learned: dict[str, str] = {}

    def run(self, statement: ast.stmt) -> Effect:
        """Return what a statement of a cell does."""
        self.effect, self.bound, self._summaries = Effect(), set(), {}
        self.statement(statement)
        self.effect.may_bind -= self.effect.binds
        return self.effect

    def header(self, statement: ast.With | ast.AsyncWith) -> Effect:
        """Return what the head of a ``with`` block does."""
        self.effect, self.bound, self._summaries = Effect(), set(), {}
        self._with_items(statement)
        return self.effect

    def extend(self, names: set[str]) -> None:
        """Forget what was known of names that somebody bound unseen."""
        for name in names:
            self.world.forget(name)

    # -- statements --------------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt]) -> None:
        """Walk statements one after the other."""
        for each in body:
            self.statement(each)

    def statement(self, node: ast.AST) -> None:
        """Walk one statement."""
        for kinds, walk in self._walks.items():
            if isinstance(node, kinds):
                walk(node)
                return
        if not isinstance(node, (ast.Global, ast.Nonlocal, ast.Pass)):
            for each in ast.iter_child_nodes(node):
                self.expr(each)

    @cached_property
    def _walks(self) -> dict[tuple[type, ...], Callable[[Any], None]]:
        return {
            (ast.Assign, ast.AnnAssign): self._assign,
            (ast.AugAssign,): self._augment,
            (ast.Import, ast.ImportFrom): self._import,
            _DEFS: self._define,
            (ast.ClassDef,): self._define_class,
            (ast.If,): self._if,
            _LOOPS: self._loop,
            (ast.With, ast.AsyncWith): self._with,
            (ast.Try, ast.TryStar): self._try,
            (ast.Match,): self._match,
            (ast.Delete,): self._delete,
        }

    def _if(self, node: ast.If) -> None:
        self.expr(node.test)
        self._branches([node.body, node.orelse])

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        self._with_items(node)
        self.block(node.body)

    def bind(self, name: str) -> None:
        """Note that a name is another object now, for certain as far as this block goes."""
        self.effect.binds.add(name)
        self.bound.add(name)
        self.world.forget(name)

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        self.expr(node.value)
        if node.value is None:
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            full = self.full_name(node.value)  # ``rnd = np.random`` is a module, too
            self._set(target, node.value)
            if full and isinstance(target, ast.Name):
                self.world.modules[target.id] = full

    def _set(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                known_of = [self._knowledge(each) for each in value.elts]
                for each, facts in zip(target.elts, known_of, strict=True):
                    self._set_known(each, *facts)
                return
            facts = self._knowledge(value)
            for each in target.elts:
                part = each.value if isinstance(each, ast.Starred) else each
                self._set_known(part, facts[0], facts[1], "", facts[3], facts[4])
            return
        self._set_known(target, *self._knowledge(value))

    def _knowledge(self, value: ast.expr) -> tuple[set[str], Code, str, frozenset[str], frozenset[str]]:
        return (
            self.shares(value),
            self.code_of(value),
            self.type_of(value),
            frozenset(self.paths_in(value)),
            self.random_in(value)
            if isinstance(value, (ast.Call, ast.Name, ast.Tuple, ast.List, ast.Dict))
            else frozenset(),
        )

    def _set_known(
        self, target: ast.expr, shares: set[str], code: Code, kind: str, paths: frozenset[str], random: frozenset[str]
    ) -> None:
        if isinstance(target, ast.Name):
            name = target.id
            self.bind(name)
            self.world.describe(name, code, kind or self.learned.get(name, ""), paths, random)
            if not self.world.is_fixed(name):
                self.world.share(name, shares - {name})
        elif isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self._set_known(each, shares, code, "", paths, random)
        elif isinstance(target, ast.Starred):
            self._set_known(target.value, shares, code, "list", paths, random)
        else:
            self._set_part(target, shares, code)

    def _set_part(self, target: ast.expr, shares: set[str], code: Code) -> None:
        """Walk ``df["a"] = …`` and ``model.x = …``: what the target belongs to changes, and holds the value from now on."""
        for each in ast.iter_child_nodes(target):
            self.expr(each)
        full = self.full_name(target.value if isinstance(target, ast.Subscript) else target)
        if full:
            package = full.partition(".")[0]
            is_world = full.startswith(("os.environ", "sys.path"))
            self.effect.changes.add("@world" if is_world else f"@mod:{known.FAMILIES.get(package, package)}")
            return
        root = self.root(target)
        if root is None:
            self.effect.is_opaque |= is_namespace(target)
            return
        self.change(root)
        if shares and not self.world.is_fixed(root):
            self.world.share(root, shares - {root})
        if code:
            self.world.code[root] = self.world.code.get(root, frozenset()) | code

    def _augment(self, node: ast.AugAssign) -> None:
        self.expr(node.value)
        if not isinstance(node.target, ast.Name):
            self._set_part(node.target, set(), frozenset())
            return
        name = node.target.id
        kind = self.world.types.get(name, "")
        self.read(name)
        self.effect.binds.add(name)
        if kind not in known.IMMUTABLE:
            self.effect.changes |= self.world.sharing(name)
        paths = self.paths_in(node.value)
        if paths:
            self.world.paths[name] = self.world.paths.get(name, frozenset()) | paths

    def named(self, name: str, value: ast.expr) -> None:
        """Bind a name within an expression."""
        self._set(ast.Name(name, ast.Store()), value)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.effect.is_opaque = True
                continue
            if isinstance(node, ast.Import):
                name = alias.asname or alias.name.partition(".")[0]
                module = alias.name if alias.asname else name
            else:
                name, module = alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
            self.bind(name)
            self.world.modules[name] = module
            origin = node.module if isinstance(node, ast.ImportFrom) else alias.name
            self.need(f"@file:{(origin or '').partition('.')[0]}.py")
        self.need("@world")

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for each in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            self.expr(each)
        registered = self._changed_by(node.decorator_list)
        wrapped = frozenset[ast.AST]().union(*map(self.code_of, node.decorator_list))
        self.bind(node.name)
        self.world.code[node.name] = frozenset([node]) | wrapped
        for name in registered:
            self.world.code[name] = self.world.code.get(name, frozenset()) | {node}
        self.world.defined[node.name] = node

    def _changed_by(self, decorators: list[ast.expr]) -> set[str]:
        """Return the names whose objects decorators change: they may keep what they decorate."""
        codes = frozenset[ast.AST]().union(*map(self.code_of, decorators))
        return set[str]().union(*(self.summary(each).effect.changes for each in codes if isinstance(each, FUNCTIONS)))

    def _define_class(self, node: ast.ClassDef) -> None:
        for each in (*node.decorator_list, *node.bases, *node.keywords):
            self.expr(each)
        for each in node.body:
            if isinstance(each, _DEFS):
                self.world.owners[each] = node
                for part in (*each.decorator_list, *each.args.defaults, *each.args.kw_defaults):
                    self.expr(part)
            elif not isinstance(each, ast.ClassDef):
                inner = Flow(self.world.inside(()), self._summaries)
                inner.statement(each)
                for name in inner.effect.reads:
                    self.need(name)
        self.bind(node.name)
        self.world.code[node.name] = frozenset([node])
        self.world.defined[node.name] = node

    def _branches(self, bodies: list[list[ast.stmt]]) -> None:
        """Walk bodies of which one runs: what all bind is bound, what some bind may be."""
        before, always = set(self.bound), None
        for body in bodies:
            self.bound = set(before)
            self.block(body)
            if body and isinstance(body[-1], (ast.Raise, ast.Return, ast.Continue, ast.Break)):
                continue
            always = set(self.bound) if always is None else always & self.bound
        self.bound = before if always is None else always
        self._weaken(before)

    def _weaken(self, before: set[str]) -> None:
        """Make of what was bound in one branch only a binding that may be."""
        unsure = self.effect.binds - self.bound - before
        self.effect.binds -= unsure
        self.effect.may_bind |= unsure

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        before = set(self.bound)
        if isinstance(node, ast.While):
            self.expr(node.test)
        else:
            self.expr(node.iter)
            self.iterate(node.iter)
            self._set(node.target, node.iter)
            self._forget_iterated(node.target, node.iter)
        self.block(node.body)
        self.block(node.body)  # what it did to sharing reaches its beginning
        self.bound = before
        self._weaken(before)
        self.block(node.orelse)
        self._weaken(before)

    def _forget_iterated(self, target: ast.AST, iterated: ast.expr) -> None:
        """Take away the type of what is gone through: an element has another."""
        for each in ast.walk(target):
            if isinstance(each, ast.Name):
                self.world.types.pop(each.id, None)
                if isinstance(iterated, ast.Call) and dotted(iterated.func) in (["range"], ["trange"]):
                    self.world.types[each.id] = "int"
                elif each.id in self.learned:
                    self.world.types[each.id] = self.learned[each.id]

    def _with_items(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.expr(item.context_expr)
            self.use(item.context_expr, ("__enter__", "__exit__", "__aenter__", "__aexit__"))
            if item.optional_vars is not None:
                self._set(item.optional_vars, item.context_expr)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self._branches([[*node.body, *node.orelse], *([*each.body] for each in node.handlers)])
        for handler in node.handlers:
            self.expr(handler.type)
            if handler.name:
                self.effect.reads.discard(handler.name)
        self.block(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        self.expr(node.subject)
        for case in node.cases:
            for name in names_bound([case.pattern])[0]:
                self.bind(name)
            self.expr(case.guard)
        self._branches([case.body for case in node.cases])

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.world.forget(target.id)
            else:
                for each in ast.iter_child_nodes(target):
                    self.expr(each)
                self.change(self.root(target))

    # -- functions ---------------------------------------------------------------------------------------------------

    def summary(self, node: ast.AST) -> Summary:
        """Return what calling a function does now, or what the methods of a class read."""
        if node not in self._summaries:
            self._summaries[node] = Summary()  # for functions that call themselves
            self._summaries[node] = (
                self._class_summary(node) if isinstance(node, ast.ClassDef) else self._function_summary(node)
            )
        return self._summaries[node]

    def _class_summary(self, node: ast.ClassDef) -> Summary:
        made = Summary()
        for each in node.body:
            if isinstance(each, _DEFS):
                made.effect.reads |= self.summary(each).effect.reads
        for base in node.bases:
            above = self.world.defined.get(base.id) if isinstance(base, ast.Name) else None
            if isinstance(above, ast.ClassDef):
                made.effect.reads |= self.summary(above).effect.reads | {above.name}
        return made

    def _function_summary(self, node: ast.AST) -> Summary:
        if not isinstance(node, FUNCTIONS):
            return Summary()
        body: list[ast.stmt] = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        params = params_of(node)
        own, free = names_bound(body)
        own |= set(params)
        inner = Flow(self.world.inside(own), self._summaries)
        owner = self.world.owners.get(node)
        if owner is not None and params:
            inner.world.code[params[0]] = frozenset([owner])
        inner.bound = set(own)
        inner.block(body)
        effect, made = inner.effect, Summary()
        made.changed_params = effect.changes & set(params)
        made.effect = Effect(
            effect.reads - own,
            set(),
            {name for name in effect.binds | effect.may_bind if name in free or name.startswith("@")},
            effect.changes - own,
            effect.logs,
            effect.is_opaque,
        )
        for each in ast.walk(node):
            if isinstance(each, ast.Return) or (isinstance(each, ast.Yield) and each.value is not None):
                self._returned(inner, each.value, made)
        if isinstance(node, ast.Lambda):
            self._returned(inner, node.body, made)
        return made

    def _returned(self, inner: Flow, value: ast.expr | None, made: Summary) -> None:
        made.returns |= set[str]().union(*map(inner.world.sharing, inner.shares(value)))
        made.code |= inner.code_of(value)

    def own_call_shares(self, node: ast.Call) -> set[str]:
        """Return what the result of a user's function may share: of its arguments, or of the module's names."""
        codes = self.code_of(node.func)
        functions = [each for each in codes if isinstance(each, FUNCTIONS)]
        if not functions or len(functions) < len(codes):
            return super().own_call_shares(node)
        found: set[str] = set()
        for code in functions:
            returns, params = self.summary(code).returns, params_of(code)
            found |= returns - names_bound(code.body if isinstance(code.body, list) else [])[0] - set(params)
            for i, each in enumerate(node.args):
                if i >= len(params) or params[i] in returns or isinstance(each, ast.Starred):
                    found |= self.shares(each)
            for keyword in node.keywords:
                if keyword.arg is None or keyword.arg in returns:
                    found |= self.shares(keyword.value)
        return found

    def own_call_code(self, node: ast.Call) -> Code:
        """Return the functions and classes in the result of a user's function."""
        found: Code = frozenset()
        for each in self.code_of(node.func):
            if isinstance(each, FUNCTIONS):
                found |= self.summary(each).code
        return found
