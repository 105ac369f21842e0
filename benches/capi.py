#!/usr/bin/env python3
"""What a scan through the C library costs beside one through Rust, and what opening an engine costs.

    benches/capi.py [--runs N] [--config TEXT] LIBRARY_FOLDER FOLDER

Compiles benches/capi.c against LIBRARY_FOLDER/libtamis.so (release), and compares it with capi/examples/through_rust.rs, which
was built into LIBRARY_FOLDER/examples: the same files of FOLDER, one thread, files read alike, verdicts not printed. Runs are
interleaved; what counts is the CPU time of the scans, opening left out. Prints lines for a record under benches/records/."""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(*command: str) -> dict:
    return json.loads("{" + subprocess.run(command, check=True, capture_output=True, text=True).stdout + "}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--config", default="")
    parser.add_argument("library", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    library = given.library.resolve()
    with tempfile.TemporaryDirectory() as work:
        through_c, files = f"{work}/capi", f"{work}/files"
        Path(f"{work}/libtamis.so.0").symlink_to(library / "libtamis.so")
        command = ["cc", "-std=c99", "-O2", str(HERE / "capi.c"), "-I", str(HERE.parent / "capi/include"), "-o", through_c]
        subprocess.run([*command, f"-L{library}", f"-Wl,-rpath,{work}", "-ltamis"], check=True)
        paths = sorted(str(path) for path in given.folder.rglob("*") if path.is_file())
        Path(files).write_text("".join(path + "\n" for path in paths))
        rust = str(library / "examples/through_rust")
        pairs, opens = [], []
        for number in range(given.runs):
            # Which one is first changes from pair to pair.
            order = [(through_c, "c"), (rust, "rust")][:: 1 if number % 2 else -1]
            got = {name: run(program, files, given.config) for program, name in order}
            assert got["c"]["accepted"] == got["rust"]["accepted"] and got["c"]["messages"] == len(paths), got
            pairs.append((got["c"]["cpu"], got["rust"]["cpu"]))
            opens.append(run(through_c, "/dev/null", given.config))
    ratios = [c / r for c, r in pairs]
    print(f"{len(paths)} messages, {given.runs} pairs; CPU s of the scans, C and Rust: "
          + ", ".join(f"{c:.2f}/{r:.2f}" for c, r in pairs))  # fmt: skip
    print(f"C over Rust, median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")
    print(f"opening: median {1000 * statistics.median(it['open_seconds'] for it in opens):.0f} ms, "
          f"most {1000 * max(it['open_seconds'] for it in opens):.0f} ms, {max(it['open_mb'] for it in opens):.0f} MB at its peak")  # fmt: skip


main()
