"""The app's story without the app: the same work by the command line, and by the Python clients of OpenAI and Ollama."""
from clients import needs_clients
from ingle import IngleTest, needs
from server import Server

MODEL = "qwen2.5-coder:0.5b"
CLOUD = "smollm2:135m"
NUMBER = "KB-2031-0058"
INVOICE = f"""INVOICE

Kestrel Boats Ltd
3 Slipway Road, Plymouth

Bill to: Mill Pond Rowing Club

Invoice number: {NUMBER}
Invoice date: 9 June 2031

Oars, ash        4      55.00     220.00

Net total: 220.00 GBP
VAT 20 %: 44.00 GBP
Total due: 264.00 GBP
"""
TRANSCRIPT = """Ida: The boathouse roof leaks above the second rack.
Tom: I counted seven wet boats this morning.
Ida: Then we repair it before the season. Agreed?
Tom: Agreed. I will ask two roofers for a price by Friday.
Ida: Good. Has anyone heard from the insurance?
Tom: Not yet.
"""
EASY = "What is the capital of France?"
HARD = "Who discovered the mineral kermesite, and in which year? Answer in one short sentence."
PRIVATE = HARD + " The account is DE89 3704 0044 0532 0130 00."
EXPECTED = [(EASY, "local"), (HARD, "cloud:house"), (PRIVATE, "local")]


@needs(MODEL)
class CommandLine(IngleTest):
    def test_chat_with_parameters_extract_and_summarize(self):
        words = ("run", MODEL, "Name a colour.", "--max-tokens", "6", "--temperature", "1.2", "--seed", "11", "--json")
        first, second = self.ok(*words).json(), self.ok(*words).json()
        self.assertEqual(first["text"], second["text"])
        self.assertLessEqual(first["usage"]["completion_tokens"], 6)

        invoice = self.ok("extract", self.write("invoice.txt", INVOICE), "--model", MODEL, "--json").json()
        number = invoice["fields"]["invoice_number"]
        self.assertEqual((number["value"], number["found"]), (NUMBER, True))
        begin, end = number["span"]
        text = self.ok("extract", str(self.home / "invoice.txt"), "--text").data
        self.assertEqual(text[begin:end], NUMBER)
        self.assertIsNone(invoice["fields"]["iban"]["value"])

        summary = self.ok("summarize", self.write("meeting.txt", TRANSCRIPT), "--model", MODEL, "--json").json()
        n_turns = len(TRANSCRIPT.splitlines())
        said = [point for kind in ("summary", "decisions", "actions", "questions") for point in summary[kind]]
        self.assertTrue(said)
        for point in said:
            self.assertTrue(point["cites"])
            self.assertTrue(all(0 <= cite < n_turns for cite in point["cites"]), point)


@needs(MODEL)
@needs(CLOUD)
@needs_clients
class Clients(IngleTest):
    def setUp(self):
        super().setUp()
        cloud_home = self.home / "cloud"
        cloud_home.mkdir()
        cloud = Server(self, INGLE_HOME=str(cloud_home))
        (self.home / "policy.toml").write_text(
            f'[provider.house]\nbase_url = "{cloud.url}/v1"\nmodel = "{CLOUD}"\n[route]\nlocal_model = "{MODEL}"\n', encoding="utf-8")
        self.server = Server(self)

    def routes_of_the_log(self):
        rows = self.server.json("GET", "/ingle/v1/decisions", headers=self.server.owner())["decisions"]
        return [row["route"] for row in reversed(rows)]

    def test_openai_s_client_is_answered_here_and_there(self):
        import openai

        client = openai.OpenAI(base_url=self.server.url + "/v1", api_key="unused", max_retries=0)
        self.addCleanup(client.close)
        for question, route in EXPECTED:
            raw = client.chat.completions.with_raw_response.create(
                model="auto", messages=[{"role": "user", "content": question}], temperature=0, max_tokens=40)
            self.assertEqual(raw.headers["x-ingle-route"], route, question)
            self.assertTrue(raw.parse().choices[0].message.content)
        self.assertEqual(self.routes_of_the_log(), [route for _, route in EXPECTED])

    def test_ollama_s_client_is_answered_here_and_there(self):
        import ollama

        client = ollama.Client(host=self.server.url)
        for question, _ in EXPECTED:
            answer = client.chat(model="auto", messages=[{"role": "user", "content": question}],
                                 options={"temperature": 0, "num_predict": 40})
            self.assertTrue(answer.message.content)
        self.assertEqual(self.routes_of_the_log(), [route for _, route in EXPECTED])
