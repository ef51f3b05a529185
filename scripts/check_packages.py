#!/usr/bin/env python3
"""Holds all packages of Cargo.lock against deny.toml: licences, and versions of what the workspace names.

    scripts/check_packages.py        # offline, once `cargo fetch --locked` has been run

It does what CI needs of cargo-deny (https://embarkstudios.github.io/cargo-deny), which takes minutes to
compile and is not to be had compiled for this cargo; the file has cargo-deny's format.
"""
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def satisfied(expression, allowed):
    """Whether an SPDX expression (or cargo's old `A/B`) can be met by `allowed` licences."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either():
        met = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            # Both sides are read, whatever the first one is.
            met = both() or met
        return met

    def both():
        met = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one():
        token = tokens.pop(0)
        if token == "(":
            met = either()
            tokens.pop(0)
            return met
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token = f"{token} WITH {tokens.pop(0)}"
        return token in allowed

    return either()


def problems(packages, rules):
    """One line for each package that breaks a rule, and for each rule that no package needs."""
    allowed = set(rules["licenses"]["allow"])
    exceptions = {rule["crate"]: rule["allow"] for rule in rules["licenses"]["exceptions"]}
    clarified = {rule["crate"]: rule["expression"] for rule in rules["licenses"]["clarify"]}
    skipped = {rule["crate"] for rule in rules["bans"]["skip"]}
    ours = [package for package in packages if package["source"] is None]
    others = [package for package in packages if package["source"] is not None]
    named = {need["name"] for package in ours for need in package["dependencies"]}
    used = set()

    for package in others:
        name, version = package["name"], package["version"]
        expression = package["license"] or clarified.get(name)
        if package["license"] is None:
            used.add(name)
        if expression is None:
            yield f"{name} {version}: names no licence; say which in [[licenses.clarify]] of deny.toml"
        elif not satisfied(expression, allowed):
            used.add(name)
            if not satisfied(expression, allowed | set(exceptions.get(name, []))):
                yield f"{name} {version}: expected a licence that deny.toml allows, found {expression!r}"
        if not package["source"].startswith("registry+"):
            yield f"{name} {version}: expected a package of the registry, found {package['source']}"

    versions = {}
    for package in others:
        if package["name"] in named:
            versions.setdefault(package["name"], []).append(package["version"])
    for name, found in versions.items():
        skips = {f"{name}@{version}" for version in found} & skipped
        used |= skips if len(found) > 1 else set()
        if len(found) > 1 + len(skips):
            yield f"{name}: expected one version, found {', '.join(found)}; see [bans] of deny.toml"

    for rule in sorted({*exceptions, *clarified, *skipped} - used):
        yield f"deny.toml: no package needs the rule for {rule} any more; delete it"


def self_check():
    """The rules must be able to refuse."""
    for expression, expected in [
        ("MIT", True),
        ("GPL-3.0", False),
        ("GPL-3.0 OR MIT", True),
        ("GPL-3.0/MIT", True),
        ("GPL-3.0 AND MIT", False),
        ("MIT AND (GPL-3.0 OR ISC)", True),
        ("(GPL-3.0 OR ISC) AND GPL-3.0", False),
        ("Apache-2.0 WITH LLVM-exception", False),
    ]:
        assert satisfied(expression, {"MIT", "ISC", "Apache-2.0"}) == expected, expression
    package = {"name": "a", "version": "1", "license": "GPL-3.0", "source": "registry+"}
    copy = package | {"version": "2", "license": "MIT"}
    ours = {"source": None, "dependencies": [{"name": "a"}]}
    rules = {"licenses": {"allow": ["MIT"], "exceptions": [], "clarify": []}, "bans": {"skip": []}}
    found = " ".join(problems([ours, package, copy], rules))
    assert "found 'GPL-3.0'" in found and "found 1, 2" in found, found


def main():
    self_check()
    command = ["cargo", "metadata", "--locked", "--offline", "--all-features", "--format-version=1"]
    metadata = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    packages = json.loads(metadata)["packages"]
    found = list(problems(packages, tomllib.loads((ROOT / "deny.toml").read_text())))
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(packages)} packages, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
