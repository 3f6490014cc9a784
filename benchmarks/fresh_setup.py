"""Set up both environments from nothing, with every pip that a newcomer's Python may bring.

    python -m benchmarks.fresh_setup PYTHON3.11 [PYTHON ...]     everything, minutes a case
    python -m benchmarks.fresh_setup --resolve PYTHON3.11        each lock by each pip, --dry-run

Each is the path of an interpreter. With the first, every pip of PIPS is tried; with the others,
the pip that they come with.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements-installer.txt",
    "requirements-build.txt",
    "requirements.txt",
    "requirements-dev.txt",
)

PIPS = ("22.3", "22.3.1", "23.0.1", "23.1.2", "23.2.1", "24.0")
"""What Python 3.11.0 to 3.11.8 came with. The newest pip is tried as well."""

CHECKS = {
    ".venv": (".venv/bin/ticketgraph", "--help"),
    ".venv-dev": (
        ".venv-dev/bin/python",
        "-m",
        "pytest",
        "-q",
        "tests/unit/test_locks.py",
    ),
}
"""By environment, a command that works when it was made well."""

OTHER_PIP = """#!/bin/sh
"{python}" "$@" || exit
case "$*" in "-m venv "*)
    for folder; do :; done
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade {pip}
esac
"""
"""A Python whose new environments have another pip than the one it came with."""


def main() -> None:
    """Exit status 1 when a case failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("python", nargs="+", type=Path)
    parser.add_argument(
        "--resolve", action="store_true", help="only resolve each lock by each pip"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="download everything in each case"
    )
    options = parser.parse_args()
    if options.no_cache:
        os.environ["PIP_NO_CACHE_DIR"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        run_cases = resolve_locks if options.resolve else set_up_all
        results = list(
            run_cases([python.absolute() for python in options.python], Path(folder))
        )
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


def set_up_all(pythons: list[Path], folder: Path) -> Iterator[bool]:
    """Both environments in a new clone, for each Python and pip."""
    cases = [(pythons[0], f"pip=={pip}") for pip in PIPS] + [(pythons[0], "pip")]
    for number, (python, pip) in enumerate(
        [*cases, *((python, None) for python in pythons[1:])]
    ):
        case = folder / str(number)
        run_command("git", "clone", "--quiet", str(ROOT), str(case / "clone"))
        shim = python if pip is None else write_shim(case / "python", python, pip)
        for environment in CHECKS:
            yield set_up(
                case / "clone", environment, shim, f"{python} {pip or 'its own pip'}"
            )
        run_command("rm", "-rf", str(case))


def write_shim(path: Path, python: Path, pip: str) -> Path:
    """An executable like `python`, but for the pip that its environments start with."""
    path.write_text(OTHER_PIP.format(python=python, pip=pip))
    path.chmod(0o755)
    return path


def set_up(clone: Path, environment: str, python: Path, title: str) -> bool:
    """Make one environment as `make run` and `make test` do, and try it. Prints MB and seconds."""
    begun = time.monotonic()
    made = run_command("make", f"{environment}/ready", f"PYTHON={python}", folder=clone)
    seconds = time.monotonic() - begun
    good = made and run_command(*CHECKS[environment], folder=clone)
    size = (
        sum(f.lstat().st_blocks for f in (clone / environment).rglob("*")) * 512 / 2**20
    )
    verdict = "good" if good else "FAILED"
    print(
        f"{verdict:7}{environment:10}{size:6.0f} MB {seconds:5.0f} s  {title}",
        flush=True,
    )
    return good


def resolve_locks(pythons: list[Path], folder: Path) -> Iterator[bool]:
    """Each lock by each pip, as many at once as there are processors.

    The packages are downloaded once; the pips find them there and need no index.
    """
    pips = [f"pip=={pip}" for pip in PIPS] + ["pip"]
    if not download_packages(make_pip(pythons[0], folder / "installer", "pip"), folder):
        yield False
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda pip: resolve_with(pip, pythons[0], folder), pips)
        for results in found:
            yield from results


def download_packages(python: Path, folder: Path) -> bool:
    """Into `folder`/packages, what is locked; and wheel, with which old pips build."""
    download = (str(python), "-m", "pip", "download", "--quiet", "--no-deps")
    locks = [argument for lock in LOCKS for argument in ("-r", str(ROOT / lock))]
    place = ("-d", str(folder / "packages"))
    return run_command(*download, "--require-hashes", *locks, *place) and run_command(
        *download, "wheel", *place
    )


def resolve_with(pip: str, python: Path, folder: Path) -> list[bool]:
    """Every lock by one pip. Prints a line a lock."""
    interpreter = make_pip(python, folder / pip, pip)
    results: list[bool] = []
    for lock in LOCKS:
        dry_run = (
            "install",
            "--quiet",
            "--dry-run",
            "--require-hashes",
            "-r",
            str(ROOT / lock),
        )
        places = ("--no-index", "--find-links", str(folder / "packages"))
        good = run_command(str(interpreter), "-m", "pip", *dry_run, *places)
        print(f"{'good' if good else 'FAILED':7}{pip:13}{lock}", flush=True)
        results.append(good)
    return results


def make_pip(python: Path, folder: Path, pip: str) -> Path:
    """The interpreter of a new environment that has this pip."""
    interpreter = folder / "bin" / "python"
    run_command(str(python), "-m", "venv", str(folder))
    run_command(str(interpreter), "-m", "pip", "install", "--quiet", "--upgrade", pip)
    return interpreter


def run_command(*command: str, folder: Path = ROOT) -> bool:
    """Whether it worked. What it said is printed when it did not."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(
            " ".join(command),
            done.stdout[-3000:],
            done.stderr[-3000:],
            sep="\n",
            flush=True,
        )
    return done.returncode == 0


if __name__ == "__main__":
    main()
