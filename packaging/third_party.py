#!/usr/bin/env python3
"""What the package contains of others: its licences and its bill of materials (SPDX 2.3).

usage: third_party.py --binary INGLE --version V --out FOLDER [--app-licences licences.txt] [--app-lock package-lock.json]

Writes FOLDER/THIRD_PARTY_LICENSES and FOLDER/sbom.spdx.json. Fails when the binary needs a library that
packaging/third_party.json does not name, so that neither list can fall behind what is linked.
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def needed_libraries(binary):
    text = subprocess.run(["readelf", "-d", binary], check=True, capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*?)\]", text)


def debian_version(package):
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else "NOASSERTION"


def app_packages(licences, lock):
    """Names, versions and licences of the packages whose code is in the app, as its build lists them."""
    packages = []
    if licences is None:
        return packages
    locked = json.loads(lock.read_text())["packages"] if lock else {}
    sums = {(path.split("node_modules/")[-1], entry.get("version")): entry.get("integrity", "") for path, entry in locked.items()}
    for part in licences.read_text().split("\n---\n")[1:]:
        head = re.match(r"\s*(\S+) (\S+) \((.*?)\)", part)
        if not head:
            sys.exit(f"{licences}: a part begins with {part.strip()[:60]!r}; expected 'NAME VERSION (LICENCE)'")
        name, version, licence = head.groups()
        packages.append({"name": name, "version": version, "licence": licence, "integrity": sums.get((name, version), "")})
    return packages


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")


def bill_of_materials(version, libraries, programs, packages, created):
    def package(ident, name, ver, licence, url, purl, purpose=None, checksum=None):
        entry = {"SPDXID": ident, "name": name, "versionInfo": ver, "downloadLocation": url or "NOASSERTION", "filesAnalyzed": False,
                 "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION"}
        if purl:
            entry["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
        if purpose:
            entry["primaryPackagePurpose"] = purpose
        if checksum:
            entry["checksums"] = [checksum]
        return entry

    main = "SPDXRef-ingle"
    entries = [package(main, "ingle", version, "Apache-2.0", None, f"pkg:generic/ingle@{version}", "APPLICATION")]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": main}]

    def relate(ident, kind):
        relations.append({"spdxElementId": main, "relationshipType": kind, "relatedSpdxElement": ident})

    for library in libraries:
        ident = spdx_id("deb-" + library["dev"])
        ver = debian_version(library["dev"])
        entries.append(package(ident, library["name"], ver, library["licence"], library["url"], f"pkg:deb/debian/{library['dev']}@{ver}", "LIBRARY"))
        relate(ident, "DYNAMIC_LINK" if library["needed"] else "CONTAINS")
    for program in programs:
        ident = spdx_id("deb-" + program["package"])
        ver = debian_version(program["package"])
        entries.append(package(ident, program["name"], ver, program["licence"], program["url"], f"pkg:deb/debian/{program['package']}@{ver}", "APPLICATION"))
        relate(ident, "DEPENDS_ON")
    for found in packages:
        ident = spdx_id(f"npm-{found['name']}-{found['version']}")
        checksum = None
        if found["integrity"].startswith("sha512-"):
            import base64
            checksum = {"algorithm": "SHA512", "checksumValue": base64.b64decode(found["integrity"][7:]).hex()}
        purl = "pkg:npm/" + found["name"].replace("@", "%40") + "@" + found["version"]
        licence = found["licence"] if re.fullmatch(r"[A-Za-z0-9.+ ()-]+", found["licence"]) and " " not in found["licence"] else "NOASSERTION"
        entries.append(package(ident, found["name"], found["version"], licence, None, purl, "LIBRARY", checksum))
        relate(ident, "CONTAINS")

    digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"ingle-{version}",
            "documentNamespace": f"https://spdx.org/spdxdocs/ingle-{version}-{digest[:32]}",
            "creationInfo": {"created": created, "creators": ["Tool: packaging/third_party.py"]},
            "packages": entries, "relationships": relations}


def licence_text(table, packages, app_licences):
    lines = [(ROOT / "THIRD_PARTY_LICENSES").read_text().rstrip(), "", "Versions that this package was built with", ""]
    for library in table["libraries"]:
        how = "linked" if library["needed"] else "contained"
        lines.append(f"  {library['name']} {debian_version(library['dev'])} ({library['licence']}, {how}) {library['url']}")
    for program in table["programs"]:
        lines.append(f"  {program['name']} ({program['licence']}; {program['note']}) {program['url']}")
    text = "\n".join(lines) + "\n"
    if packages:
        text += "\n" + "-" * 100 + "\n\n" + app_licences.read_text()
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--app-licences", type=pathlib.Path)
    parser.add_argument("--app-lock", type=pathlib.Path)
    args = parser.parse_args()

    table = json.loads((HERE / "third_party.json").read_text())
    named = {needed for library in table["libraries"] for needed in library["needed"]}
    missing = [library for library in needed_libraries(args.binary) if library not in named]
    if missing:
        sys.exit(f"packaging/third_party.json does not name what {args.binary} links: {', '.join(missing)}")

    licences = args.app_licences if args.app_licences and args.app_licences.exists() else None
    packages = app_packages(licences, args.app_lock)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0")) or int(datetime.datetime.now().timestamp())
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    args.out.mkdir(parents=True, exist_ok=True)
    sbom = bill_of_materials(args.version, table["libraries"], table["programs"], packages, created)
    (args.out / "sbom.spdx.json").write_text(json.dumps(sbom, indent=1) + "\n")
    (args.out / "THIRD_PARTY_LICENSES").write_text(licence_text(table, packages, licences))


if __name__ == "__main__":
    main()
