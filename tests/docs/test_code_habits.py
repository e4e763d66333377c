"""What no line of MOMS does: run text as code, put values into SQL, start a shell, build markup from text.

Ruff looks for some of this as well; these laws read the source by themselves, and name each place that is excused.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "moms"
PAGES = ROOT / "web" / "src"
STATEMENTS = frozenset({"execute", "exec_driver_sql", "executemany", "text", "SQL"})
PATTERNS = frozenset({"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
OWN_WORDS_IN_SQL = {
    ("bench/crash.py", "name"): "a number of ours, on a server of its own",
    ("store/backup.py", "name"): "a table's name, from the list of tables",
    ("store/migrate.py", "extension"): "from the list of extensions above it",
    ("store/migrate.py", "role"): "from the list of roles above it",
}
OWN_PATTERNS = {
    ("desk/notices.py", "right[channel]"): "one of the patterns written above it",
    (
        "exchange/_mcase.py",
        "f'\\\\b{self.document.returns}\\\\.'",
    ): "a word of a case file that was read as an identifier",
    ("exchange/_mcase.py", "pattern"): "from the list of patterns of that file",
    ("values/shape.py", "self.pattern"): "written in the shape's own definition",
}
OWN_FORMATS = {("desk/chances.py", "meaning"): "one of the sentences written above it"}


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """Read every module, without the migrations: those run once, on names that they write themselves."""
    paths = [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]
    return tuple((path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))) for path in paths)


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield path, node


def name_of(call: ast.Call) -> str:
    """Give what is called: `execute` for `a.b.execute(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def imported() -> Iterator[tuple[str, str]]:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield path, node.module


def of_ours(node: ast.expr) -> bool:
    """Tell whether text stands in the source: a literal, a CONSTANT, or both joined."""
    if isinstance(node, ast.JoinedStr):
        return all(of_ours(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return of_ours(node.value)
    if isinstance(node, ast.BinOp):
        return of_ours(node.left) and of_ours(node.right)
    named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return isinstance(node, ast.Constant) or (bool(named) and named.lstrip("_").isupper())


def test_nothing_runs_text_as_code():
    for path, call in calls():
        if isinstance(call.func, ast.Name):
            assert call.func.id not in {"eval", "exec", "compile", "__import__"}, f"{path}:{call.lineno}"
        for word in call.keywords:
            if word.arg == "allow_pickle":
                assert isinstance(word.value, ast.Constant), path
                assert word.value.value is False, path
    tops = {(path, module.partition(".")[0]) for path, module in imported()}
    assert not [one for one in tops if one[1] in {"pickle", "marshal", "shelve", "dill", "yaml", "code", "runpy"}]


def test_no_xml_is_read():
    tops = {module.partition(".")[0] for _, module in imported()}
    assert not tops & {"xml", "lxml", "defusedxml", "xmltodict", "bs4", "html5lib"}


def test_sql_is_never_put_together_from_values():
    looked = 0
    for path, call in calls():
        if name_of(call) not in STATEMENTS or not call.args:
            continue
        looked += 1
        first = call.args[0]
        for part in getattr(first, "values", ()):
            if isinstance(part, ast.FormattedValue) and not of_ours(part):
                assert (path, ast.unparse(part.value)) in OWN_WORDS_IN_SQL, f"{path}:{call.lineno}"
        joined = isinstance(first, ast.BinOp) and not of_ours(first)
        assert not joined, f"{path}:{call.lineno} joins {ast.unparse(first)}"
        formatted = isinstance(first, ast.Call) and name_of(first) == "format"
        assert not formatted or of_sql(first), f"{path}:{call.lineno} formats a statement"
    assert looked > 50


def of_sql(call: ast.expr) -> bool:
    """Tell whether it is psycopg's own way: `SQL("...").format(Identifier(...))`, which quotes."""
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    before = call.func.value
    return isinstance(before, ast.Call) and name_of(before) == "SQL" and of_ours(before.args[0])


def test_no_program_is_started_through_a_shell():
    for path, call in calls():
        where = f"{path}:{call.lineno}"
        assert not any(word.arg == "shell" for word in call.keywords), where
        if (
            isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "os"
        ):
            assert call.func.attr not in {"system", "popen", "spawnl", "spawnv"}, where


def test_no_pattern_is_made_from_text():
    looked = 0
    for path, call in calls():
        function = call.func
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
            continue
        if function.value.id == "re" and function.attr in PATTERNS:
            looked += 1
            pattern = call.args[0]
            excused = (path, ast.unparse(pattern)) in OWN_PATTERNS
            assert excused or of_ours(pattern), f"{path}:{call.lineno} {ast.unparse(pattern)}"
    assert looked > 30


def test_no_text_from_outside_is_a_format():
    for path, call in calls():
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in {"format", "format_map"}:
            continue
        what = call.func.value
        fine = of_ours(what) or of_sql(call) or (path, ast.unparse(what)) in OWN_FORMATS
        assert fine or is_a_formatter(call), f"{path}:{call.lineno} {ast.unparse(call)}"


def is_a_formatter(call: ast.Call) -> bool:
    """Tell whether a formatter is handed a record, and no text is filled in."""
    assert isinstance(call.func, ast.Attribute)
    return bool(call.args) and ast.unparse(call.args[0]) == "record"


def test_no_weak_hash_is_used():
    used = {call.func.attr for _, call in calls() if isinstance(call.func, ast.Attribute)
            and ast.unparse(call.func.value) == "hashlib"}  # fmt: skip
    assert used == {"sha256"}


def test_cryptography_comes_from_known_libraries_alone():
    tops = {module.partition(".")[0] for _, module in imported()}
    assert {"hashlib", "hmac", "secrets", "ssl", "argon2"} <= tops
    assert not tops & {
        "crypt",
        "Crypto",
        "Cryptodome",
        "nacl",
        "jwt",
        "jose",
        "rsa",
        "ecdsa",
        "OpenSSL",
    }
    # With `cryptography` certificates are read and anchors signed, and nothing else; what a provider signs, `joserfc`
    # checks, and what a passkey signs, `webauthn`.
    for library, wanted in (
        ("cryptography", {"portal/certificates.py", "store/signing.py"}),
        ("joserfc", {"exchange/provider.py"}),
        ("webauthn", {"portal/passkeys.py"}),
    ):
        users = {path for path, module in imported() if module.partition(".")[0] == library}
        assert users == wanted, users
    assert "random" not in {module for path, module in imported() if path.startswith(("portal/", "wiring/people"))}


NEVER_IN_PAGES = {
    "pages_build_no_markup_from_text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\{@html|srcdoc",
    "pages_link_to_no_scheme_but_their_own": r"javascript:|vbscript:|[\"'`]data:",
    "pages_run_no_text": r"\beval\(|new Function\(|set(?:Timeout|Interval)\(\s*[\"'`]",
    "pages_write_no_prototype": r"__proto__|setPrototypeOf|\.prototype\b|constructor\[",
    "pages_bring_no_plugin": r"<(?:embed|object|applet|iframe)\b",
}


def pages_never(name: str) -> None:
    """See that no file of the pages has it."""
    paths = [path for path in sorted(PAGES.rglob("*")) if path.suffix in {".ts", ".svelte", ".js", ".html"}]
    assert len(paths) > 20
    for path in [*paths, ROOT / "web" / "index.html"]:
        found = re.search(NEVER_IN_PAGES[name], path.read_text("utf-8"))
        assert found is None, f"{path.name} has {found[0]!r}"


def test_pages_build_no_markup_from_text():
    pages_never("pages_build_no_markup_from_text")


def test_pages_link_to_no_scheme_but_their_own():
    pages_never("pages_link_to_no_scheme_but_their_own")


def test_pages_run_no_text():
    pages_never("pages_run_no_text")


def test_pages_write_no_prototype():
    pages_never("pages_write_no_prototype")


def test_pages_bring_no_plugin():
    pages_never("pages_bring_no_plugin")


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("pages_build_no_markup_from_text", "<p>{@html text}</p>"),
        ("pages_link_to_no_scheme_but_their_own", "<a href='javascript:x'>"),
        ("pages_run_no_text", "setTimeout('x', 1)"),
        ("pages_write_no_prototype", "Map.prototype.get"),
        ("pages_bring_no_plugin", "<iframe src=x>"),
    ],
)
def test_the_laws_of_the_pages_would_see_it(name: str, bad: str):
    assert re.search(NEVER_IN_PAGES[name], bad)
