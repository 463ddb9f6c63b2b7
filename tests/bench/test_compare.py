"""The pure parts of bench/compare: statistics, noise, what the programs print, which settings are tried, the report."""

import copy
import importlib.machinery
import importlib.util
import pathlib
import sys
import types
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from comparison import options, quiet, report, stats  # noqa: E402
from comparison.programs import TESTS, Failed, Peer, parse_batched_bench, parse_ingle, parse_llama_bench  # noqa: E402


class Statistics(unittest.TestCase):
    def test_an_interval_holds_the_median_and_shrinks_with_agreement(self):
        low, high = stats.interval([1.0, 1.1, 1.2, 1.3, 1.4])
        self.assertTrue(1.0 <= low <= 1.2 <= high <= 1.4)
        self.assertLess(low, high)
        self.assertEqual(stats.interval([1.5] * 9), (1.5, 1.5))
        self.assertEqual(stats.interval([2.0]), (2.0, 2.0))

    def test_an_interval_is_the_same_every_time(self):
        values = [1.0, 1.5, 1.1, 1.9, 1.2]
        self.assertEqual(stats.interval(values), stats.interval(values))

    def test_a_ratio_above_one_is_a_win_in_every_unit(self):
        self.assertEqual(stats.ratio(30.0, 20.0), 1.5)
        self.assertEqual(stats.ratio(0.2, 0.4, smaller_is_better=True), 2.0)

    def test_the_best_setting_has_the_best_median_not_the_best_run(self):
        runs = {"a": [10.0, 10.0, 99.0], "b": [11.0, 11.0, 1.0], "broken": []}
        self.assertEqual(stats.best_setting(runs), "b")
        self.assertEqual(stats.best_setting(runs, smaller_is_better=True), "a")
        self.assertIsNone(stats.best_setting({"broken": []}))

    def test_contenders_are_those_within_a_tenth(self):
        runs = {"best": [100.0], "near": [95.0], "far": [80.0]}
        self.assertEqual(stats.contenders({"near": [95.0], **runs}), ["best", "near"])
        self.assertEqual(stats.contenders({"best": [1.0], "far": [1.2]}, smaller_is_better=True), ["best"])

    def test_a_setting_that_seems_twice_as_bad_is_tried_again(self):
        self.assertEqual(stats.doubtful({"a": [100.0], "b": [12.0], "c": [60.0]}), ["b"])
        self.assertEqual(stats.doubtful({"a": [1.0], "b": [2.1]}, smaller_is_better=True), ["b"])
        self.assertEqual(stats.doubtful({}), [])
        compare = compare_script()
        off, on = (("fa", 0),), (("fa", 1),)
        speeds = {off: [12.0, 100.0, 100.0], on: [90.0, 90.0]}

        class Program:
            name = "peer"

            def settings(self, _test, _best):
                return list(speeds)

            def run(self, _model, _test, setting, _repetitions):
                return speeds[setting].pop(0)

        runner = compare.Runner(types.SimpleNamespace(retries=0, max_noise=1))
        best, runs, disturbed, _ = runner.explore(Program(), "model", "label", TESTS["tg128"], None)
        self.assertEqual(best, off)
        self.assertEqual(runs[off][0], 100.0)
        self.assertEqual(disturbed, set())

    def test_a_claim_is_close_when_its_interval_reaches_below_the_threshold(self):
        self.assertTrue(stats.is_close([1.1, 1.3, 1.3]))
        self.assertTrue(stats.is_close([0.9, 0.95, 1.0]))
        self.assertFalse(stats.is_close([1.4, 1.5, 1.6]))
        self.assertFalse(stats.is_close([0.5, 0.6, 0.55]))


class Noise(unittest.TestCase):
    LINE = "cpu  100 10 50 800 20 1 4 15 0 0"

    def test_reads_the_line_of_all_processors(self):
        self.assertEqual(quiet.parse_stat(self.LINE), (1000, 820, 15))

    def test_what_neither_idled_nor_was_ours_is_noise(self):
        before, after = (1000, 800, 10), (1400, 900, 30)
        self.assertEqual(quiet.noise_of(before, after, 300), 0)
        self.assertEqual(quiet.noise_of(before, after, 255), 0.1)
        self.assertEqual(quiet.noise_of(before, before, 0), 0)


class Parsers(unittest.TestCase):
    def test_ingle_tells_speed_roofline_and_machine(self):
        text = ('{"machine": {"cpu": "X"}, "results": [{"test": "pp512", "tokens_per_second": 7, "peak_fraction": null},'
                '{"test": "tg128", "tokens_per_second": 5, "peak_fraction": 0.5}]}')
        self.assertEqual(parse_ingle(text, TESTS["tg128"]), (5, 0.5, {"cpu": "X"}))
        self.assertEqual(parse_ingle(text, TESTS["pp512"])[0], 7)

    def test_llama_bench_rows_are_told_apart_by_what_they_do(self):
        text = 'a warning\n[{"n_prompt": 512, "n_gen": 0, "avg_ts": 300.5}, {"n_prompt": 4096, "n_gen": 64, "avg_ts": 20.25}]'
        self.assertEqual(parse_llama_bench(text, TESTS["pp512"]), 300.5)
        self.assertEqual(parse_llama_bench(text, TESTS["tg64@d4096"]), 20.25)
        with self.assertRaises(Failed):
            parse_llama_bench("[]", TESTS["pp512"])

    def test_batched_bench_prints_json_or_a_table(self):
        line = '{"pp": 16, "tg": 64, "pl": 8, "t_tg": 2.0, "speed_tg": 256.0}'
        self.assertEqual(parse_batched_bench(line, 8), 256.0)
        table = ("|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |      T s |    S t/s |\n"
                 "|-------|--------|------|--------|----------|----------|----------|----------|----------|----------|\n"
                 "|    16 |     64 |    8 |    640 |    0.500 |   256.00 |    4.000 |   128.00 |    4.500 |   142.22 |\n")
        self.assertEqual(parse_batched_bench(table, 8), 128.0)
        with self.assertRaises(Failed):
            parse_batched_bench(table, 4)


class Settings(unittest.TestCase):
    def peer(self, *knobs):
        peer = Peer.__new__(Peer)
        peer.knobs = [knob for knob in Peer.KNOBS if knob[0] in knobs]
        return peer

    def test_every_combination_is_tried(self):
        tried = self.peer("repack", "fa").settings(TESTS["pp512"], None)
        self.assertEqual(len(tried), 4)
        self.assertIn((("repack", 0), ("fa", 1)), tried)

    def test_at_a_depth_only_attention_is_tried_both_ways(self):
        best = (("repack", 0), ("fa", 1))
        tried = self.peer("repack", "fa").settings(TESTS["tg64@d4096"], best)
        self.assertEqual(tried, [(("repack", 0), ("fa", 1)), (("repack", 0), ("fa", 0))])

    def test_a_peer_without_knobs_has_its_defaults(self):
        self.assertEqual(self.peer().settings(TESTS["tg128"], None), [()])

    def test_the_first_token_may_come_without_fitting_memory_and_with_our_context(self):
        peer = self.peer("repack", "fa")
        self.assertEqual(peer.settings(TESTS["first"], None), [(("repack", 1),), (("repack", 0),)])
        peer.fits = True
        tried = peer.settings(TESTS["first"], None)
        self.assertEqual(len(tried), 4)
        self.assertEqual(peer._plain(tried[-1]), ["--no-repack", "-fit", "off", "-c", "4096"])

    def test_settings_become_the_words_of_each_program(self):
        peer = self.peer("repack", "rtr", "fa")
        setting = (("repack", 0), ("rtr", 1), ("fa", 0))
        self.assertEqual(peer._flags(setting), ["--repack", "0", "-rtr", "1", "-fa", "0"])
        self.assertEqual(peer._plain(setting), ["--no-repack", "-rtr", "-fa", "off"])


def compare_script():
    path = str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "compare")
    loader = importlib.machinery.SourceFileLoader("compare", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


RESULT = {
    "date": "2026-01-01", "commit": "abc", "threads": 4, "machine": {"cpu": "Some <CPU>", "isa": "avx2"}, "peers": ["llama.cpp", "other"],
    "minutes": 1.0,
    "memory": [{"model": "small", "ingle": 200 << 20, "files": 1 << 20, "limit": 190 << 20, "peer": 300 << 20}],
    "rows": [
        {"model": "small", "test": "tg128", "kind": "decode", "pairs": 3, "smaller_is_better": False, "ingle": 120.0, "roofline": 0.8,
         "values": [120.0], "peers": {
             "llama.cpp": {"values": [100.0], "ratios": [1.2], "noisy": 1, "ratio": 1.2, "interval": (1.1, 1.3), "setting": "fa 1",
                           "tried": {"fa 1": 100.0}, "error": ""},
             "other": {"values": [130.0], "ratios": [0.92], "noisy": 0, "ratio": 0.92, "interval": (0.9, 1.0), "setting": "defaults",
                       "tried": {"defaults": 130.0}, "error": ""}}},
        {"model": "small", "test": "first", "kind": "first", "pairs": 3, "smaller_is_better": True, "ingle": 0.2, "roofline": None,
         "values": [0.2], "peers": {
             "llama.cpp": {"values": [], "ratios": [], "noisy": 0, "ratio": None, "interval": None, "setting": None, "tried": {},
                           "error": "it crashed"}}},
    ],
}


class Report(unittest.TestCase):
    def test_the_table_tells_wins_losses_noise_and_failures(self):
        text = report.markdown(RESULT)
        self.assertIn("| small | tg128 | 120 | 80 % | 100 | 130 | 1.20 [1.10, 1.30]~ | 0.92 [0.90, 1.00] | 3 |", text)
        self.assertIn("Lost: small tg128 against other (0.92).", text)
        self.assertIn("failed: it crashed", text)
        self.assertIn("**missed**", text)

    def test_a_table_without_losses_says_so(self):
        result = copy.deepcopy(RESULT)
        result["rows"] = [copy.deepcopy(RESULT["rows"][0])]
        del result["rows"][0]["peers"]["other"]
        self.assertIn("Lost: none of these rows.", report.markdown(result))

    def test_the_picture_is_xml_with_a_bar_a_ratio_and_colours_for_the_dark(self):
        root = xml.etree.ElementTree.fromstring(report.picture(RESULT))
        bars = [element for element in root.iter() if element.tag.endswith("rect") and element.get("height") == "11"]
        self.assertEqual(len(bars), 2)
        self.assertIn("prefers-color-scheme: dark", report.picture(RESULT))

    def test_a_table_takes_the_place_of_the_one_before(self):
        page = f"# Title\n{report.OPEN}\nold\n{report.CLOSE}\nend\n"
        once = report.between_marks(page, "new\n")
        self.assertEqual(once, f"# Title\n{report.OPEN}\nnew\n{report.CLOSE}\nend\n")
        self.assertEqual(report.between_marks(once, "new\n"), once)
        with self.assertRaises(SystemExit):
            report.between_marks("# a page without marks\n", "new\n")

    def test_rows_that_are_measured_again_take_the_place_of_the_earlier_ones(self):
        again = copy.deepcopy(RESULT)
        again["rows"] = [{**again["rows"][0], "ingle": 150.0}, {**again["rows"][0], "model": "large"}]
        again["memory"] = []
        rows = compare_script().merged(RESULT, again)["rows"]
        self.assertEqual([(row["model"], row["test"], row["ingle"]) for row in rows],
                         [("small", "tg128", 150.0), ("small", "first", 0.2), ("large", "tg128", 120.0)])

    def test_nothing_measured_still_makes_a_report(self):
        empty = {**RESULT, "rows": [], "memory": []}
        self.assertNotIn("Lost", report.markdown(empty))
        self.assertNotIn("Ratio", report.markdown(empty))
        xml.etree.ElementTree.fromstring(report.picture(empty))

    def test_the_legend_explains_only_tests_that_have_rows(self):
        self.assertEqual(report.legend(RESULT["rows"][:1])[-1], "`tg`: tokens a second.")
        self.assertIn("`first`", report.legend(RESULT["rows"])[-1])
        self.assertNotIn("`pp`", report.legend(RESULT["rows"])[-1])

    def test_a_disturbed_setting_is_marked(self):
        result = copy.deepcopy(RESULT)
        result["rows"][0]["peers"]["other"]["disturbed"] = ["defaults"]
        self.assertIn("| defaults: 130~ |", report.markdown(result))


class Arguments(unittest.TestCase):
    def test_what_is_wrong_is_told_in_one_line(self):
        here = __file__
        usable = [here, "--ingle", sys.executable, "--no-llama", "--peer"]
        for words, told in (([], "nothing to measure"), (["missing.gguf"], "no model file"), ([here, "-t", "0"], "--threads"),
                            ([here, "--pairs", "0"], "--pairs"), ([here, "--retries", "-1"], "--retries"), ([here, "-t", "x"], "int"),
                            ([here, "--out", "missing/x.json"], "no folder"), (["--render", here], "not the result"),
                            ([here, "--merge", "missing.json"], "cannot be read"), ([here, "--ingle", "missing"], "no program"),
                            (usable[:-1], "no peer"), ([*usable, "missing"], "no llama-bench")):
            with self.subTest(words), self.assertRaises(options.Wrong) as caught:
                compare_script().parse(words)
            self.assertIn(told, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
