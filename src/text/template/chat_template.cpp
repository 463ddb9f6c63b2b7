#include "text/template/chat_template.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "text/template/evaluator.h"
#include "text/template/json_input.h"
#include "text/template/natives.h"
#include "text/template/parser.h"

namespace ingle::text {
namespace {

using jinja::Heap;
using jinja::JsonRole;
using jinja::Kind;
using jinja::MarkedText;
using jinja::Scope;
using jinja::Value;

constexpr size_t kMaxSource = size_t{1} << 20;
// What each byte of input adds to the limits: a template takes a text apart and puts it together a few dozen times.
constexpr uint64_t kFuelPerInputByte = 16;
constexpr uint64_t kOutputPerInputByte = 4;
constexpr uint64_t kMemoryPerInputByte = 64;

std::vector<RenderedSegment> segments_of(const MarkedText& text) {
  std::vector<RenderedSegment> segments;
  const std::string_view bytes = text.bytes();
  size_t at = 0;
  const auto add = [&](size_t end, bool trusted) {
    if (end > at) segments.push_back({std::string(bytes.substr(at, end - at)), trusted});
    at = end;
  };
  for (const MarkedText::Run& run : text.untrusted()) {
    add(run.begin, true);
    add(run.end, false);
  }
  add(bytes.size(), true);
  return segments;
}

// Names that the template never mentions need no variable.
void define(const jinja::Tree& tree, Scope& scope, std::string_view name, const Value& value) {
  const auto found = tree.name_ids.find(name);
  if (found != tree.name_ids.end()) scope.variables.emplace_back(found->second, value);
}

Result<Value> read_messages(Heap& heap, const std::string& json, uint32_t depth) {
  INGLE_TRY(const Value messages, read_json(heap, json, "messages", JsonRole::kMessages, depth));
  if (!messages.is(Kind::kList)) return std::unexpected(Error::usage("messages: not an array"));
  for (size_t i = 0; i < messages.list->items.size(); ++i) {
    if (!messages.list->items[i].is(Kind::kDict)) {
      return std::unexpected(Error::usage(fmt::format("messages[{}]: not an object", i)));
    }
  }
  return messages;
}

Result<Value> read_tools(Heap& heap, const std::string& json, uint32_t depth) {
  if (json.empty()) return Value::none();
  INGLE_TRY(const Value tools, read_json(heap, json, "tools", JsonRole::kOther, depth));
  if (tools.is_none() || (tools.is(Kind::kList) && tools.list->items.empty())) return Value::none();
  if (!tools.is(Kind::kList)) return std::unexpected(Error::usage("tools: not an array"));
  return tools;
}

}  // namespace

struct ChatTemplate::Parts {
  std::string source;
  std::unique_ptr<const jinja::Tree> tree;
};

ChatTemplate::ChatTemplate(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
ChatTemplate::~ChatTemplate() = default;

std::string_view ChatTemplate::source() const {
  return parts_->source;
}

Result<std::shared_ptr<const ChatTemplate>> ChatTemplate::compile(std::string_view source) {
  if (source.size() > kMaxSource) {
    return std::unexpected(
        Error::refused(fmt::format("the chat template has {} bytes; the limit is {}", source.size(), kMaxSource)));
  }
  INGLE_TRY(auto tree, jinja::parse(source));
  auto parts = std::make_unique<const Parts>(std::string(source), std::move(tree));
  return std::shared_ptr<const ChatTemplate>(new ChatTemplate(std::move(parts)));
}

Result<std::vector<RenderedSegment>> ChatTemplate::render(const Inputs& inputs, const Limits& limits) const {
  const jinja::Tree& tree = *parts_->tree;
  const uint64_t input_bytes = inputs.messages_json.size() + inputs.tools_json.size() + inputs.extra_json.size();
  Heap heap(limits.fuel + kFuelPerInputByte * input_bytes, limits.max_memory_bytes + kMemoryPerInputByte * input_bytes);
  Scope& globals = *heap.scope(nullptr);

  // What is defined first is found first: a client's variables cannot replace those after which a template is named.
  INGLE_TRY(const Value messages, read_messages(heap, inputs.messages_json, limits.depth));
  INGLE_TRY(const Value tools, read_tools(heap, inputs.tools_json, limits.depth));
  define(tree, globals, "messages", messages);
  define(tree, globals, "tools", tools);
  define(tree, globals, "bos_token", heap.text(base::to_valid_utf8(inputs.bos_token)));
  define(tree, globals, "eos_token", heap.text(base::to_valid_utf8(inputs.eos_token)));
  define(tree, globals, "add_generation_prompt", Value::of(inputs.add_generation_prompt));
  for (const jinja::Native& native : jinja::global_functions()) {
    define(tree, globals, native.name, Value::of(heap.function({.native = &native})));
  }
  if (!inputs.extra_json.empty()) {
    INGLE_TRY(const Value extra,
              read_json(heap, inputs.extra_json, "template variables", JsonRole::kOther, limits.depth));
    if (!extra.is(Kind::kDict)) return std::unexpected(Error::usage("template variables: not an object"));
    for (const auto& entry : extra.dict->entries)
      define(tree, globals, entry.key.bytes(), entry.value);
  }
  define(tree, globals, "documents", Value::none());

  jinja::EvaluatorLimits evaluator_limits{
      .depth = limits.depth, .max_output_bytes = limits.max_output_bytes + kOutputPerInputByte * input_bytes};
  jinja::Evaluator evaluator(tree, heap, evaluator_limits, inputs.now_unix);
  INGLE_TRY(const MarkedText text, evaluator.run(globals));
  return segments_of(text);
}

}  // namespace ingle::text
