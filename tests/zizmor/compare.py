"""Both tools over the corpus, file by file: which `uses:` does each say isn't pinned?"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.path.dirname(HERE), "corpus", "github")
# What can't change without a change of the file.
FIRM = {"commit", "digest", "same-commit"}


def fail(text):
    print(f"  FAILED: {text}", file=sys.stderr)
    sys.exit(1)


def path_of(name):
    """Where a file of the corpus stands in a repository."""
    action = name.removesuffix(".action")
    return f".github/workflows/{name}.yml" if action == name else f".github/actions/{action}/action.yml"


def ours(binary, names, work):
    """By name: what the evidence of a build says isn't pinned."""
    root = os.path.join(work, "ours")
    for name in names:
        place = os.path.join(root, path_of(name))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(os.path.join(CORPUS, f"{name}.yml"), place)
    env = {"PATH": os.environ["PATH"], "HOME": work}
    line = [binary, "run", "--quiet", "--offline", "--sign", "never", "--", sys.executable, "-c", ""]
    done = subprocess.run(line, cwd=root, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(f"proofmark ended with {done.returncode}: {done.stderr}")
    with open(os.path.join(root, "proofmark.unsigned.jsonl"), encoding="utf-8") as file:
        statements = [json.loads(line) for line in file]
    kind = "urn:proofmark:build-evidence:v1"
    evidence = next(one["predicate"] for one in statements if one["predicateType"] == kind)
    found = {one["path"]: one for one in evidence["pipeline"]["value"]["definitions"]}
    return {name: unpinned(found[path_of(name)]) for name in names}


def unpinned(definition):
    uses = [one for one in definition.get("references", []) if one["kind"] == "uses"]
    return {one["text"] for one in uses if one["pin"] not in FIRM}


def theirs(zizmor, name, work):
    """What zizmor says isn't pinned; none where it doesn't read the file."""
    root = os.path.join(work, "theirs", name)
    place = os.path.join(root, path_of(name))
    os.makedirs(os.path.dirname(place))
    shutil.copy(os.path.join(CORPUS, f"{name}.yml"), place)
    line = [zizmor, "--offline", "--no-progress", "--format", "json", "--config", os.path.join(HERE, "zizmor.yml"), place]
    env = {"PATH": os.environ["PATH"], "HOME": work}
    done = subprocess.run(line, cwd=root, env=env, capture_output=True, text=True, check=False)
    try:
        findings = json.loads(done.stdout)
    except ValueError:
        return None
    found = set()
    for finding in findings:
        if finding["ident"] == "unpinned-uses":
            places = [one for one in finding["locations"] if one["symbolic"]["kind"] == "Primary"]
            found |= {one["concrete"]["feature"] for one in places}
    return found


def main():
    binary, zizmor = (os.path.abspath(one) for one in sys.argv[1:])
    with open(os.path.join(HERE, "differences.json"), encoding="utf-8") as file:
        told = json.load(file)
    names = sorted(name.removesuffix(".yml") for name in os.listdir(CORPUS) if name.endswith(".yml"))
    alone, unread, agreed = set(), set(), 0
    with tempfile.TemporaryDirectory() as work:
        readings = ours(binary, names, work)
        for name in names:
            reading = theirs(zizmor, name, work)
            if reading is None:
                unread.add(name)
                continue
            if missed := reading - readings[name]:
                fail(f"{name}: zizmor says that these aren't pinned, and proofmark that they are: {sorted(missed)}")
            alone |= {f"{name}: {text}" for text in readings[name] - reading}
            agreed += len(reading)
    for what, found in (("unread", unread), ("ours alone", alone)):
        if more := found - set(told[what]):
            fail(f"{what}, and not told in differences.json: {json.dumps(sorted(more), indent=2)}")
        if gone := set(told[what]) - found:
            fail(f"{what} by differences.json, and no longer so: {json.dumps(sorted(gone), indent=2)}")
    if agreed < 15:
        fail(f"only {agreed} references are unpinned to both: the corpus or the call is broken")
    print(f"  ok: {len(names)} files, {agreed} references unpinned to both, {len(alone)} to proofmark alone")


main()
