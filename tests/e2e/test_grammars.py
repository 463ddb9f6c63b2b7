"""Answers under a JSON Schema from a real model, hot enough that it says nonsense: the shape holds all the same."""
import json
import re
import unittest

from ingle import IngleTest, needs

SMALL = "smollm2:135m"

NUMBER = {"type": "integer", "minimum": 0, "maximum": 130}
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": NUMBER, "mail": {"type": ["string", "null"]}},
          "required": ["name", "age", "mail"], "additionalProperties": False}
SCHEMAS = [
    PERSON,
    {"type": "array", "items": PERSON, "minItems": 2, "maxItems": 3},
    {"type": "object", "properties": {"verdict": {"enum": ["yes", "no", "ask"]}, "why": {"type": "string", "maxLength": 40}},
     "required": ["verdict"], "additionalProperties": False},
    {"type": "array", "items": {"type": "number", "exclusiveMinimum": -2, "maximum": 7.5}, "minItems": 3},
    {"anyOf": [{"type": "null"}, {"type": "boolean"}, {"type": "string", "minLength": 4}]},
    {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{1,4}$"},
    {"type": "array", "prefixItems": [{"const": "v"}, NUMBER], "items": False, "minItems": 2},
    {"$defs": {"node": {"type": "object", "properties": {"v": NUMBER, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                        "required": ["v", "next"], "additionalProperties": False}}, "$ref": "#/$defs/node"},
    {"type": "object", "properties": {"id": NUMBER}, "required": ["id"], "additionalProperties": {"type": "string"}},
    {"type": "object"},
]


class Grammars(IngleTest):
    def check(self, schema, instance, *flags):
        return self.run_ingle("grammar", "check", "--schema", self.write("schema.json", json.dumps(schema)),
                              "--instance", self.write("instance.json", instance), *flags)

    def test_an_instance_is_accepted_rejected_or_its_schema_refused(self):
        good = self.check(PERSON, '{"mail": null, "age": 3.0e1, "name": "x"}')
        self.assertEqual((good.code, good.data), (0, "accepted\n"))
        for bad in ('{"name": "x", "age": 131, "mail": null}', '{"name": "x"}', "[]", "{", ""):
            self.assertEqual(self.check(PERSON, bad).code, 1, bad)
        refused = self.check({"type": "object", "properties": {"a": {"$ref": "https://example.org/a.json"}}}, "{}", "--strict")
        self.assertEqual((refused.code, refused.data), (3, "refused\n"))
        self.assertIn("#/properties/a/$ref", refused.talk)
        self.assertEqual(self.check("no schema", "{}").code, 3)
        self.assertIn("'maximum' does not hold at /age", self.check(PERSON, '{"name": "x", "age": 131, "mail": null}').talk)

    def test_what_is_not_enforced_is_checked_and_told(self):
        unique = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
        good = self.check(unique, '{"a": [1, 2]}')
        self.assertEqual((good.code, good.data), (0, "accepted\n"))
        self.assertIn("checked, not enforced", good.talk)
        bad = self.check(unique, '{"a": [1, 1.0]}')
        self.assertEqual((bad.code, bad.data), (1, "rejected\n"))
        self.assertIn("'uniqueItems' does not hold at /a", bad.talk)

    def test_a_bound_costs_nothing_however_large_it_is(self):
        billion = 10**9
        for schema in ({"type": "object", "maxProperties": billion}, {"type": "object", "properties": {"a": {"type": "string"}}, "maxProperties": billion},
                       {"type": "object", "additionalProperties": {"maxProperties": billion}, "maxProperties": billion}, {"maxItems": billion},
                       {"type": "object", "not": {"minProperties": billion}}, {"contains": True, "maxContains": billion}, {"maxLength": billion, "pattern": "^a"}):
            self.assertEqual(self.check(schema, '{"a": "b"}').code, 0, schema)
        refused = self.check({"type": "object", "minProperties": billion}, "{}")
        self.assertEqual((refused.code, refused.data), (3, "refused\n"))
        self.assertIn("its shortest document has more than", refused.talk)

    def test_many_instances_are_told_line_by_line(self):
        schema = self.write("schema.json", '{"type": "integer"}')
        lines = self.write("lines.jsonl", '1\n"a"\n\n2.0\n')
        done = self.run_ingle("grammar", "check", "--schema", schema, "--instances", lines, "--json")
        told = [json.loads(line) for line in done.data.splitlines()]
        self.assertEqual([one["verdict"] for one in told], ["accepted", "rejected", "accepted"])
        self.assertTrue(told[1]["instance"].endswith("lines.jsonl:2"))
        self.assertEqual(done.code, 1)
        two = self.run_ingle("grammar", "check", "--schema", schema, "--instance", "-", "--instance", lines, text="3")
        self.assertEqual((two.code, two.data.splitlines()[0]), (1, "-: accepted"))

    def test_a_text_follows_a_grammar_or_leaves_it_somewhere(self):
        grammar = self.write("g.gbnf", 'root ::= ("- " [a-z]+ "\\n")+')
        check = lambda text: self.run_ingle("grammar", "check", "--grammar", grammar, "--text", self.write("t", text))
        self.assertEqual((check("- a\n- bc\n").code, check("- a\n- bc\n").data), (0, "accepted\n"))
        left = check("- a\n- B\n")
        self.assertEqual((left.code, left.data), (1, "rejected\n"))
        self.assertIn("line 2, byte 3", left.talk)
        wrong = self.run_ingle("grammar", "check", "--grammar", self.write("w.gbnf", "root ::= item"), "--text", "-", text="")
        self.assertEqual((wrong.code, wrong.data), (3, "refused\n"))
        self.assertIn("line 1, column 10", wrong.talk)
        alone = self.run_ingle("grammar", "check", "--grammar", grammar)
        self.assertEqual((alone.code, alone.data), (0, "accepted\n"))

    def test_a_schema_that_is_not_there_is_an_error(self):
        self.assertEqual(self.run_ingle("grammar", "check", "--schema", "/nowhere", "--instance", "-", text="1").code, 1)
        self.assertEqual(self.run_ingle("grammar", "check", "--schema", "/nowhere").code, 1)
        self.assertEqual(self.run_ingle("grammar", "check", "--schema", "", "--instance", "-", text="1").code, 2)
        self.assertEqual(self.run_ingle("grammar", "check").code, 2)
        self.assertEqual(self.run_ingle("grammar", "paint").code, 2)


@needs(SMALL)
class Constrained(IngleTest):
    def test_fifty_hot_answers_are_whole_and_valid(self):
        was_cut = 0
        for index, schema in enumerate(SCHEMAS):
            path = self.write("schema.json", json.dumps(schema))
            for seed in range(5):
                done = self.ok("run", SMALL, "Tell me about Anna, 31, who plays tennis.", "--schema", path, "--json",
                               "--temperature", "1.5", "--seed", str(seed), "--max-tokens", str(90 + 10 * seed))
                answer = done.json()
                instance = self.write("instance.json", answer["text"])
                check = self.run_ingle("grammar", "check", "--schema", path, "--instance", instance)
                self.assertEqual(check.code, 0, f"schema {index}, seed {seed}: {answer['text']}")
                self.assertIn(answer["finish_reason"], ("stop", "length"))
                self.assertLessEqual(answer["usage"]["completion_tokens"], 90 + 10 * seed)
                was_cut += answer["finish_reason"] == "length"
                self.check_by_hand(index, json.loads(answer["text"]))
        self.assertGreater(was_cut, 0)

    def check_by_hand(self, index, value):
        """What each schema says, in other words than the checker's."""
        if index in (0, 1):
            for person in [value] if index == 0 else value:
                self.assertEqual(list(person), ["name", "age", "mail"])
                self.assertTrue(isinstance(person["age"], int) and 0 <= person["age"] <= 130)
        if index == 1:
            self.assertIn(len(value), (2, 3))
        if index == 2:
            self.assertIn(value["verdict"], ("yes", "no", "ask"))
            self.assertLessEqual(len(value.get("why", "")), 40)
        if index == 3:
            self.assertGreaterEqual(len(value), 3)
            self.assertTrue(all(-2 < number <= 7.5 for number in value))
        if index == 4 and isinstance(value, str):
            self.assertGreaterEqual(len(value), 4)
        if index == 5:
            self.assertRegex(value, r"\A[A-Z]{2}-[0-9]{1,4}\Z")
        if index == 6:
            self.assertEqual((len(value), value[0]), (2, "v"))
        if index == 7:
            while value is not None:
                self.assertEqual(list(value), ["v", "next"])
                value = value["next"]
        if index == 8:
            self.assertEqual(list(value)[0], "id")
            self.assertTrue(all(isinstance(text, str) for key, text in value.items() if key != "id"))
        if index == 9:
            self.assertIsInstance(value, dict)

    def test_what_cannot_be_kept_is_refused_before_a_word_is_said(self):
        path = self.write("schema.json", json.dumps(PERSON))
        short = self.run_ingle("run", SMALL, "x", "--schema", path, "--max-tokens", "10")
        self.assert_refused(short, 3, "the answer may have 10", "allow at least -n")
        bad = self.run_ingle("run", SMALL, "x", "--schema", self.write("bad.json", '{"type": "array", "uniqueItems": true}'))
        self.assert_refused(bad, 3, "uniqueItems")
        wrong = self.run_ingle("run", SMALL, "x", "--grammar", self.write("g.gbnf", 'root ::= "a" b'))
        self.assert_refused(wrong, 2, "line 1, column 14", "'b'")
        both = self.run_ingle("run", SMALL, "x", "--schema", path, "--grammar", self.write("g.gbnf", 'root ::= "a"'))
        self.assert_refused(both, 2, "--grammar")

    def test_hot_answers_follow_a_grammar(self):
        path = self.write("moves.gbnf", """
            # the first moves of a game
            root ::= "1. " move " " move "\\n" ([2-9] ". " move " " move "\\n"){0,8}
            move ::= (pawn | piece | "O-O" "-O"?) [+#]?
            pawn ::= ([a-h] "x")? [a-h] [1-8]
            piece ::= [NBRQK] "x"? [a-h] [1-8]
            """)
        move = r"(([a-h]x)?[a-h][1-8]|[NBRQK]x?[a-h][1-8]|O-O(-O)?)[+#]?"
        shape = re.compile(rf"1\. {move} {move}\n([2-9]\. {move} {move}\n){{0,8}}")
        for seed in range(5):
            done = self.ok("run", SMALL, "Play chess.", "--grammar", path, "--json", "--temperature", "1.5",
                           "--seed", str(seed), "--max-tokens", str(40 + 20 * seed))
            self.assertIsNotNone(shape.fullmatch(done.json()["text"]), done.json()["text"])

    def test_greedy_answers_are_the_same_twice(self):
        path = self.write("schema.json", json.dumps(PERSON))
        words = ("run", SMALL, "Anna is 31.", "--schema", path, "--temperature", "0", "--max-tokens", "80", "--json")
        self.assertEqual(self.ok(*words).json()["text"], self.ok(*words).json()["text"])


if __name__ == "__main__":
    unittest.main()
