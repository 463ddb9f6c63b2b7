/** What the played server tells. */
const now = () => Math.floor(Date.now() / 1000);
const apache = {
  id: "apache-2.0",
  title: "Apache License 2.0",
  verdict: "Commercial use is allowed; keep the licence and notices when you pass the model on.",
  commercial: "yes",
};
const gemma = {
  id: "gemma",
  title: "Gemma Terms of Use",
  verdict:
    "Commercial use is allowed under Google's prohibited-use policy; whoever passes the model on must pass the terms on.",
  commercial: "conditions",
};

export const catalog = [
  {
    name: "smollm2:135m",
    title: "SmolLM2 135M Instruct",
    size: 98362432,
    parameters: 134515008,
    quantization: "Q4_1",
    context: 8192,
    licence: apache,
  },
  {
    name: "gemma3:270m",
    title: "Gemma 3 270M (base model: completes text, does not chat)",
    size: 253113024,
    parameters: 268098176,
    quantization: "Q4_K_M",
    context: 32768,
    licence: gemma,
  },
  {
    name: "qwen2.5-coder:0.5b",
    title: "Qwen2.5 Coder 0.5B Instruct",
    size: 491400064,
    parameters: 630167424,
    quantization: "Q4_K_M",
    context: 32768,
    licence: apache,
  },
  {
    name: "qwen2.5-coder:1.5b",
    title: "Qwen2.5 Coder 1.5B Instruct",
    size: 1117320768,
    parameters: 1777088000,
    quantization: "Q4_K_M",
    context: 32768,
    licence: apache,
  },
  {
    name: "qwen3:4b",
    title: "Qwen3 4B",
    size: 2500000000,
    parameters: 4022468096,
    quantization: "Q4_K_M",
    context: 40960,
    licence: apache,
  },
];

export function models(installed: Set<string>) {
  return {
    installed: catalog
      .filter((model) => installed.has(model.name))
      .map((model, index) => ({
        ...model,
        digest: "sha256:1d96",
        modified: now() - 4000,
        architecture: "qwen2",
        source: index === 1 ? "ollama" : "inglenook",
        path: "/home/ada/.ollama/models/blobs/sha256-1d96",
        removable: index !== 1,
      })),
    available: catalog.map((model) => ({ ...model, installed: installed.has(model.name) })),
    loaded: installed.has("qwen2.5-coder:0.5b")
      ? [{ name: "qwen2.5-coder:0.5b", bytes: 624e6, expires_unix: now() + 240 }]
      : [],
  };
}

export const status = {
  version: "0.1.0",
  uptime_seconds: 4211,
  home: "/home/ada/.ingle",
  offline: false,
  sandbox: {
    front: "seccomp, Landlock: no outbound sockets, files only below its home",
    engine: "seccomp, Landlock: no sockets, no exec, no files beyond those handed over",
    parse: "seccomp, Landlock: no network, one file, 512 MB, 60 s",
    egress: "seccomp, Landlock: may connect outwards, may open no files",
  },
  machine: { cores: 4, isa: "avx512-vnni", memory_bytes: 16e9 },
  policy: { present: true, provider: "example", cloud_possible: true },
  insecure: false,
};

export const policy = {
  present: true,
  path: "/home/ada/.ingle/policy.toml",
  provider: "example",
  text: '[provider.example]\nurl = "https://api.example.com/v1"\nmodel = "large"\n\n[rules]\nnever_send = ["iban", "card", "mail", "secret"]\n',
  problems: [],
};

export const egress = {
  left: [
    {
      unix: now() - 90,
      kind: "cloud request",
      host: "api.example.com",
      bytes_out: 412,
      bytes_in: 1804,
      outcome: "ok",
      request_id: "req-2",
    },
    {
      unix: now() - 4000,
      kind: "model download",
      host: "models.example.org",
      bytes_out: 310,
      bytes_in: 491400064,
      outcome: "ok",
      request_id: null,
    },
  ],
  totals: { bytes_out: 722, text_bytes_out: 412, requests: 2, blocked: 1 },
};

export const decisions = [
  {
    id: "req-3",
    unix: now() - 40,
    model: "auto",
    route: "local",
    decided_by: "gate",
    reason: "Hard, but it contains an IBAN: it stays here.",
    local_model: "qwen2.5-coder:0.5b",
    confidence: 0.31,
    threshold: 0.62,
    findings: [{ kind: "iban", count: 1 }],
    bytes_out: 0,
    cost_usd: null,
    saved_usd: null,
    ms: 1840,
  },
  {
    id: "req-2",
    unix: now() - 90,
    model: "auto",
    route: "cloud:example",
    decided_by: "confidence",
    reason: "The local model was not sure enough of its answer.",
    local_model: "qwen2.5-coder:0.5b",
    confidence: 0.44,
    threshold: 0.62,
    findings: [],
    bytes_out: 412,
    cost_usd: 0.0021,
    saved_usd: null,
    ms: 2310,
  },
  {
    id: "req-1",
    unix: now() - 300,
    model: "auto",
    route: "local",
    decided_by: "confidence",
    reason: "The local model was sure of its answer.",
    local_model: "qwen2.5-coder:0.5b",
    confidence: 0.93,
    threshold: 0.62,
    findings: [],
    bytes_out: 0,
    cost_usd: 0,
    saved_usd: 0.0018,
    ms: 640,
  },
];

export const steps = [
  { step: "Policy", outcome: "cloud allowed", detail: "policy.toml names the provider “example”." },
  { step: "Sensitivity", outcome: "nothing found", detail: "11 detectors, with checksums, over 96 bytes." },
  { step: "Local answer", outcome: "not sure", detail: "Mean log-probability −0.82, least certain token 0.12." },
  { step: "Release", outcome: "412 bytes", detail: "Receipt verified by the egress process." },
];

export const ANSWER = `A checksum is a **small number computed from a larger piece of data**. If the data changes, the number almost certainly changes too, so you can tell that something went wrong.

A few everyday examples:

1. The last digit of a bank card is computed from the others.
2. A download page shows a *SHA-256* so that you can check the file.
3. An IBAN carries two check digits.

\`\`\`python
def checksum(text: str) -> int:
    """Adds the bytes up, and keeps the last two digits."""
    total = 0
    for byte in text.encode():
        total += byte  # every byte counts
    return total % 100
\`\`\`

| method | catches | used for |
|---|---|---|
| parity | one flipped bit | memory |
| Luhn | one wrong digit | cards |
| SHA-256 | any change | files |
`;

export const chats = [
  {
    id: "a1",
    title: "Explain what a checksum is",
    model: "qwen2.5-coder:0.5b",
    system: "",
    parameters: { temperature: 0.2 },
    updated_unix: now() - 1200,
    messages: conversation("Explain what a checksum is to somebody who has never programmed."),
  },
  {
    id: "a2",
    title: "A polite reminder about invoice HL-2026-0417",
    model: "qwen2.5-coder:1.5b",
    system: "",
    parameters: {},
    updated_unix: now() - 90000,
    messages: conversation("Write a polite reminder."),
  },
  {
    id: "a3",
    title: "ISO dates in Python",
    model: "qwen2.5-coder:1.5b",
    system: "",
    parameters: {},
    updated_unix: now() - 900000,
    messages: conversation("Check a date."),
  },
];

function conversation(question: string) {
  return [
    { role: "user", content: question, created_unix: now() - 1200 },
    {
      role: "assistant",
      content: ANSWER,
      model: "qwen2.5-coder:0.5b",
      route: "local",
      request_id: "req-1",
      usage: { prompt_tokens: 30, completion_tokens: 214 },
      timings: {
        prefill_tokens_per_second: 402,
        decode_tokens_per_second: 68.2,
        load_seconds: 0,
        time_to_first_token: 0.21,
      },
      created_unix: now() - 1199,
    },
  ];
}

const TEXT =
  "INVOICE\nHarbour Lane Bookbinders Ltd - 14 Quay Street, Bristol\nInvoice number: HL-2026-0417\nDate: 3 March 2026         Due: 2 April 2026\n40 notebooks, A5, at 6.20 GBP            248.00\nVAT 20 %                                  49.60\nTotal due                                297.60 GBP\n";
const field = (value: string, printed: string, confidence: number) => {
  const at = TEXT.indexOf(printed);
  return {
    value,
    found: true,
    confidence,
    page: 1,
    box: [
      72,
      60 + 12 * TEXT.slice(0, at).split("\n").length,
      72 + printed.length * 7,
      74 + 12 * TEXT.slice(0, at).split("\n").length,
    ],
    span: [at, at + printed.length],
    source: "text",
  };
};
const missing = { value: null, found: false, confidence: 0, page: null, box: null, span: null };

export const extraction = {
  file: "invoice.txt",
  verdict: "review",
  text: TEXT,
  pages: [{ width: 595, height: 842 }],
  fields: {
    invoice_number: field("HL-2026-0417", "HL-2026-0417", 0.98),
    issue_date: field("2026-03-03", "3 March 2026", 0.95),
    due_date: field("2026-04-02", "2 April 2026", 0.93),
    seller_name: field("Harbour Lane Bookbinders Ltd", "Harbour Lane Bookbinders Ltd", 0.9),
    seller_vat_id: missing,
    buyer_name: missing,
    currency: field("GBP", "GBP", 0.99),
    net_total: field("248.00", "248.00", 0.71),
    tax_total: field("49.60", "49.60", 0.88),
    grand_total: field("297.60", "297.60", 0.97),
    iban: missing,
  },
  lines: [
    {
      description: field("40 notebooks, A5", "40 notebooks, A5", 0.8),
      quantity: field("40", "40", 0.8),
      unit_price: field("6.20", "6.20", 0.9),
      total: field("248.00", "248.00", 0.9),
    },
  ],
};

export const summary = {
  file: "meeting.txt",
  topics: [{ title: "Opening hours", cites: [0, 2] }],
  summary: [
    { text: "The reading room will open at eight from Monday.", cites: [0, 2] },
    { text: "The lamp by the window is out of order.", cites: [3] },
  ],
  decisions: [{ text: "The room opens at eight.", cites: [2] }],
  actions: [{ text: "Repair the lamp", owner: "Grace", due: "Friday", cites: [4] }],
  questions: [],
  turns: [
    { speaker: "Ada", text: "Shall we open the reading room at eight?" },
    { speaker: "Grace", text: "Some people come earlier than nine, I see them wait outside." },
    { speaker: "Ada", text: "Then eight it is, from Monday." },
    { speaker: "Grace", text: "The lamp by the window is broken, by the way." },
    { speaker: "Ada", text: "Can you have it repaired by Friday?" },
    { speaker: "Grace", text: "I can." },
  ],
};
