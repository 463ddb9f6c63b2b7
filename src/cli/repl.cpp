#include "cli/repl.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/answer.h"
#include "cli/line_editor.h"
#include "cli/repl_commands.h"
#include "cli/word_wrap.h"

namespace ingle::cli {
namespace {

constexpr std::string_view kFence = "\"\"\"";
constexpr uint32_t kLongPrompt = 256;  // tokens; shorter ones are read before a bar means anything

int64_t now_unix() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Reads a message: a line, or everything between two """.
LineEditor::Outcome read_message(LineEditor& editor, std::string& message) {
  auto outcome = editor.read(">>> ", message);
  if (outcome != LineEditor::Outcome::kLine) return outcome;
  editor.remember(message);
  const size_t start = message.find_first_not_of(" \t");
  if (start == std::string::npos || std::string_view(message).substr(start, kFence.size()) != kFence) return outcome;
  message.erase(0, start + kFence.size());
  while (!message.ends_with(kFence)) {
    std::string line;
    outcome = editor.read("... ", line);
    if (outcome != LineEditor::Outcome::kLine) return outcome;
    editor.remember(line);
    message += (message.empty() ? "" : "\n") + line;
  }
  message.resize(message.size() - kFence.size());
  return outcome;
}

/// Answers the last message. A failed answer takes the question back, so that it can be asked differently.
void answer(Session& session) {
  Console& console = session.context.console;
  chat::CompleteRequest request;
  request.id = new_request_id();
  const std::string id = request.id;
  request.prompt = session.conversation.prompt(session.model.description.has_template, now_unix());
  request.sampling = sampling_of(session.conversation.parameters);
  request.max_tokens = session.conversation.parameters.max_tokens;
  request.stop = session.conversation.parameters.stop;

  const std::stop_token stop = session.context.interrupts.arm();
  Progress progress(console);
  WordWrap wrap(console.width());
  AnswerView view;
  view.waiting = [&](uint32_t done, uint32_t total) { show_waiting(progress, done, total); };
  view.text = [&](std::string_view text) {
    progress.clear();
    console.out(wrap.feed(terminal_safe(text)));
  };
  auto result = stream_answer(*session.model.completer, std::move(request), stop, view);
  session.context.interrupts.disarm();
  progress.clear();
  if (!result) {
    print_error(console, result.error());
    session.conversation.messages.pop_back();
    return;
  }
  const bool cancelled = result->finished.reason == chat::FinishReason::kCancelled;
  console.out(result->text.ends_with('\n') ? "\n" : "\n\n");
  if (cancelled) console.talk("(stopped)\n\n");
  if (result->finished.reason == chat::FinishReason::kContextFull)
    console.talk(fmt::format("note: the {}-token context is full; /clear begins anew\n\n",
                             session.model.description.context_limit));
  if (session.verbose) console.talk(usage_text(result->finished.usage) + "\n\n");
  if (session.model.files.name == router::kAutoModel) console.talk(route_note(result->finished, id) + "\n");
  session.conversation.messages.push_back(message("assistant", std::move(result->text)));
}

}  // namespace

void show_waiting(Progress& progress, uint32_t done, uint32_t total) {
  if (total >= kLongPrompt && done < total) {
    progress.fraction(fmt::format("reading {} tokens", total), static_cast<double>(done) / total);
  } else {
    progress.spin("thinking");
  }
}

Result<int> converse(Context& context, LoadedModel model, Conversation conversation, const EngineFlags& engine_flags,
                     bool verbose) {
  const app::Settings& settings = context.app->settings();
  LineEditor editor(settings.history ? std::filesystem::path(settings.home) / "history" : std::filesystem::path());
  Session session{.context = context,
                  .editor = editor,
                  .model = std::move(model),
                  .conversation = std::move(conversation),
                  .engine_flags = engine_flags,
                  .verbose = verbose};
  const chat::Description& description = session.model.description;
  context.console.talk(fmt::format("{} ({}, {} tokens of context). /? shows the commands, Ctrl-D ends.\n",
                                   terminal_safe(description.name), description.quantization,
                                   description.context_limit));
  if (!description.has_template)
    context.console.talk("note: this model has no chat template: it continues your text instead of answering\n");

  while (!session.ended) {
    std::string text;
    switch (read_message(editor, text)) {
      case LineEditor::Outcome::kEnd:
        context.console.out("\n");
        return 0;
      case LineEditor::Outcome::kInterrupted:
        context.console.talk("\nCtrl-D or /bye ends the conversation.\n");
        continue;
      case LineEditor::Outcome::kLine:
        break;
    }
    if (text.find_first_not_of(" \t\n") == std::string::npos) continue;
    if (text.starts_with('/')) {
      if (const Status status = run_slash_command(session, text); !status) print_error(context.console, status.error());
      if (!session.ask_again) continue;
      session.ask_again = false;
    } else {
      session.conversation.messages.push_back(message("user", std::move(text)));
    }
    answer(session);
  }
  return 0;
}

}  // namespace ingle::cli
