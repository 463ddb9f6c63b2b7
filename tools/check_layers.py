#!/usr/bin/env python3
"""Fails when a source file includes a module that does not lie below its own.

The one truth is the block marked ```layers in docs/architecture.md: a number, then the modules of that layer.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def read_layers():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"^```layers\n(.*?)^```", text, re.M | re.S)
    if not block:
        sys.exit("check_layers: docs/architecture.md has no ```layers block")
    layers = {}
    for line in block.group(1).splitlines():
        number, *modules = line.split()
        for module in modules:
            layers[module] = int(number)
    return layers


def main():
    layers = read_layers()
    problems = []
    src = ROOT / "src"
    for path in sorted(src.rglob("*")):
        if path.suffix not in {".h", ".cpp", ".inc"}:
            continue
        module = path.relative_to(src).parts[0]
        if module not in layers:
            problems.append(f"{path.relative_to(ROOT)}: folder '{module}' is not in docs/architecture.md")
            continue
        for included in INCLUDE.findall(path.read_text(encoding="utf-8")):
            target = included.split("/")[0]
            if "/" not in included or target not in layers:
                problems.append(f'{path.relative_to(ROOT)}: "{included}" is not a path from src/ into a known module')
            elif target != module and layers[target] >= layers[module]:
                problems.append(f"{path.relative_to(ROOT)}: {module} (layer {layers[module]}) may not include "
                                f"{included} (layer {layers[target]})")
    print("\n".join(problems) or "layers: every include points downwards")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
