#include <fmt/format.h>

#include <atomic>
#include <chrono>

#include "base/files.h"
#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/conversation.h"
#include "cli/json_writer.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/repl.h"
#include "cli/verb.h"
#include "cli/word_wrap.h"
#include "text/grammar/compile.h"
#include "text/grammar/gbnf.h"

namespace ingle::cli {
namespace {

constexpr uint64_t kMaxInputBytes = uint64_t{64} << 20;

int64_t now_unix() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void note_bad_bytes(Context& context, std::string_view text) {
  if (base::is_valid_utf8(text)) return;
  context.console.talk(
      "note: the prompt holds bytes that are not UTF-8; the model may see a replacement character in their place\n");
}

class Run : public Command {
 public:
  void declare(Arguments& arguments) override;
  Result<int> run(Context& context) override;

 private:
  bool wants_conversation(const Context& context) const;
  Result<chat::Prompt> prompt(Context& context, const chat::Description& model) const;
  Result<std::string> prompt_text(Context& context) const;
  Result<std::string> read_schema(Context& context) const;
  Result<int> answer(Context& context, LoadedModel& model, chat::CompleteRequest request) const;
  bool is_constrained() const { return !schema_.empty() || !grammar_.empty(); }
  std::string note_of_end(const chat::Finished& finished, uint32_t context_limit) const;
  Result<int> dry_run(Context& context, LoadedModel& model, const chat::Prompt& prompt) const;
  void print_json(Context& context, const LoadedModel& model, const Answer& answer, const std::string& id,
                  uint64_t seed) const;

  std::string model_;
  std::vector<std::string> words_;
  std::string system_;
  std::string messages_;
  std::string schema_;
  bool schema_check_ = false;
  std::string grammar_;
  bool raw_ = false;
  bool json_ = false;
  bool dry_run_ = false;
  bool verbose_ = false;
  std::optional<int64_t> logprobs_;
  Parameters parameters_;
  EngineFlags engine_;
};

void Run::declare(Arguments& arguments) {
  arguments.positional(model_, "MODEL", "an installed model, one that can be pulled, or a .gguf file").completes =
      Completes::kModel;
  arguments.positionals(words_, "PROMPT", "what to answer; without it, standard input or a conversation");
  arguments.value(system_, "--system", "TEXT", "the system message");
  arguments.value(messages_, "--messages", "FILE", "answer a chat: JSON [{\"role\", \"content\"}, ...]; - = stdin")
      .completes = Completes::kFile;
  arguments.flag(raw_, "--raw", "no chat template: continue the prompt as it stands");
  arguments.flag(dry_run_, "--dry-run", "print the rendered prompt and do nothing else");
  arguments.flag(verbose_, "-v,--verbose", "afterwards, tell tokens and speed");
  arguments.flag(json_, "--json", "print one JSON object instead of the text");
  arguments.value(logprobs_, "--logprobs", "K", "with --json: log-probabilities of each token and of the K likeliest",
                  0, 100);
  arguments.file(schema_, "--schema", "answer with JSON that fits this JSON Schema");
  arguments.flag(schema_check_, "--schema-check",
                 "what of the schema cannot be enforced is checked when the answer is whole, not refused");
  arguments.file(grammar_, "--grammar", "answer with text that fits this grammar, in GBNF");
  declare_server_flag(arguments, engine_);
  declare_parameters(arguments, parameters_);
  declare_engine_flags(arguments, engine_);
}

bool Run::wants_conversation(const Context& context) const {
  return words_.empty() && messages_.empty() && context.console.in_is_terminal() && context.console.out_is_terminal() &&
         !json_ && !dry_run_ && !raw_;
}

Result<int> Run::run(Context& context) {
  if (raw_ && (!messages_.empty() || !system_.empty()))
    return std::unexpected(
        Error::usage("--raw takes the prompt as it stands, so --messages and --system have no place in it")
            .hint("leave out --raw to use the model's chat template"));
  if (!messages_.empty() && !words_.empty())
    return std::unexpected(Error::usage("--messages and a PROMPT are two prompts").hint("give one of them"));
  if (logprobs_ && !json_)
    return std::unexpected(
        Error::usage("--logprobs prints nothing without --json").hint("add --json, or leave out --logprobs"));
  if (schema_check_ && schema_.empty())
    return std::unexpected(
        Error::usage("--schema-check has no schema to check").hint("give one with --schema FILE, or leave it out"));
  if (!schema_.empty() && !grammar_.empty())
    return std::unexpected(
        Error::usage("--schema and --grammar are two shapes of one answer").hint("give one of them"));
  chat::CompleteRequest request;
  // Read and checked before the model is loaded: a wrong path or schema should not cost that time.
  if (!schema_.empty()) {
    INGLE_TRY(request.json_schema, read_schema(context));
    request.check_schema = schema_check_;
  }
  if (!grammar_.empty()) {
    INGLE_TRY(request.grammar, base::read_file(grammar_, kMaxInputBytes));
    const auto compiled = text::grammar::compile_gbnf(request.grammar, text::grammar::ByteSet().set());
    if (!compiled) return std::unexpected(Error(compiled.error()).within("'" + grammar_ + "'"));
  }

  if (wants_conversation(context)) {
    if (!schema_.empty() || !grammar_.empty())
      return std::unexpected(Error::usage("--schema and --grammar shape one answer, not a conversation")
                                 .hint("give a prompt: ingle run MODEL \"...\""));
    INGLE_TRY(LoadedModel model, load_model(context, model_, engine_));
    Conversation conversation{.model = model_, .system = system_, .parameters = parameters_, .messages = {}};
    return converse(context, std::move(model), std::move(conversation), engine_, verbose_);
  }
  INGLE_TRY(LoadedModel model, load_model(context, model_, engine_));
  INGLE_TRY(request.prompt, prompt(context, model.description));
  if (dry_run_) return dry_run(context, model, request.prompt);
  return answer(context, model, std::move(request));
}

Result<std::string> Run::read_schema(Context& context) const {
  INGLE_TRY(std::string text, base::read_file(schema_, kMaxInputBytes));
  const auto compile = [&](bool may_check) {
    return text::grammar::compile_schema(text, {}, text::grammar::ByteSet().set(), {.may_check = may_check});
  };
  const auto compiled = compile(schema_check_);
  if (!compiled) {
    Error error = Error(compiled.error()).within("'" + schema_ + "'");
    if (!schema_check_ && error.code() == ErrorCode::kRefused && compile(true))
      error = std::move(error).hint("leave it out, or have it checked when the answer is whole: --schema-check");
    return std::unexpected(std::move(error));
  }
  for (const std::string& place : compiled->tree.ignored)
    if (verbose_)
      context.console.talk("note: ignored in the schema, no draft knows it: " + terminal_safe(place) + "\n");
  return text;
}

Result<std::string> Run::prompt_text(Context& context) const {
  std::string text = fmt::format("{}", fmt::join(words_, " "));
  // --raw with a prompt is exact: nothing is added to it.
  if (raw_ && !words_.empty()) return text;
  if (context.console.in_is_terminal() && !words_.empty()) return text;
  INGLE_TRY(std::string input, context.console.read_input(kMaxInputBytes));
  if (input.find('\0') != std::string::npos)
    return std::unexpected(Error::refused("standard input holds NUL bytes, so it is no text")
                               .hint("is it a binary file, or text in UTF-16? Convert it to UTF-8"));
  if (raw_) return input;
  while (input.ends_with('\n'))
    input.pop_back();
  if (!text.empty() && !input.empty()) text += "\n\n";
  text += input;
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return std::unexpected(Error::usage("there is nothing to answer: no PROMPT and an empty standard input")
                               .hint("ingle run " + model_ + " \"your question\""));
  return text;
}

Result<chat::Prompt> Run::prompt(Context& context, const chat::Description& model) const {
  if (raw_) {
    INGLE_TRY(std::string text, prompt_text(context));
    note_bad_bytes(context, text);
    return chat::RawPrompt{chat::Private(std::move(text))};
  }
  Conversation conversation;
  conversation.system = system_;
  if (!messages_.empty()) {
    const bool from_stdin = messages_ == "-";
    const auto json =
        from_stdin ? context.console.read_input(kMaxInputBytes) : base::read_file(messages_, kMaxInputBytes);
    if (!json && json.error().code() == ErrorCode::kNotFound)
      return std::unexpected(
          Error(json.error()).hint("--messages wants a file, or - for standard input, with the chat as JSON"));
    if (!json) return std::unexpected(json.error());
    INGLE_TRY(conversation.messages, parse_messages(*json, from_stdin ? "standard input" : "'" + messages_ + "'"));
  } else {
    INGLE_TRY(std::string text, prompt_text(context));
    note_bad_bytes(context, text);
    conversation.messages.push_back(message("user", std::move(text)));
  }
  if (!model.has_template && model.generates)
    context.console.talk("note: " + terminal_safe(model.name) +
                         " has no chat template: it continues the text instead of answering\n");
  return conversation.prompt(model.has_template, now_unix());
}

Result<int> Run::dry_run(Context& context, LoadedModel& model, const chat::Prompt& prompt) const {
  std::string text;
  if (const auto* chat = std::get_if<chat::ChatPrompt>(&prompt)) {
    INGLE_TRY(text, model.completer->render(*chat));
  } else if (const auto* raw = std::get_if<chat::RawPrompt>(&prompt)) {
    text = raw->text.reveal();
  }
  if (json_) {
    JsonWriter json;
    json.begin_object().text("prompt", text).end_object();
    context.console.out(json.take_line());
    return 0;
  }
  context.console.out(context.console.out_is_terminal() ? terminal_safe(text) + "\n" : text);
  return 0;
}

Result<int> Run::answer(Context& context, LoadedModel& model, chat::CompleteRequest request) const {
  request.id = new_request_id();
  const std::string id = request.id;
  request.sampling = sampling_of(parameters_);
  request.max_tokens = parameters_.max_tokens;
  request.stop = parameters_.stop;
  if (logprobs_) request.logprobs = static_cast<int32_t>(*logprobs_);
  const uint64_t seed = request.sampling.seed;

  const std::stop_token stop = context.interrupts.arm();
  Progress progress(context.console);
  const bool terminal = context.console.out_is_terminal();
  // A line break of ours would be inside a string of JSON, or against the grammar.
  WordWrap wrap(terminal && !is_constrained() ? context.console.width() : 0);
  // What may yet be found to break the schema is not handed on to a program or a file.
  const bool held_back = schema_check_ && !terminal;
  bool is_line_open = false;
  AnswerView view;
  view.waiting = [&](uint32_t done, uint32_t total) { show_waiting(progress, done, total); };
  if (!json_)
    view.text = [&](std::string_view text) {
      if (held_back) return;
      progress.clear();
      is_line_open = !text.ends_with('\n');
      context.console.out(terminal ? wrap.feed(terminal_safe(text)) : std::string(text));
      if (!context.console.out_is_open()) model.completer->cancel(id);
    };
  auto result = stream_answer(*model.completer, std::move(request), stop, view);
  context.interrupts.disarm();
  progress.clear();
  if (!result && terminal && is_line_open) context.console.out("\n");
  INGLE_TRY(const Answer answer, std::move(result));

  if (json_) {
    print_json(context, model, answer, id, seed);
  } else {
    if (held_back) context.console.out(answer.text);
    if (!answer.text.ends_with('\n')) context.console.out("\n");
  }
  context.console.talk(note_of_end(answer.finished, model.description.context_limit));
  if (verbose_) context.console.talk(usage_text(answer.finished.usage) + "\n");
  if (model_ == router::kAutoModel && !json_) context.console.talk(route_note(answer.finished, id));
  if (!context.console.out_is_open()) return 1;
  if (answer.finished.reason != chat::FinishReason::kCancelled) return 0;
  context.console.talk("interrupted\n");
  return 130;
}

/// Why the answer ends where it does, when a reader could take it for more than it is; empty when there is nothing to say.
std::string Run::note_of_end(const chat::Finished& finished, uint32_t context_limit) const {
  if (finished.reason == chat::FinishReason::kContextFull && !json_)
    return fmt::format("note: the answer ends here because the {}-token context is full\n", context_limit);
  if (!is_constrained()) return "";
  const std::string_view shape = schema_.empty() ? "grammar" : "schema";
  if (finished.reason != chat::FinishReason::kLength) return "";
  if (!finished.stop_text.empty())
    return fmt::format("note: a stop text ended the answer before it was whole; it does not fit the {}\n", shape);
  if (finished.looped)
    return fmt::format("note: the model repeated itself, so the answer was cut; it fits the {}\n", shape);
  const std::string limit = parameters_.max_tokens >= 0 ? fmt::format("{} tokens (-n)", parameters_.max_tokens)
                                                        : fmt::format("the context, {} tokens", context_limit);
  return fmt::format(
      "note: the answer was cut to fit into {}; it fits the {}, but values may be cut or be others than the model would "
      "have written\n",
      limit, shape);
}

void write_token(JsonWriter& json, const chat::TokenLogprob& token) {
  json.member("id", token.id).text("text", token.text).member("logprob", token.logprob);
}

void Run::print_json(Context& context, const LoadedModel& model, const Answer& answer, const std::string& id,
                     uint64_t seed) const {
  const chat::Usage& usage = answer.finished.usage;
  JsonWriter json;
  json.begin_object().member("id", id).member("model", model.files.name).text("text", answer.bytes);
  json.member("route", route_text(answer.finished));
  json.member("finish_reason", to_string(answer.finished.reason));
  json.key("usage")
      .begin_object()
      .member("prompt_tokens", usage.prompt_tokens)
      .member("cached_tokens", usage.cached_tokens)
      .member("completion_tokens", usage.completion_tokens)
      .member("drafted_tokens", usage.drafted_tokens)
      .member("accepted_tokens", usage.accepted_tokens)
      .member("prefill_seconds", usage.prefill_seconds)
      .member("decode_seconds", usage.decode_seconds)
      .end_object();
  json.member("seed", seed);
  json.member("template", !raw_ && model.description.has_template);
  if (logprobs_) {
    json.key("tokens").begin_array();
    for (const chat::TokenInfo& token : answer.tokens) {
      json.begin_object();
      write_token(json, token.chosen);
      json.key("top").begin_array();
      for (const chat::TokenLogprob& other : token.top) {
        json.begin_object();
        write_token(json, other);
        json.end_object();
      }
      json.end_array().end_object();
    }
    json.end_array();
  }
  json.end_object();
  context.console.out(json.take_line());
}

}  // namespace

std::unique_ptr<Command> make_run() {
  return std::make_unique<Run>();
}

}  // namespace ingle::cli
