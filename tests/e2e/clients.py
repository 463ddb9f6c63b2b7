"""The Python clients `openai`, `ollama` and `anthropic`, from the folder that ./test installs them into."""
import importlib
import os
import sys
import unittest

from ingle import TEST_HOME

FOLDER = TEST_HOME / "clients"


def needs_clients(test_class):
    if FOLDER.is_dir() and str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    try:
        for name in ("openai", "ollama", "anthropic"):
            importlib.import_module(name)
    except ImportError:
        if os.environ.get("INGLE_REQUIRE_MODELS") == "1":
            raise
        return unittest.skip(f"the clients are not in {FOLDER}")(test_class)
    return test_class
