"""llama.cpp, built from a pinned source archive in a cache folder outside the checkout; a second call finds it there."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile

VERSION = "0.3.36"
PACKAGE = f"llama-cpp-python=={VERSION}"
# Of llama_cpp_python-0.3.36.tar.gz; a mirror that gives another file is refused.
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
TARGETS = ("llama-bench", "llama-batched-bench", "llama-completion")


def run(command, **options):
    print("+ " + " ".join(command), file=sys.stderr, flush=True)
    subprocess.run(command, check=True, stdout=sys.stderr, **options)


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build(cache, jobs):
    """The folder with the programs. Needs pip (for the download), cmake and a C++ compiler."""
    folder = os.path.join(cache, f"llama.cpp-{VERSION}")
    binaries = os.path.join(folder, "build", "bin")
    if all(os.access(os.path.join(binaries, target), os.X_OK) for target in TARGETS):
        return binaries
    os.makedirs(folder, exist_ok=True)
    archive = os.path.join(folder, f"llama_cpp_python-{VERSION}.tar.gz")
    if not os.path.exists(archive):
        run([sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python", "--dest", folder, PACKAGE])
    if digest_of(archive) != SHA256:
        raise SystemExit(f"{archive} is not the file that this script was written for; remove it and try another index")
    source = os.path.join(folder, "source")
    shutil.rmtree(source, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(source, filter="data")
    llama = os.path.join(source, f"llama_cpp_python-{VERSION}", "vendor", "llama.cpp")
    run(["cmake", "-S", llama, "-B", os.path.join(folder, "build"), "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON",
         "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
         "-DLLAMA_BUILD_UI=OFF"])
    run(["cmake", "--build", os.path.join(folder, "build"), "--target", *TARGETS, "-j", str(jobs)])
    return binaries
