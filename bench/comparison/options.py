"""Checks the words of a comparison before anything is downloaded, built or measured. What is wrong is one line: what, hint."""

import argparse
import json
import os
import pathlib

from comparison import report


class Wrong(Exception):
    """The arguments cannot be used; the text is one line for the user."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Wrong(f"{message}, see bench/compare --help")


def one_line(text):
    return " ".join(text.split())


def read_result(path):
    """An earlier result: whatever a report can be made of."""
    try:
        result = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        report.markdown(result), report.picture(result)
    except OSError as error:
        raise Wrong(f"'{path}' cannot be read ({error.strerror}), name the .json of an earlier comparison") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Wrong(f"'{path}' is not the result of a comparison, name the .json that --out has written") from error
    return result


def check(arguments):
    for name, least in (("threads", 1), ("pairs", 1), ("retries", 0), ("jobs", 1)):
        if getattr(arguments, name) < least:
            raise Wrong(f"--{name} {getattr(arguments, name)} is too small, give {least} or more")
    for path in filter(None, (arguments.render, arguments.merge)):
        read_result(path)
    if arguments.into and not os.path.isfile(arguments.into):
        raise Wrong(f"there is no page '{arguments.into}', name one with the marks of bench/compare")
    if arguments.render:
        return
    if not pathlib.Path(arguments.out).parent.is_dir():
        raise Wrong(f"there is no folder '{pathlib.Path(arguments.out).parent}' for --out, make it or name another")
    if not arguments.models and not arguments.shape:
        raise Wrong("there is nothing to measure, name a MODEL.gguf or a --shape")
    for path in arguments.models:
        if not os.path.isfile(path):
            raise Wrong(f"there is no model file '{path}', name a MODEL.gguf that exists")
    if not os.path.isfile(arguments.ingle) or not os.access(arguments.ingle, os.X_OK):
        raise Wrong(f"'{arguments.ingle}' is no program, build it or name it with --ingle")
    if arguments.no_llama and not arguments.peer:
        raise Wrong("no peer is left to compare with, name one with --peer or leave --no-llama out")
    folders = [text.rpartition("=")[2] for text in arguments.peer]
    if arguments.llama_bench_dir is not None and not arguments.no_llama:
        folders.append(arguments.llama_bench_dir)
    for folder in folders:
        if not os.access(os.path.join(folder, "llama-bench"), os.X_OK):
            raise Wrong(f"'{folder}' holds no llama-bench, name the folder of its programs")
