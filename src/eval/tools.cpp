#include "eval/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "text/tools/parser.h"

namespace ingle::eval {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kMaxDataBytes = uint64_t{64} << 20;
constexpr int32_t kMaxTokens = 512;

struct Group {
  std::string_view name;
  std::string_view file;
};
constexpr Group kGroups[] = {{"simple", "BFCL_v4_simple_python.json"}, {"multiple", "BFCL_v4_multiple.json"}};

Result<std::vector<Json>> read_lines(const std::filesystem::path& path) {
  INGLE_TRY(const std::string bytes, base::read_file(path, kMaxDataBytes));
  std::vector<Json> lines;
  for (size_t from = 0; from < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', from), bytes.size());
    const std::string_view text = std::string_view(bytes).substr(from, end - from);
    from = end + 1;
    if (text.find_first_not_of(" \r\t") == std::string_view::npos) continue;
    lines.push_back(Json::parse(text, nullptr, /*allow_exceptions=*/false));
    if (lines.back().is_object()) continue;
    return std::unexpected(Error::corrupt(fmt::format("'{}', line {}: no JSON object", path.string(), lines.size())));
  }
  return lines;
}

/// BFCL's types are Python's; "any" is no type at all, and "optional" is no keyword of JSON Schema.
Json to_json_schema(const Json& schema) {
  static const std::map<std::string, std::string, std::less<>> kTypes = {
      {"dict", "object"}, {"float", "number"}, {"tuple", "array"}, {"list", "array"},
      {"int", "integer"}, {"str", "string"},   {"bool", "boolean"}};
  if (!schema.is_object()) return schema;
  Json out = Json::object();
  for (const auto& [key, value] : schema.items()) {
    if (key == "type" && value.is_string()) {
      const auto known = kTypes.find(value.get<std::string>());
      if (known != kTypes.end()) {
        out["type"] = known->second;
      } else if (value != "any") {
        out["type"] = value;
      }
    } else if (key == "properties") {
      out[key] = Json::object();
      for (const auto& [name, property] : value.items())
        out[key][name] = to_json_schema(property);
    } else if (key == "items") {
      out[key] = to_json_schema(value);
    } else if (key != "optional") {
      out[key] = value;
    }
  }
  return out;
}

ToolCase read_case(const Json& row, const Json& truth, std::string_view group) {
  ToolCase out{.id = row.at("id"), .group = std::string(group), .messages_json = row.at("question").at(0).dump()};
  Json tools = Json::array();
  for (const Json& function : row.at("function")) {
    std::string name = function.at("name");
    std::ranges::replace(name, '.', '_');
    tools.push_back({{"type", "function"},
                     {"function",
                      {{"name", name},
                       {"description", function.value("description", "")},
                       {"parameters", to_json_schema(function.at("parameters"))}}}});
  }
  out.tools_json = tools.dump();
  out.functions_json = row.at("function").dump();
  out.truth_json = truth.at("ground_truth").at(0).dump();
  return out;
}

chat::ToolChoice choice_of(std::string_view word) {
  return {.mode = word == "required" ? chat::ToolChoice::Mode::kRequired : chat::ToolChoice::Mode::kAuto};
}

std::string answer_text(const ToolReply& reply) {
  std::string text = reply.content;
  for (const MadeCall& call : reply.calls)
    text += fmt::format(" {}({})", call.name, call.arguments_json);
  return text;
}

}  // namespace

Result<std::vector<ToolCase>> read_tool_cases(const std::filesystem::path& folder, size_t limit) {
  std::vector<ToolCase> cases;
  for (const Group& group : kGroups) {
    INGLE_TRY(const auto rows, read_lines(folder / group.file));
    INGLE_TRY(const auto truths, read_lines(folder / "possible_answer" / group.file));
    std::map<std::string, const Json*> truth_of;
    for (const Json& truth : truths)
      truth_of[truth.value("id", "")] = &truth;
    for (size_t i = 0; i < rows.size() && (limit == 0 || i < limit); ++i) {
      try {
        cases.push_back(read_case(rows[i], *truth_of.at(rows[i].at("id")), group.name));
      } catch (const std::exception& error) {
        return std::unexpected(
            Error::corrupt(fmt::format("'{}', row {}: {}", std::string(group.file), i + 1, error.what())));
      }
    }
  }
  return cases;
}

ToolAsker ask_completer(chat::Completer& model, std::string choice) {
  return [&model, choice = std::move(choice)](const ToolCase& row) -> Result<ToolReply> {
    chat::ChatPrompt prompt;
    const Json messages = Json::parse(row.messages_json);
    for (const Json& message : messages)
      prompt.messages.push_back({.role = message.at("role"), .content = chat::Private(message.at("content"))});
    prompt.tools_json = chat::Private(row.tools_json);
    prompt.tool_choice = choice_of(choice);
    chat::CompleteRequest request;
    request.id = "eval-" + row.id;
    request.prompt = std::move(prompt);
    request.sampling.temperature = 0;
    request.max_tokens = kMaxTokens;
    ToolReply reply;
    INGLE_TRY_VOID(chat::complete_and_wait(model, std::move(request), [&](const chat::Event& event) {
      const auto* delta = std::get_if<chat::Delta>(&event);
      if (delta == nullptr) return;
      reply.content += delta->text;
      for (const chat::ToolCallDelta& piece : delta->tool_calls) {
        if (reply.calls.size() <= piece.index) reply.calls.resize(piece.index + 1);
        reply.calls[piece.index].name += piece.name;
        reply.calls[piece.index].arguments_json += piece.arguments;
      }
    }));
    return reply;
  };
}

Result<ToolAsker> ask_file(const std::filesystem::path& path) {
  INGLE_TRY(const auto lines, read_lines(path));
  std::map<std::string, ToolReply> replies;
  try {
    for (const Json& line : lines) {
      ToolReply& reply = replies[line.at("id")];
      if (line.contains("content") && line["content"].is_string()) reply.content = line["content"];
      for (const Json& call : line.value("calls", Json::array()))
        reply.calls.push_back({call.at("function").at("name"), call.at("function").at("arguments")});
    }
  } catch (const std::exception& error) {
    return std::unexpected(Error::corrupt(fmt::format("'{}': {}", path.string(), error.what())));
  }
  return [replies = std::move(replies)](const ToolCase& row) -> Result<ToolReply> {
    const auto found = replies.find(row.id);
    if (found == replies.end()) return std::unexpected(Error::not_found("no answer in the file"));
    return found->second;
  };
}

ToolAsker reading_text(ToolAsker ask) {
  return [ask = std::move(ask)](const ToolCase& row) -> Result<ToolReply> {
    INGLE_TRY(ToolReply reply, ask(row));
    if (!reply.calls.empty()) return reply;
    INGLE_TRY(const auto tools, text::tools::read_tools(row.tools_json));
    text::tools::CallParser parser(text::tools::format_of("<tool_call> arguments"), tools);
    std::vector<text::tools::CallEvent> events;
    parser.feed(reply.content, events);
    parser.finish(events);
    for (const text::tools::CallEvent& event : events) {
      if (event.kind == text::tools::CallEvent::Kind::kBegin) reply.calls.push_back({event.text, {}});
      if (event.kind == text::tools::CallEvent::Kind::kArguments) reply.calls.back().arguments_json += event.text;
    }
    return reply;
  };
}

Result<std::vector<ToolVerdict>> score_tools(std::span<const ToolCase> rows, const ToolAsker& ask,
                                             const ToolOptions& options) {
  std::vector<ToolVerdict> verdicts;
  for (const ToolCase& row : rows) {
    if (options.stop.stop_requested()) return std::unexpected(Error::cancelled());
    if (options.on_row) options.on_row(verdicts.size(), rows.size());
    const auto begin = Clock::now();
    const auto reply = ask(row);
    ToolVerdict verdict{.id = row.id, .group = row.group, .wrong = {}, .answer = {}};
    verdict.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    verdict.wrong = reply ? judge_reply(row, *reply) : "error: " + reply.error().message();
    if (reply) verdict.answer = answer_text(*reply);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace ingle::eval
