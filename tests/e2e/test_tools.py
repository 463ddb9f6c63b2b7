"""Tools through the Python clients of OpenAI, Ollama and Anthropic against `ingle serve` with a real model."""
import json

from clients import needs_clients
from ingle import IngleTest, needs
from server import Server

MODEL = "qwen2.5-coder:1.5b"
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "minLength": 1}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}
ADD = {
    "name": "add",
    "description": "Adds two numbers.",
    "parameters": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": ADD}]
QUESTION = [{"role": "user", "content": "What is the weather in Paris, in celsius?"}]
GREEDY = {"temperature": 0}
BOTH = [{"role": "user", "content": "What is the weather in Paris and in Rome, in celsius? Ask for both at once."}]


def follows(test, name, arguments):
    """The arguments match the schema of the tool that was called."""
    schema = {"get_weather": WEATHER, "add": ADD}[name]["parameters"]
    test.assertEqual(set(arguments), set(schema["properties"]))
    if name == "add":
        test.assertTrue(all(type(value) is int for value in arguments.values()), arguments)
    else:
        test.assertTrue(arguments["city"])
        test.assertIn(arguments["unit"], ["celsius", "fahrenheit"])


@needs(MODEL)
@needs_clients
class OpenAiTools(IngleTest):
    def setUp(self):
        super().setUp()
        import openai

        self.openai = openai
        self.server = Server(self)
        self.client = openai.OpenAI(base_url=self.server.url + "/v1", api_key="unused", max_retries=0)
        self.addCleanup(self.client.close)

    def ask(self, messages=QUESTION, tools=TOOLS, **more):
        return self.client.chat.completions.create(model=MODEL, messages=messages, tools=tools, temperature=0, max_tokens=200, **more)

    def check(self, answer, names=("get_weather", "add")):
        choice = answer.choices[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        self.assertTrue(choice.message.tool_calls)
        for call in choice.message.tool_calls:
            self.assertIn(call.function.name, names)
            self.assertTrue(call.id.startswith("call_"))
            follows(self, call.function.name, json.loads(call.function.arguments))
        self.assertEqual(len({call.id for call in choice.message.tool_calls}), len(choice.message.tool_calls))
        return choice.message

    def test_a_demanded_call_comes_and_matches_its_schema(self):
        message = self.check(self.ask(tool_choice="required"))
        self.assertIsNone(message.content)
        self.check(self.ask(messages=[{"role": "user", "content": "Tell me a joke."}], tool_choice="required"))

    def test_schemas_with_bounds_of_a_billion_hold_up_nobody(self):
        billion = 10**9
        for extra in range(6):
            schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}, "required": ["a"], "maxProperties": billion - extra}
            answer = self.client.chat.completions.create(model=MODEL, messages=QUESTION, temperature=0, max_tokens=60, response_format={
                "type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}})
            self.assertIn("a", json.loads(answer.choices[0].message.content))
            with self.assertRaises(self.openai.BadRequestError):
                self.ask(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "minProperties": billion - extra}}}],
                         tool_choice="required")

    def test_a_limit_that_holds_the_shortest_call_is_enough(self):
        body = {"model": MODEL, "messages": QUESTION, "temperature": 0, "tool_choice": "required",
                "tools": [{"type": "function", "function": {"name": "noargs", "parameters": {"type": "object", "properties": {}}}}]}
        whole = self.server.json("POST", "/v1/chat/completions", body)["usage"]["completion_tokens"]
        answer = self.server.json("POST", "/v1/chat/completions", {**body, "max_tokens": whole})
        self.assertEqual(answer["choices"][0]["finish_reason"], "tool_calls")
        self.assertLessEqual(answer["usage"]["completion_tokens"], whole)
        with self.assertRaises(self.openai.BadRequestError) as refused:
            self.client.chat.completions.create(**{**body, "max_tokens": 3})
        self.assertIn("allow at least", str(refused.exception))

    def test_a_named_function_is_the_one_that_is_called(self):
        for name in ("add", "get_weather"):
            self.check(self.ask(tool_choice={"type": "function", "function": {"name": name}}), names=(name,))
        allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [TOOLS[1]]}}
        self.check(self.ask(tool_choice=allowed), names=("add",))

    def test_auto_calls_where_a_call_helps_and_talks_where_it_does_not(self):
        self.check(self.ask(), names=("get_weather",))
        talk = self.ask(messages=[{"role": "user", "content": "Say hello to Ann, in three words. No tools."}]).choices[0]
        if talk.finish_reason != "tool_calls":
            self.assertTrue(talk.message.content)

    def test_none_means_that_nothing_is_called(self):
        choice = self.ask(tool_choice="none").choices[0]
        self.assertNotEqual(choice.finish_reason, "tool_calls")
        self.assertFalse(choice.message.tool_calls)
        self.assertTrue(choice.message.content)

    def test_one_call_at_a_time_where_that_is_asked_for(self):
        for said in ({"parallel_tool_calls": False}, {}):
            message = self.check(self.ask(messages=BOTH, tool_choice="required", **said))
            self.assertEqual(len(message.tool_calls), 1)
        several = self.ask(messages=BOTH, tool_choice="required", parallel_tool_calls=True).choices[0].message
        self.assertGreater(len(several.tool_calls), 1)

    def test_a_stream_brings_the_same_calls_in_pieces(self):
        whole = self.check(self.ask(messages=BOTH, tool_choice="required"))
        chunks = list(self.ask(messages=BOTH, tool_choice="required", stream=True, stream_options={"include_usage": True}))
        calls = {}
        for chunk in chunks:
            for piece in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
                call = calls.setdefault(piece.index, {"name": piece.function.name, "arguments": ""})
                call["arguments"] += piece.function.arguments or ""
        self.assertEqual([calls[index] for index in sorted(calls)],
                         [{"name": call.function.name, "arguments": call.function.arguments} for call in whole.tool_calls])
        self.assertEqual(chunks[-2].choices[0].finish_reason, "tool_calls")
        self.assertGreater(chunks[-1].usage.completion_tokens, 0)

    def test_the_result_of_a_call_leads_to_an_answer(self):
        message = self.check(self.ask(tool_choice={"type": "function", "function": {"name": "get_weather"}}))
        conversation = [*QUESTION, message.model_dump(exclude_none=True)]
        for call in message.tool_calls:
            conversation.append({"role": "tool", "tool_call_id": call.id, "content": "{\"celsius\": 21, \"sky\": \"clear\"}"})
        answer = self.ask(messages=conversation, tool_choice="none").choices[0]
        self.assertIn("21", answer.message.content)
        self.assertNotIn("<tool_call>", answer.message.content)

    def test_a_strict_function_is_enforced_or_refused_by_name(self):
        colours = {"name": "paint", "strict": True, "parameters": {
            "type": "object", "properties": {"colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"}, "coats": {"enum": [1, 2, 3]}},
            "required": ["colour", "coats"], "additionalProperties": False}}
        answer = self.ask(messages=[{"role": "user", "content": "Paint it red, twice."}], tools=[{"type": "function", "function": colours}],
                          tool_choice="required", parallel_tool_calls=False)
        arguments = json.loads(answer.choices[0].message.tool_calls[0].function.arguments)
        self.assertRegex(arguments["colour"], "^#[0-9a-f]{6}$")
        self.assertIn(arguments["coats"], [1, 2, 3])

    def test_what_is_wrong_with_tools_is_said_by_field(self):
        with self.assertRaises(self.openai.BadRequestError) as caught:
            self.ask(tool_choice={"type": "function", "function": {"name": "subtract"}})
        self.assertEqual(caught.exception.param, "tool_choice.function.name")


@needs(MODEL)
@needs_clients
class OllamaTools(IngleTest):
    def setUp(self):
        super().setUp()
        import ollama

        self.server = Server(self)
        self.client = ollama.Client(host=self.server.url)
        self.addCleanup(self.client._client.close)

    def ask(self, messages=QUESTION, **more):
        return self.client.chat(model=MODEL, messages=messages, tools=TOOLS, options={"temperature": 0, "num_predict": 200}, **more)

    def test_a_call_comes_whole_and_its_result_leads_to_an_answer(self):
        answer = self.ask()
        self.assertEqual(answer.done_reason, "stop")
        self.assertTrue(answer.message.tool_calls)
        for call in answer.message.tool_calls:
            follows(self, call.function.name, dict(call.function.arguments))
        conversation = [*QUESTION, answer.message]
        for call in answer.message.tool_calls:
            conversation.append({"role": "tool", "tool_name": call.function.name, "content": "21 degrees, clear sky"})
        told = self.client.chat(model=MODEL, messages=conversation, options={"temperature": 0, "num_predict": 200})
        self.assertIn("21", told.message.content)

    def test_a_stream_brings_the_same_calls_one_by_one(self):
        whole = self.ask(messages=BOTH)
        pieces = list(self.ask(messages=BOTH, stream=True))
        calls = [call for piece in pieces for call in piece.message.tool_calls or []]
        self.assertEqual([call.function for call in calls], [call.function for call in whole.message.tool_calls or []])
        self.assertTrue(pieces[-1].done)
        self.assertEqual("".join(piece.message.content or "" for piece in pieces), whole.message.content or "")

    def test_lists_and_maps_that_are_nil_say_nothing(self):
        nothing = {"type": "object", "required": None, "properties": None, "additionalProperties": None, "$defs": None}
        body = {"model": MODEL, "stream": False, "tools": [{"type": "function", "function": {"name": "now", "description": None, "parameters": nothing}}],
                "messages": QUESTION, "tool_choice": "required", "options": {"temperature": 0, "num_predict": 60}}
        call, *_ = self.server.json("POST", "/api/chat", body)["message"]["tool_calls"]
        self.assertEqual(call["function"]["name"], "now")

    def test_a_call_can_be_demanded_here_too(self):
        body = {"model": MODEL, "stream": False, "tools": TOOLS, "messages": [{"role": "user", "content": "Tell me a joke."}],
                "tool_choice": {"type": "function", "function": {"name": "add"}}, "parallel_tool_calls": False, "options": {"temperature": 0}}
        message = self.server.json("POST", "/api/chat", body)["message"]
        self.assertEqual([call["function"]["name"] for call in message["tool_calls"]], ["add"])
        follows(self, "add", message["tool_calls"][0]["function"]["arguments"])
        self.assertNotIn("tool_calls", self.server.json("POST", "/api/chat", {**body, "tool_choice": "none"})["message"])


@needs(MODEL)
@needs_clients
class AnthropicTools(IngleTest):
    TOOLS = [{"name": tool["name"], "description": tool["description"], "input_schema": tool["parameters"]} for tool in (WEATHER, ADD)]

    def setUp(self):
        super().setUp()
        import anthropic

        self.anthropic = anthropic
        self.server = Server(self)
        self.client = anthropic.Anthropic(base_url=self.server.url, api_key="unused", max_retries=0)
        self.addCleanup(self.client.close)

    def ask(self, messages=QUESTION, **more):
        return self.client.messages.create(model=MODEL, messages=messages, max_tokens=200, extra_body=GREEDY, **more)

    def check(self, message, names=("get_weather", "add")):
        self.assertEqual(message.stop_reason, "tool_use")
        calls = [block for block in message.content if block.type == "tool_use"]
        self.assertTrue(calls)
        for call in calls:
            self.assertIn(call.name, names)
            follows(self, call.name, call.input)
        return calls

    def test_text_is_answered_whole_and_in_events(self):
        hello = [{"role": "user", "content": "Say hello to Ann."}]
        whole = self.ask(hello, system="You are brief.")
        self.assertEqual(whole.content[0].type, "text")
        self.assertIn(whole.stop_reason, ("end_turn", "max_tokens"))
        with self.client.messages.stream(model=MODEL, messages=hello, max_tokens=200, extra_body=GREEDY, system="You are brief.") as stream:
            text = "".join(stream.text_stream)
            last = stream.get_final_message()
        self.assertEqual(text, whole.content[0].text)
        self.assertEqual(last.stop_reason, whole.stop_reason)
        self.assertEqual(last.usage.output_tokens, whole.usage.output_tokens)
        counted = self.client.messages.count_tokens(model=MODEL, messages=hello, system="You are brief.")
        self.assertEqual(counted.input_tokens, whole.usage.input_tokens + whole.usage.cache_read_input_tokens)

    def test_limits_and_stop_sequences_are_told_apart(self):
        count = [{"role": "user", "content": "Count from one to twenty in digits, with commas."}]
        limited = self.client.messages.create(model=MODEL, messages=count, max_tokens=3, extra_body=GREEDY)
        self.assertEqual((limited.stop_reason, limited.usage.output_tokens), ("max_tokens", 3))
        stopped = self.ask(count, stop_sequences=[","])
        self.assertEqual((stopped.stop_reason, stopped.stop_sequence), ("stop_sequence", ","))

    def test_every_choice_among_tools_is_honoured(self):
        self.check(self.ask(tools=self.TOOLS), names=("get_weather",))
        self.check(self.ask([{"role": "user", "content": "Tell me a joke."}], tools=self.TOOLS, tool_choice={"type": "any"}))
        self.check(self.ask(tools=self.TOOLS, tool_choice={"type": "tool", "name": "add"}), names=("add",))
        one = self.ask(BOTH, tools=self.TOOLS, tool_choice={"type": "any", "disable_parallel_tool_use": True})
        self.assertEqual(len(self.check(one)), 1)
        none = self.ask(tools=self.TOOLS, tool_choice={"type": "none"})
        self.assertEqual([block.type for block in none.content], ["text"])
        counted = self.client.messages.count_tokens(model=MODEL, messages=QUESTION, tools=self.TOOLS)
        self.assertGreater(counted.input_tokens, none.usage.input_tokens + none.usage.cache_read_input_tokens)

    def test_a_stream_brings_the_same_calls(self):
        whole = self.ask(BOTH, tools=self.TOOLS, tool_choice={"type": "any"})
        with self.client.messages.stream(model=MODEL, messages=BOTH, max_tokens=200, extra_body=GREEDY, tools=self.TOOLS,
                                         tool_choice={"type": "any"}) as stream:
            kinds = {event.type for event in stream}
            last = stream.get_final_message()
        self.assertEqual([(call.name, call.input) for call in self.check(last)], [(call.name, call.input) for call in self.check(whole)])
        self.assertLessEqual({"message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"}, kinds)

    def test_the_result_of_a_call_leads_to_an_answer(self):
        message = self.ask(tools=self.TOOLS, tool_choice={"type": "tool", "name": "get_weather"})
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees, clear sky"} for call in self.check(message)]
        answer = self.ask([*QUESTION, {"role": "assistant", "content": message.content}, {"role": "user", "content": results}],
                          tools=self.TOOLS, tool_choice={"type": "none"})
        self.assertEqual(answer.stop_reason, "end_turn")
        self.assertIn("21", answer.content[0].text)

    def test_the_clients_own_runner_goes_on_without_a_thread_that_the_server_would_keep(self):
        asked = []

        @self.anthropic.beta_tool
        def get_weather(city: str) -> str:
            """The weather in a city."""
            asked.append(city)
            return "21 degrees, clear sky"

        runner = self.client.beta.messages.tool_runner(model=MODEL, messages=QUESTION, tools=[get_weather], max_tokens=200,
                                                       max_iterations=2, extra_body=GREEDY)
        answers = list(runner)
        self.assertTrue(asked)
        self.assertEqual(answers[0].stop_reason, "tool_use")
        self.assertEqual(len(answers), 2)

    def test_a_conversation_is_never_answered_without_its_beginning(self):
        thread = self.client.beta.messages.thread(model=MODEL, max_tokens=5)
        with self.assertRaises(self.anthropic.BadRequestError) as caught:
            thread.send({"role": "user", "content": "My name is Ann."})
        self.assertEqual(caught.exception.body["error"]["details"]["error_code"], "thread_unsupported_request")
        thread = self.client.beta.messages.thread(model=MODEL, max_tokens=5, unsupported_request_behavior="continue_unthreaded")
        first = thread.send({"role": "user", "content": "My name is Ann."})
        second = thread.send({"role": "user", "content": "What is my name?"})
        read = [message.usage.input_tokens + message.usage.cache_read_input_tokens for message in (first, second)]
        self.assertGreater(read[1], read[0] + 10)

    def test_errors_are_the_ones_that_the_client_knows(self):
        with self.assertRaises(self.anthropic.NotFoundError):
            self.client.messages.create(model="nobody", messages=QUESTION, max_tokens=5)
        with self.assertRaises(self.anthropic.BadRequestError) as caught:
            self.ask(tools=self.TOOLS, tool_choice={"type": "tool", "name": "subtract"})
        self.assertEqual(caught.exception.body["error"]["type"], "invalid_request_error")
        self.assertTrue(caught.exception.request_id)
