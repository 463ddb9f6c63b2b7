#include "documents/summarize_writer.h"

#include <fmt/format.h>

#include <atomic>
#include <nlohmann/json.hpp>

namespace ingle::documents {
namespace {

constexpr std::string_view kRole = "You are a secretary who writes minutes of meetings.";
constexpr size_t kPromptReserve = 700;  // instructions, template and answer
constexpr size_t kSmallestContext = 1536;
constexpr size_t kLargestWindow = 3000;

// Length bounds keep a small model from going on for ever; a sentence that they cut is not used.
constexpr size_t kMaxNote = 320;
constexpr size_t kMaxTopic = 60;
constexpr size_t kMaxSentence = 220;
constexpr std::string_view kNoteSchema =
    R"({"type":"object","properties":{"summary":{"type":"string","minLength":20,"maxLength":320},)"
    R"("topic":{"type":"string","minLength":3,"maxLength":60}},"required":["summary","topic"],"additionalProperties":false})";
constexpr std::string_view kSentenceSchema =
    R"({"type":"object","properties":{"sentence":{"type":"string","minLength":10,"maxLength":220}},)"
    R"("required":["sentence"],"additionalProperties":false})";

std::string next_id() {
  static std::atomic<uint64_t> n{0};
  return fmt::format("summarize-{}", ++n);
}

chat::Message message(std::string role, std::string text) {
  chat::Message message;
  message.role = std::move(role);
  message.content = chat::Private(std::move(text));
  return message;
}

std::string shown(const Transcript& transcript, const Window& window) {
  std::string text;
  for (const Passage& passage : window.passages) {
    const std::string& speaker = transcript.turns[passage.turn].speaker;
    text += speaker.empty() ? passage.text : speaker + ": " + passage.text;
    text += '\n';
  }
  return text;
}

/// The member of the answer's object; nothing when the answer is none, because its model knows no schema or was cut off.
std::string member_of(const std::string& answer, const char* name) {
  const auto object = nlohmann::json::parse(answer, nullptr, false);
  if (!object.is_object()) return {};
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// Without what a model adds behind its last word, and with a full stop where it ended without being cut.
std::string completed(std::string text, size_t max_bytes) {
  if (const size_t junk = text.find_first_of("{}`"); junk != std::string::npos) text.resize(junk);
  while (!text.empty() && std::string_view(" \"}]\\`").find(text.back()) != std::string_view::npos)
    text.pop_back();
  const bool ends = text.empty() || std::string_view(".!?").find(text.back()) != std::string_view::npos ||
                    text.ends_with("\xe3\x80\x82");
  if (!ends && text.size() + 4 < max_bytes) text += '.';
  return text;
}

}  // namespace

Result<Writer> Writer::make(chat::Completer& model, std::stop_token stop) {
  INGLE_TRY(const chat::Description description, model.describe());
  if (description.context_limit < kSmallestContext) {
    return std::unexpected(Error::refused(fmt::format("a summary needs a context of {} tokens; '{}' was loaded with {}",
                                                      kSmallestContext, description.name, description.context_limit))
                               .hint("choose a larger context: --ctx 4096"));
  }
  Writer writer(model, std::move(stop));
  writer.has_template_ = description.has_template;
  writer.window_limit_ = std::min<size_t>(description.context_limit - kPromptReserve, kLargestWindow);
  return writer;
}

Result<WindowNote> Writer::note(const Transcript& transcript, const Window& window, std::string_view query,
                                uint32_t attempt) {
  const std::string task =
      query.empty()
          ? "Summarize this part in one sentence and name its topic in three words."
          : fmt::format("Summarize in one sentence what this part says about: {}\nName its topic in three words.",
                        query);
  std::string user = fmt::format("Here is a part of a meeting transcript:\n\n{}\n{}", shown(transcript, window), task);
  INGLE_TRY(const std::string text, answer(std::move(user), std::string(kNoteSchema), 160, attempt));
  std::string topic = member_of(text, "topic");
  if (topic.size() + 2 >= kMaxTopic) topic.clear();  // cut off
  return WindowNote{.sentences = completed(member_of(text, "summary"), kMaxNote), .topic = std::move(topic)};
}

Result<std::string> Writer::reword(std::string_view context, std::string_view sentence, std::string_view speaker,
                                   std::string_view opening) {
  std::string user = fmt::format(
      "Here is a part of a meeting transcript:\n\n{}\n{} said: \"{}\"\nWrite this as one short sentence of the minutes, in the "
      "third person. Begin with \"{}\".",
      context, speaker.empty() ? "Somebody" : speaker, sentence, opening);
  INGLE_TRY(const std::string text, answer(std::move(user), std::string(kSentenceSchema), 80, 0));
  return completed(member_of(text, "sentence"), kMaxSentence);
}

Result<std::string> Writer::answer(std::string user, std::string schema, int32_t max_tokens, uint32_t attempt) {
  if (stop_.stop_requested()) return std::unexpected(Error::cancelled());
  chat::CompleteRequest request;
  request.id = next_id();
  if (has_template_) {
    chat::ChatPrompt prompt;
    prompt.messages.push_back(message("system", std::string(kRole)));
    prompt.messages.push_back(message("user", std::move(user)));
    request.prompt = std::move(prompt);
  } else {
    request.prompt = chat::RawPrompt{chat::Private(fmt::format("{}\n\n{}\n\n", kRole, user))};
  }
  request.sampling.temperature = attempt == 0 ? 0.0F : 0.6F;
  request.sampling.seed = attempt;
  request.max_tokens = max_tokens;
  request.json_schema = std::move(schema);

  const std::string id = request.id;
  const std::stop_callback cancel(stop_, [&] { model_->cancel(id); });
  std::string text;
  INGLE_TRY(const chat::Finished finished,
            chat::complete_and_wait(*model_, std::move(request), [&](const chat::Event& event) {
              if (const auto* delta = std::get_if<chat::Delta>(&event)) text += delta->text;
            }));
  ++counts_.requests;
  counts_.prompt_tokens += finished.usage.prompt_tokens;
  counts_.cached_tokens += finished.usage.cached_tokens;
  counts_.answer_tokens += finished.usage.completion_tokens;
  if (stop_.stop_requested() || finished.reason == chat::FinishReason::kCancelled)
    return std::unexpected(Error::cancelled());
  return text;
}

}  // namespace ingle::documents
