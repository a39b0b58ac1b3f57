# SPDX-License-Identifier: Apache-2.0
"""
Write the namespaces of ttapi-polars: one explicit, typed, documented method for each public measure.

A measure is a public function whose first parameter is an expression or a lazy frame. Run it after adding
one: ``uv run python tools/write_namespaces.py``. A test compares the files with what it would write.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "packages/ttapi-polars/src/ttapi_polars"
_LINE_MAX: Final = 102
_NAMESPACES: Final = frozenset({"expressions", "series", "frames"})
_BUILTINS: Final = frozenset({"pl", "None", "bool", "int", "float", "str", "tuple", "list", "dict", "object"})


@dataclass(frozen=True, slots=True)
class Measure:
    """A public function of the package, and the imports of the module that has it."""

    module: str
    node: ast.FunctionDef
    imports: dict[str, str]

    @property
    def name(self) -> str:
        """What the measure is called."""
        return self.node.name

    @property
    def kind(self) -> str:
        """What its first parameter is."""
        first = [*self.node.args.posonlyargs, *self.node.args.args]
        return ast.unparse(first[0].annotation) if first and first[0].annotation else ""

    @property
    def summary(self) -> str:
        """The first sentence of its documentation, without the full stop."""
        text = ast.get_docstring(self.node) or ""
        return " ".join(text.split("\n\n", maxsplit=1)[0].split()).rstrip(".")


@dataclass(frozen=True, slots=True)
class Style:
    """How a namespace speaks of the arguments and of the answer."""

    annotation: Callable[[str], str]
    answer: str
    body: Callable[[Measure, list[str]], str]


def measures() -> list[Measure]:
    """Return every function that the package exports, in the order of its modules."""
    face = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    found = []
    for node in face.body:
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        module = node.module.removeprefix("ttapi_polars.")
        if module in _NAMESPACES:
            continue
        tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
        functions = {item.name: item for item in tree.body if isinstance(item, ast.FunctionDef)}
        imports = dict(_imports(tree, node.module))
        found += [
            Measure(module, functions[alias.name], imports) for alias in node.names if alias.name in functions
        ]
    return found


def _imports(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Yield each name that annotations of a module can use, and the line that imports it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield from ((alias.name, f"from {node.module} import {alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, f"import {alias.name}") for alias in node.names if alias.asname is None)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, f"from {module} import {node.name}"
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, f"from {module} import {node.target.id}"
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, f"from {module} import {node.targets[0].id}"


def method(measure: Measure, style: Style, subject: str) -> str:
    """Return the source of a method that forwards to a measure, with the first argument bound."""
    arguments = measure.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    declared, passed = ["self"], [subject]
    for argument, default in list(zip(positional, defaults, strict=True))[1:]:
        declared.append(_declared(argument, default, style))
        passed.append(_passed(argument, style))
    if arguments.vararg:
        declared.append("*" + _declared(arguments.vararg, None, style))
        passed.append("*" + arguments.vararg.arg)
    elif arguments.kwonlyargs:
        declared.append("*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        declared.append(_declared(argument, default, style))
        passed.append(f"{argument.arg}={_passed(argument, style)}")
    return (
        f"    def {measure.name}({', '.join(declared)}) -> {style.answer}:\n"
        f"        {_documented(measure)}\n"
        f"        {style.body(measure, passed)}\n"
    )


def _documented(measure: Measure) -> str:
    line = f'"""{measure.summary}; see `ttapi_polars.{measure.name}`."""'
    if len(line) <= _LINE_MAX:
        return line
    return f'"""\n        {measure.summary}.\n\n        See `ttapi_polars.{measure.name}`.\n        """'


def _declared(argument: ast.arg, default: ast.expr | None, style: Style) -> str:
    assert argument.annotation is not None
    text = f"{argument.arg}: {style.annotation(ast.unparse(argument.annotation))}"
    return text if default is None else f"{text} = {ast.unparse(default)}"


def _passed(argument: ast.arg, style: Style) -> str:
    assert argument.annotation is not None
    annotation = ast.unparse(argument.annotation)
    if style.annotation(annotation) == annotation:
        return argument.arg
    if annotation == "pl.LazyFrame":
        return f"{argument.arg}.lazy()"
    if annotation == "pl.LazyFrame | None":
        return f"None if {argument.arg} is None else {argument.arg}.lazy()"
    return f"columns.add({argument.arg})"


def _called(measure: Measure, passed: list[str]) -> str:
    return f"{_bound(measure)}.{measure.name}({', '.join(passed)})"


def _bound(measure: Measure) -> str:
    """Return the name of its module; another one where a parameter has that name."""
    arguments = measure.node.args
    parameters = {argument.arg for argument in [*arguments.args, *arguments.kwonlyargs]}
    return f"{measure.module}_measures" if measure.module in parameters else measure.module


def _same(annotation: str) -> str:
    return annotation


EXPRESSIONS: Final = Style(_same, "pl.Expr", lambda m, p: f"return {_called(m, p)}")
LAZY_FRAMES: Final = Style(_same, "pl.LazyFrame", lambda m, p: f"return {_called(m, p)}")
FRAMES: Final = Style(
    lambda annotation: annotation.replace("pl.LazyFrame", "pl.DataFrame"),
    "pl.DataFrame",
    lambda m, p: f"return {_called(m, p)}.collect()",
)
SERIES: Final = Style(
    lambda annotation: annotation.replace("pl.Expr", "pl.Series"),
    "pl.Series",
    lambda m, p: (
        "columns = SeriesColumns(self._series)\n"
        f"        return columns.answer({_called(m, ['columns.first', *p[1:]])})"
    ),
)


def _head(title: str, chosen: list[Measure], *, also: str = "") -> str:
    names: set[str] = set()
    lines: set[str] = set()
    for measure in chosen:
        arguments = measure.node.args
        for argument in [*arguments.args, *arguments.kwonlyargs, *filter(None, [arguments.vararg])]:
            annotation = ast.unparse(argument.annotation) if argument.annotation else ""
            quoted = re.sub(r"'[^']*'", "", annotation)
            names |= set(re.findall(r"[A-Za-z_][\w.]*", quoted)) - _BUILTINS
        lines |= {
            line
            for name, line in measure.imports.items()
            if name in names and not name.startswith("pl") and name != "polars"
        }
    bound = {(measure.module, _bound(measure)) for measure in chosen}
    modules = sorted(name if name == called else f"{name} as {called}" for name, called in bound)
    lines |= {"import polars as pl", f"from ttapi_polars import {', '.join(modules)}", also}
    return (
        "# SPDX-License-Identifier: Apache-2.0\n"
        f'"""\n{title}\n\nWritten by tools/write_namespaces.py from the signatures of the measures.\n"""\n\n'
        "from __future__ import annotations\n\n" + "\n".join(sorted(lines)) + "\n\n"
    )


def _class(decorator: str, name: str, doc: str, parameter: tuple[str, str], methods: list[str]) -> str:
    attribute, type_ = parameter
    return (
        f'\n\n@pl.api.{decorator}("tt")\nclass {name}:\n    """{doc}"""\n\n'
        f"    def __init__(self, {attribute}: {type_}) -> None:\n        self._{attribute} = {attribute}\n\n"
        + "\n".join(methods)
    )


def sources() -> dict[str, str]:
    """Return the text of each namespace module, by file name."""
    every = measures()
    by_expression = [measure for measure in every if measure.kind.startswith("pl.Expr")]
    by_frame = [measure for measure in every if measure.kind == "pl.LazyFrame"]
    expressions = _head("The namespace ``tt`` on expressions.", by_expression) + _class(
        "register_expr_namespace",
        "ExpressionNamespace",
        "Market analytics on an expression, which is the first argument of each measure.",
        ("expression", "pl.Expr"),
        [method(measure, EXPRESSIONS, "self._expression") for measure in by_expression],
    )
    series = _head(
        "The namespace ``tt`` on series; a measure with one value a sample gives a series of one.",
        by_expression,
        also="from ttapi_polars.series_columns import SeriesColumns",
    ) + _class(
        "register_series_namespace",
        "SeriesNamespace",
        "Market analytics on a series, which is the first argument of each measure.",
        ("series", "pl.Series"),
        [method(measure, SERIES, "") for measure in by_expression],
    )
    frames = (
        _head("The namespace ``tt`` on frames, lazy and eager.", by_frame)
        + _class(
            "register_lazyframe_namespace",
            "LazyFrameNamespace",
            "Market analytics on a lazy frame, which is the first argument of each measure.",
            ("frame", "pl.LazyFrame"),
            [method(measure, LAZY_FRAMES, "self._frame") for measure in by_frame],
        )
        + _class(
            "register_dataframe_namespace",
            "DataFrameNamespace",
            "Market analytics on a frame, which is the first argument of each measure.",
            ("frame", "pl.DataFrame"),
            [method(measure, FRAMES, "self._frame.lazy()") for measure in by_frame],
        )
    )
    return {
        "expressions.py": _formatted(expressions),
        "series.py": _formatted(series),
        "frames.py": _formatted(frames),
    }


def _formatted(source: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    for step in (["check", "--quiet", "--select=I", "--fix-only", "-"], ["format", "--quiet", "-"]):
        command = [*ruff, *step, "--stdin-filename", str(PACKAGE / "expressions.py")]
        source = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    return source


if __name__ == "__main__":
    for file_name, text in sources().items():
        (PACKAGE / file_name).write_text(text, encoding="utf-8")
