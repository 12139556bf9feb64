#!/usr/bin/env python3
"""Whole processes side by side: proofmark, and what one would use in its place.

    python3 benches/compare.py target/release/proofmark

Everything runs in one go on one machine, the contenders in turn, pinned to the same two cores, over files that were read
once before. Shown is the median with the quickest and the slowest run. There is no limit that a run could fail: times
belong to a machine, ratios travel better. Linux only, with GNU time and OpenSSL; in-toto comes from the package index.
"""

import argparse
import contextlib
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv

IN_TOTO = "in-toto==3.1.0"
MIB = 1 << 20


# --- files ---------------------------------------------------------------------------------------------------------------


def make_tree(root, count, size):
    """`count` files of mixed sizes, `size` bytes in all, in folders up to four deep. The same at each call."""
    source = random.Random(20_000)
    # Many small files, few large ones, as in a checkout with what a build makes of it.
    sizes = [
        source.randint(*source.choices([(100, 4_000), (4_000, 20_000), (20_000, 60_000), (60_000, 600_000)], [60, 30, 9, 1])[0])
        for _ in range(count)
    ]
    scale = size / sum(sizes)
    pool = source.randbytes(4 * MIB)
    for number, wanted in enumerate(sizes):
        parts = [f"a{number % 7}", f"b{number // 7 % 11}", f"c{number // 77 % 5}", f"d{number // 385 % 3}"]
        folder = root.joinpath(*parts[: 1 + number % 4])
        folder.mkdir(parents=True, exist_ok=True)
        wanted = int(wanted * scale)
        start = source.randrange(len(pool) - wanted)
        # A serial number in front keeps any two files apart.
        folder.joinpath(f"file{number}.bin").write_bytes(number.to_bytes(8, "big") + pool[start : start + wanted])


def make_small(root, count):
    """`count` files of eight bytes, a thousand to a folder."""
    for number in range(count):
        folder = root / f"d{number // 1_000}"
        if number % 1_000 == 0:
            folder.mkdir(parents=True)
        folder.joinpath(f"f{number}").write_bytes(number.to_bytes(8, "big"))


def make_file(path, size):
    block = random.Random(1).randbytes(4 * MIB)
    with path.open("wb") as file:
        for number in range(size // len(block)):
            file.write(number.to_bytes(8, "big") + block[8:])


def read_all(root):
    """So that the page cache holds it for everyone."""
    for path in [root] if root.is_file() else root.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(MIB):
                    pass


# --- measuring -----------------------------------------------------------------------------------------------------------


class Run:
    """What one process took, with the children that it waited for."""

    def __init__(self, command, cwd):
        # What the one before left to be written must not be waited for by one that syncs its files.
        os.sync()
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        child.returncode = os.waitstatus_to_exitcode(status)
        child.stderr.close()
        if child.returncode != 0:
            sys.exit(f"{command} in {cwd}: exit {child.returncode}\n{said.decode(errors='replace')}")


def peak(command, cwd):
    """The largest resident set in MiB. By GNU time: a child of this process would be charged with Python's own memory."""
    with tempfile.NamedTemporaryFile("r") as out:
        Run(["/usr/bin/time", "-f", "%M", "-o", out.name, *command], cwd)
        return int(out.read().split()[-1]) / 1024


def interleaved(contenders, repeat):
    """{name: (command, folder)} -> {name: [Run, ..]}; one after the other, round by round."""
    runs = {name: [] for name in contenders}
    for _ in range(repeat):
        for name, (command, cwd) in contenders.items():
            runs[name].append(Run(command, cwd))
    return runs


def spread(values, unit="s", digits=2):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f} to {high:.{digits}f})"


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def ticks(pid):
    """User and system time of one process, without its children, in seconds; and its number of threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(fields[17])


def while_waiting(command, cwd, mark):
    """What a process burns over two seconds in which its command only sleeps."""
    mark.unlink(missing_ok=True)
    child = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not mark.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{command}: the command never started")
        time.sleep(0.01)
    time.sleep(0.3)
    before, _ = ticks(child.pid)
    time.sleep(2)
    after, threads = ticks(child.pid)
    child.wait()
    return after - before, threads


# --- what is compared ----------------------------------------------------------------------------------------------------


class Compare:
    def __init__(self, args, work):
        self.args = args
        self.work = work
        self.binary = str(args.binary.resolve(strict=True))
        self.key = str(work / "key")
        self.out = str(work / "out.sigstore.jsonl")
        self.rows = []
        self.notes = []
        Run([self.binary, "keygen", "--out", self.key], work)

    def attest(self, path, *more, out=None):
        """With the parent as the folder, so that nothing but `path` can be looked at."""
        command = [self.binary, "attest", path.name, *more, "--key", self.key, "-o", out or self.out, "--force", "--quiet"]
        return command, path.parent

    def run(self, folder, *command):
        return [
            *[self.binary, "run", "--key", self.key, "-a", "none", "--allow-no-artefacts"],
            *["--quiet", "--force", "-o", self.out, "--", *command],
        ], folder

    def row(self, what, ours, other, theirs, digits=2):
        ratio = median(ours, "wall") / median(theirs, "wall")
        times = [spread([run.wall for run in runs], digits=digits) for runs in (ours, theirs)]
        self.rows.append(f"| {what} | {times[0]} | {other}: {times[1]} | {ratio:.2f} |")

    def tree(self, tree):
        digest = "find {} -type f -print0 | xargs -0 {} openssl dgst -sha256"
        name = tree.name
        runs = interleaved(
            {
                "ours": self.attest(tree, "--tree"),
                "one": (["sh", "-c", digest.format(name, "")], tree.parent),
                "two": (["sh", "-c", digest.format(name, "-P 2 -n 1000")], tree.parent),
            },
            self.args.repeat,
        )
        what = f"`attest --tree`, {self.args.files:,} files, {self.args.size} MB"
        self.row(what, runs["ours"], "`find \\| xargs openssl dgst -sha256`", runs["one"])
        self.row(what, runs["ours"], "the same with `xargs -P 2 -n 1000`", runs["two"])

    def single(self, file):
        runs = interleaved(
            {
                "ours": self.attest(file),
                "openssl": (["openssl", "dgst", "-sha256", file.name], file.parent),
            },
            self.args.repeat,
        )
        self.row(f"`attest` of one file, {self.args.single} MiB", runs["ours"], "`openssl dgst -sha256`", runs["openssl"])

    def bracket(self, tree):
        home = self.work / "in-toto"
        venv.create(home, with_pip=True)
        pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input", IN_TOTO]
        for attempt in range(3):
            if subprocess.run(pip, stdin=subprocess.DEVNULL, check=False).returncode == 0:
                break
            time.sleep(5 * (attempt + 1))
        else:
            self.notes.append(f"{IN_TOTO} could not be installed, so it is not compared.")
            return
        links = self.work / "links"
        links.mkdir()
        theirs = [
            *[str(home / "bin/in-toto-run"), "-n", "step", "-m", ".", "-p", "."],
            *["--signing-key", self.key, "-d", str(links), "--", "true"],
        ]
        runs = interleaved({"ours": self.run(tree, "true"), "in-toto": (theirs, tree)}, self.args.repeat)
        what = f"`run -- true` around the same {self.args.files:,} files"
        self.row(what, runs["ours"], f"`in-toto-run` {IN_TOTO.rpartition('=')[2]}, materials and products", runs["in-toto"])

    def verify_one(self):
        file = self.work / "one" / "tool"
        file.parent.mkdir()
        file.write_bytes(b"small")
        bundle = str(self.work / "one.sigstore.jsonl")
        Run(*self.attest(file, out=bundle))
        command = [self.binary, "verify", str(file), "--key", f"{self.key}.pub", "-b", bundle]
        runs = interleaved({"ours": (command, self.work)}, max(20, self.args.repeat))["ours"]
        self.notes.append(
            f"`verify` of one small artefact: {spread([run.cpu * 1000 for run in runs], 'ms', 1)} of CPU time, "
            f"{spread([run.wall * 1000 for run in runs], 'ms', 1)} in all."
        )

    def verify_many(self, count=10_000):
        folder = self.work / "many" / "artefacts"
        make_small(folder, count)
        read_all(folder)
        bundle = str(self.work / "many.sigstore.jsonl")
        Run(*self.attest(folder, out=bundle))
        verify = [self.binary, "verify", str(folder), "--key", f"{self.key}.pub", "-b", bundle]
        runs = interleaved({"verify": (verify, self.work), "hash": self.attest(folder, "--tree")}, self.args.repeat)
        beyond = median(runs["verify"], "wall") - median(runs["hash"], "wall")
        self.notes.append(
            f"`verify` of {count:,} artefacts in one call: {spread([run.wall for run in runs['verify']])}; "
            f"{beyond * 1000:.0f} ms more than `attest --tree` of the same folder takes."
        )

    def memory(self, tree, file):
        self.notes.append(
            f"Peak memory: {peak(*self.attest(tree, '--tree')):.1f} MiB for `attest --tree` over the tree, "
            f"{peak(*self.run(tree, 'true')):.1f} MiB for `run` around it, {peak(*self.attest(file)):.1f} MiB for the one file."
        )

    def memory_a_file(self, few=1_000):
        many = self.args.many
        roots = {count: self.work / f"count{count}" / "files" for count in (few, many)}
        for count, root in roots.items():
            make_small(root, count)
        for what, command in [
            ("attest --tree", lambda root: self.attest(root, "--tree")),
            ("run", lambda root: self.run(root, "true")),
        ]:
            taken = {count: peak(*command(root)) for count, root in roots.items()}
            each = (taken[many] - taken[few]) * MIB / (many - few)
            self.notes.append(
                f"`{what}` over {many:,} files: {taken[many]:.1f} MiB, over {few:,}: {taken[few]:.1f} MiB; "
                f"{each:.0f} bytes for each file more."
            )

    def idle(self, tree):
        mark = self.work / "started"
        command, folder = self.run(tree, "sh", "-c", f"touch '{mark}'; sleep 3")
        busy, threads = while_waiting(command, folder, mark)
        self.notes.append(
            f"While the wrapped command runs, `run` itself took {busy * 1000:.0f} ms of CPU time in 2 s; it held {threads} threads."
        )


# --- the report ----------------------------------------------------------------------------------------------------------


def machine(cpus, binary):
    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    facts = pathlib.Path("/proc/cpuinfo").read_text()
    fields = dict(line.split(":", 1) for line in facts.splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    flags = fields.get("flags", fields.get("Features", "")).split()
    sha = "with" if {"sha_ni", "sha2"} & set(flags) else "without"
    model = fields.get("model name", platform.machine())
    return (
        f"{model}, {os.cpu_count()} cores, {sha} SHA-2 instructions; pinned to {cpus}; "
        f"{platform.system()} {platform.release()}; {said('openssl', 'version').split('(')[0].strip()}; {said(binary, '--version')}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path, help="proofmark, built with --release")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each contender (default: 7)")
    parser.add_argument("--files", type=int, default=20_000, help="files in the tree (default: 20000)")
    parser.add_argument("--size", type=int, default=275, metavar="MB", help="size of the tree (default: 275)")
    parser.add_argument("--single", type=int, default=1024, metavar="MIB", help="size of the one file (default: 1024)")
    parser.add_argument("--many", type=int, default=200_000, help="files of the memory test (default: 200000)")
    parser.add_argument("--cpus", default="0,1", help="cores to pin everything to (default: 0,1)")
    parser.add_argument("--folder", type=pathlib.Path, help="where the files are made (default: the system's temporary folder)")
    args = parser.parse_args()

    # Inherited by every child, so that all stand on the same cores; also what a child would count as available.
    os.sched_setaffinity(0, {int(cpu) for cpu in args.cpus.split(",")})
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(tempfile.mkdtemp(prefix="compare-", dir=args.folder))
        stack.callback(shutil.rmtree, work, ignore_errors=True)

        def say(what):
            print(f"{what} ..", file=sys.stderr, flush=True)

        say("making files")
        tree, file = work / "tree" / "files", work / "single" / "file.bin"
        make_tree(tree, args.files, args.size * 1_000_000)
        file.parent.mkdir()
        make_file(file, args.single * MIB)
        read_all(tree)
        read_all(file)

        compare = Compare(args, work)
        for what, step in [
            ("hashing a tree", lambda: compare.tree(tree)),
            ("hashing one file", lambda: compare.single(file)),
            ("around a command", lambda: compare.bracket(tree)),
            ("verifying one", compare.verify_one),
            ("verifying many", compare.verify_many),
            ("memory", lambda: compare.memory(tree, file)),
            ("memory for each file", compare.memory_a_file),
            ("while a command runs", lambda: compare.idle(tree)),
        ]:
            say(what)
            step()

    print(machine(args.cpus, compare.binary))
    print(f"Median of {args.repeat} runs (quickest to slowest), in turn, warm cache; a ratio below 1 is in proofmark's favour.\n")
    print("| what | proofmark | beside it | ratio |\n|---|---|---|---|")
    print("\n".join(compare.rows))
    print()
    print("\n".join(f"- {note}" for note in compare.notes))
    print(f"\nAgain: `python3 benches/compare.py {os.path.relpath(args.binary)}`")


if __name__ == "__main__":
    main()
