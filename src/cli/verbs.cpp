#include <algorithm>

#include "cli/verb.h"

namespace ingle::cli {
namespace {

constexpr Verb kVerbs[] = {
    {.name = "run",
     .group = VerbGroup::kTalk,
     .summary = "Answer a prompt, or hold a conversation",
     .description =
         "With a PROMPT: one answer on standard output. Piped standard input is appended to the prompt. With neither: a "
         "conversation, in which /? lists the commands, Ctrl-C stops an answer and Ctrl-D ends. A model that is in the "
         "catalog and not installed is pulled first. A model without a chat template continues the text. While "
         "a server runs (ingle serve, ingle app), its loaded models answer; --no-server keeps to this command.",
     .examples = "ingle run qwen2.5-coder:0.5b                          # a conversation\n"
                 "ingle run qwen2.5-coder:0.5b \"Why is the sky blue?\"\n"
                 "git diff | ingle run qwen2.5-coder:0.5b \"Summarise this change\"\n"
                 "ingle run ./model.gguf \"Once upon\" --raw --temperature 0 --max-tokens 20 --logprobs 5 --json",
     .uses_server = true,
     .make = make_run},
    {.name = "embed",
     .group = VerbGroup::kTalk,
     .summary = "Turn texts into vectors that are close where their meanings are",
     .description =
         "Prints a JSON array of numbers a text, a line each; vectors have length 1, so the sum of the products of two (their "
         "cosine) says how alike the texts are: 1 for the same, near 0 for unrelated ones. Only vectors of one model can be compared. all-minilm "
         "is a small model made for this (384 numbers, English, up to 512 tokens, trained on 256); models that answer give vectors too, less "
         "apt. A text that is longer than the model reads is refused with both counts, unless --truncate.",
     .examples = "ingle embed all-minilm \"How do I reset my password?\" \"I forgot my login\"\n"
                 "ingle embed all-minilm --file questions.txt --json > vectors.jsonl\n"
                 "cut -f2 products.tsv | ingle embed all-minilm --dimensions 128",
     .uses_server = true,
     .make = make_embed},
    {.name = "serve",
     .group = VerbGroup::kServer,
     .summary = "Answer programs over HTTP, as Ollama and OpenAI do",
     .description =
         "Listens on this machine only, unless --host says otherwise; then with TLS, and programs need a token (see 'ingle token'). Models are loaded when they are asked for and unloaded when nobody used them for a "
         "while (keep_alive). SIGTERM or Ctrl-C lets answers under way finish, for 30 seconds at most, a second one ends them; SIGHUP reads the settings anew. A socket that systemd "
         "hands over is used instead of --host. A home has one server at a time; another INGLE_HOME has its own.",
     .examples = "ingle serve\n"
                 "ingle serve --host 127.0.0.1:0 --json    # any free port\n"
                 "ingle serve --host 0.0.0.0:11434 --tls local\n"
                 "ingle serve --engine echo               # without a model, to try clients",
     .locks_itself = true,
     .make = make_serve},
    {.name = "app",
     .group = VerbGroup::kServer,
     .summary = "Open the app in a browser",
     .description =
         "Starts a server in the background when none runs, and prints a link that works once, within a minute, and lets "
         "one browser in. 'ingle stop' ends the server.",
     .examples = "ingle app\n"
                 "ingle app --no-browser                  # print the link only",
     .locks_itself = true,
     .make = make_app},
    {.name = "ps",
     .group = VerbGroup::kServer,
     .summary = "List the models that the server has loaded",
     .description =
         "With the memory that each took when it was loaded, what it may come to at most, of that the KV cache (keys and values of "
         "conversations), the tokens that a conversation may hold, and how long the model stays when nobody uses it.",
     .examples = "ingle ps",
     .locks_itself = true,
     .make = make_ps},
    {.name = "stop",
     .group = VerbGroup::kServer,
     .summary = "End the server that runs",
     .description =
         "Answers under way may finish, for 30 seconds at most; it says how many they are and waits. --now ends them. The answers of a "
         "server that is ending already are waited for, or ended, in the same way.",
     .examples = "ingle stop\n"
                 "ingle stop --now                        # answers under way end where they are",
     .locks_itself = true,
     .make = make_stop},
    {.name = "logs",
     .group = VerbGroup::kServer,
     .summary = "Show what the server did, request by request",
     .description =
         "A line a request: its status, route, model, times and numbers of tokens, never its words. Models that were loaded "
         "and unloaded stand between them. The file is logs/server.jsonl in INGLE_HOME, the setting 'log' says where else "
         "the server may write.",
     .examples = "ingle logs -f\n"
                 "ingle logs --errors -n 20\n"
                 "ingle logs --request req_0123456789abcdef01234567 --json",
     .make = make_logs},
    {.name = "token",
     .group = VerbGroup::kServer,
     .summary = "Make, list and revoke the tokens that programs need",
     .description =
         "Programs of this machine may use the server without one until the first token exists; from then on they need one, as "
         "programs of other machines always do. A token is told once and kept nowhere: the server knows its SHA-256. Scopes: chat (ask models, list them), "
         "manage (pull, create, copy, delete), admin (everything, conversations and the offline switch too). What is revoked ends within a second, "
         "answers under way with it.",
     .examples = "ingle token create --name laptop\n"
                 "ingle token create --name backup --scope chat,manage --expires 30d\n"
                 "export OPENAI_API_KEY=$(ingle token create --name editor)\n"
                 "ingle token list\n"
                 "ingle token revoke laptop",
     .make = make_token},
    {.name = "pull",
     .group = VerbGroup::kModels,
     .summary = "Download a model",
     .description =
         "The sources of the catalog are tried in order. An interrupted pull goes on where it stopped; a model "
         "is listed only after its SHA-256 was verified.",
     .examples = "ingle pull qwen2.5-coder:0.5b\n"
                 "ingle list --available        # what can be pulled",
     .make = make_pull},
    {.name = "list",
     .alias = "ls",
     .group = VerbGroup::kModels,
     .summary = "List installed models",
     .description = "Standard output has one line a model.",
     .examples = "ingle list\n"
                 "ingle ls --json | jq -r .name",
     .make = make_list},
    {.name = "show",
     .group = VerbGroup::kModels,
     .summary = "Show what is known about a model",
     .description =
         "Architecture, size, context, licence, chat template and the memory that it would take with the settings as they are, "
         "read from the file without loading it.",
     .examples = "ingle show smollm2:135m\n"
                 "ingle show ./model.gguf --metadata\n"
                 "ingle show smollm2:135m --template",
     .make = make_show},
    {.name = "create",
     .group = VerbGroup::kModels,
     .summary = "Make a model from a Modelfile",
     .description =
         "A Modelfile has an instruction a line, as Ollama's: FROM (a model, which is pulled when it is not here, or a .gguf file, "
         "seen from the Modelfile's folder), SYSTEM (begins every conversation that has no system message), PARAMETER NAME VALUE "
         "(temperature, num_ctx, stop ...), MESSAGE user|assistant|system TEXT (begins every conversation), TEMPLATE (a chat template in Jinja), "
         "LICENSE. A value in \"\"\" may span lines; a line that begins with # is a comment. The weights are shared with the model of FROM; a "
         "file is copied into the models folder. ADAPTER is refused: this version has no adapters.",
     .examples =
         "printf 'FROM qwen2.5-coder:0.5b\\nPARAMETER temperature 0\\nSYSTEM Answer in one line.\\n' | ingle create brief -f -\n"
         "ingle create mine                       # of ./Modelfile\n"
         "echo 'FROM ./model.gguf' | ingle create mine:v2 -f - --json",
     .make = make_create},
    {.name = "cp",
     .group = VerbGroup::kModels,
     .summary = "Give an installed model another name",
     .description =
         "Nothing is copied but the manifest: the weights stay one file, which goes with the last name that it has. A model of another program is "
         "copied into the models folder.",
     .examples = "ingle cp smollm2:135m gpt-3.5-turbo     # for a program that knows only that name\n"
                 "ingle cp mine mine:backup",
     .make = make_cp},
    {.name = "rm",
     .group = VerbGroup::kModels,
     .summary = "Remove installed models",
     .description = "Files that another model uses, and files that another program put there, are kept.",
     .examples = "ingle rm smollm2:135m",
     .make = make_rm},
    {.name = "tokenize",
     .group = VerbGroup::kMeasure,
     .summary = "Turn text into token ids",
     .description = "Prints an array of ids without BOS. Control tokens in the text are plain text unless --special.",
     .examples = "ingle tokenize smollm2:135m \"Hello world\" --pieces\n"
                 "ingle tokenize smollm2:135m --file letter.txt\n"
                 "jq -c .text texts.jsonl | ingle tokenize smollm2:135m --jsonl",
     .uses_server = true,
     .make = make_tokenize},
    {.name = "grammar",
     .group = VerbGroup::kMeasure,
     .summary = "Check documents against a schema, texts against a grammar",
     .description =
         "The instance is walked through the masks that constrain an answer, after its members were put in the schema's "
         "order; what masks cannot enforce is checked on the whole document, and told. A text is walked through a grammar in GBNF, to its "
         "last byte. A schema or grammar alone is accepted when generation takes it. Exit code 0: accepted, 1: rejected, "
         "3: the schema or grammar is refused; the reason is told.",
     .examples =
         "ingle grammar check --schema person.json --instance anna.json\n"
         "ingle grammar check --schema person.json                 # can it be enforced?\n"
         "ingle grammar check --grammar moves.gbnf --text game.txt\n"
         "ingle run qwen2.5-coder:0.5b \"Who is Anna?\" --schema person.json | ingle grammar check --schema person.json --instance -",
     .needs_app = false,
     .make = make_grammar},
    {.name = "summarize",
     .group = VerbGroup::kDocuments,
     .summary = "Summarize a meeting, with the turns that say it",
     .description =
         "The transcript has lines 'Speaker: text', VTT or SRT cues, or JSON objects with 'speaker' and 'content'. Every "
         "statement cites turns, counted from 0; its numbers and names stand in them. --style brief: the most important; "
         "minutes: everything in order; actions: what was decided, taken on and left open, only. Without --model the largest "
         "installed model up to 4 GiB is used.",
     .examples = "ingle summarize meeting.vtt\n"
                 "ingle summarize meeting.txt --style minutes --model qwen2.5-coder:1.5b\n"
                 "ingle summarize meeting.txt --query \"What does it cost?\"\n"
                 "ingle summarize meeting.json --json | jq -r '.actions[] | [.owner, .text] | @tsv'",
     .uses_server = true,
     .make = make_summarize},
    {.name = "perplexity",
     .group = VerbGroup::kMeasure,
     .summary = "Measure how well a model predicts a text",
     .description =
         "The text is cut into windows that do not overlap; the second half of each is scored, as llama.cpp's "
         "tool does it. Lower is better; only figures of the same text and tokenizer can be compared.",
     .examples = "ingle perplexity smollm2:135m book.txt --ctx 512 --chunks 40 --json",
     .make = make_perplexity},
    {.name = "bench",
     .group = VerbGroup::kMeasure,
     .summary = "Measure the speed of a model on this machine",
     .description =
         "pp512 is the prefill of 512 tokens, tg128 the decoding of 128; x8 means eight sequences at once, @d4096 "
         "that 4096 tokens stand before. OF PEAK compares with the roofline: the time that the matrix products take at "
         "the peak of the processor's int8 instructions, or that reading the weights (of the embedding table only what "
         "is the output matrix too), keys and values takes at the memory's speed, whichever is longer. Both peaks are "
         "measured before and after each test. Everything runs in this one process, so that nothing but the engine is "
         "measured. Ctrl-C ends it with what was measured so far. A shape is a model's sizes without its weights: its "
         "file is written to INGLE_HOME/tmp, has no name there and is gone when the command ends.",
     .examples = "ingle bench qwen2.5-coder:0.5b\n"
                 "ingle bench qwen2.5-coder:0.5b --full\n"
                 "ingle bench qwen2.5-coder:0.5b -p 512 -n 128 -b 1,8 -d 0,4096 -t 1,2,4 -r 5 --json\n"
                 "ingle bench --shape llama3-8b:q4_k_m -p 256 -n 32\n"
                 "ingle bench --shape llama3-8b:q4_k_m --write-shape 8b.gguf    # for other programs\n"
                 "ingle bench --gemm --csv",
     .make = make_bench},
    {.name = "extract",
     .group = VerbGroup::kDocuments,
     .summary = "Read the fields of an invoice, each with the place that it stands at",
     .description =
         "Text and PDF with a text layer, and the XML of e-invoices (Factur-X, ZUGFeRD, XRechnung), alone or inside a PDF. "
         "Rules find what may be a value and check it; where they are unsure a local model chooses among what they found. "
         "Every value is a place in the document; what is not there is reported as not found. With --schema a model fills "
         "fields of your own, by copying. The verdict says whether a person should look.",
     .examples = "ingle extract invoice.pdf\n"
                 "ingle extract *.pdf --json | jq -r '[.file, .verdict, .fields.grand_total.value] | @tsv'\n"
                 "ingle extract letter.txt --schema fields.json\n"
                 "ingle extract invoice.pdf --text      # what the places refer to",
     .uses_server = true,
     .make = make_extract},
    {.name = "eval",
     .group = VerbGroup::kMeasure,
     .summary = "Measure how good the answers are, on data with known truth",
     .description =
         "The data lies in a folder or file of yours. Figures of this project's own runs are in docs/quality.md.",
     .examples = "ingle eval invoices --data invoices/ --ignore-xml --model qwen2.5-coder:1.5b\n"
                 "ingle eval invoices --data invoices/ --model none --details --json",
     .make = make_eval},
    {.name = "doctor",
     .group = VerbGroup::kThisProgram,
     .summary = "Check this installation and say what to do",
     .description = "Exit code 1 when something is broken. Nothing is changed.",
     .examples = "ingle doctor\n"
                 "ingle doctor --verify         # read every model and compare its SHA-256\n"
                 "ingle doctor --network        # can models be pulled?",
     .works_without_settings = true,
     .make = make_doctor},
    {.name = "route",
     .group = VerbGroup::kPrivacy,
     .summary = "Show what the router decided and what left this machine",
     .description =
         "The model 'auto' answers on this machine and asks a provider only when the local model is unsure, "
         "policy.toml in INGLE_HOME allows it and the privacy gate finds nothing that must stay. The ledger "
         "holds a row for every such request, never its text. Without a policy nothing leaves; a small one:\n"
         "\n"
         "[provider.work]\n"
         "base_url = \"https://api.example.com/v1\"\n"
         "model = \"big-model\"\n"
         "api_key_env = \"WORK_API_KEY\"\n"
         "[route]\n"
         "max_requests_per_day = 100\n"
         "\n"
         "docs/router.md has all keys, and what the gate sees and does not see.",
     .examples = "ingle route log\n"
                 "ingle route explain cli-18c2f4-1a2b   # the number that 'ingle run auto' or X-Request-Id told\n"
                 "ingle route left\n"
                 "ingle route policy",
     .make = make_route},
    {.name = "offline",
     .group = VerbGroup::kPrivacy,
     .summary = "Let nothing leave this machine, or let it again",
     .description = "The switch lies in INGLE_HOME and counts at once for every process, a running server included. "
                    "'ingle prove-offline' shows that it holds.",
     .examples = "ingle offline on\n"
                 "ingle offline status --json",
     .make = make_offline},
    {.name = "prove-offline",
     .group = VerbGroup::kPrivacy,
     .summary = "Try to break out of every role of Inglenook",
     .description =
         "Starts the processes that Inglenook consists of, locked as they always are, and lets each of them try to reach a "
         "network, another process or a file that is not its own, in some fifty ways. Nothing that is sent could mean anything: "
         "the addresses are for documentation, or public resolvers. Exit code 1 when one of them got out. docs/roles.md says how to "
         "watch the network meanwhile.",
     .examples = "ingle prove-offline\n"
                 "ingle prove-offline --json | jq .escapes",
     .needs_app = false,
     .make = make_prove_offline},
    {.name = "config",
     .group = VerbGroup::kThisProgram,
     .summary = "Print every setting with its value and where the value comes from",
     .description =
         "A flag wins over the environment, the environment over config.toml in INGLE_HOME, and that over the "
         "default. Of the environment, INGLE_* comes first, then the names that Ollama uses.",
     .examples = "ingle config                 # all settings\n"
                 "ingle config threads         # one value, for scripts\n"
                 "INGLE_THREADS=2 ingle config --json",
     .make = make_config},
    {.name = "completion",
     .group = VerbGroup::kThisProgram,
     .summary = "Print a completion script for bash, zsh or fish",
     .description = "The script completes verbs, options, model names and files.",
     .examples = "ingle completion bash > ~/.local/share/bash-completion/completions/ingle\n"
                 "ingle completion zsh  > \"${fpath[1]}/_ingle\"\n"
                 "ingle completion fish > ~/.config/fish/completions/ingle.fish",
     .needs_app = false,
     .make = make_completion},
    {.name = "man",
     .group = VerbGroup::kThisProgram,
     .summary = "Print the manual page (roff)",
     .description = "The page is made from the same table as the help texts.",
     .examples = "ingle man | man -l -          # read it\n"
                 "ingle man > ~/.local/share/man/man1/ingle.1",
     .needs_app = false,
     .make = make_man},
    {.name = "help",
     .group = VerbGroup::kThisProgram,
     .summary = "Explain a verb",
     .description = "Without a verb: the overview.",
     .examples = "ingle help run",
     .needs_app = false,
     .make = make_help},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

const Verb* find_verb(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto* verb = std::ranges::find_if(kVerbs, [&](const Verb& v) { return v.name == name || v.alias == name; });
  return verb == std::end(kVerbs) ? nullptr : verb;
}

}  // namespace ingle::cli
