#include "documents/schema_extract.h"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "documents/ask.h"
#include "documents/invoice/scan.h"
#include "documents/invoice/sheet.h"
#include "text/grammar/copy_text.h"

namespace ingle::documents {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxPromptBytes = 24'000;
constexpr size_t kMaxDepth = 8;
constexpr size_t kMaxItems = 50;
constexpr float kAccept = 0.6F;
constexpr float kReview = 0.2F;

enum class Kind : uint8_t { kString, kNumber, kInteger, kBoolean };

Error bad_schema(const std::string& path, std::string_view what) {
  return Error::usage(fmt::format("the schema, {}: {}", path.empty() ? "top level" : path, what))
      .hint("an object schema with properties of type string, number, integer, boolean, array or object");
}

/// The type of a schema without the "null" that may stand beside it.
Result<std::string> type_of(const Json& schema, const std::string& path) {
  if (!schema.is_object()) return std::unexpected(bad_schema(path, "not an object"));
  if (schema.contains("enum")) return std::string("enum");
  const auto type = schema.find("type");
  if (type == schema.end()) return std::string(schema.contains("properties") ? "object" : "string");
  if (type->is_string()) return type->get<std::string>();
  if (type->is_array()) {
    for (const Json& one : *type) {
      if (one.is_string() && one != "null") return one.get<std::string>();
    }
  }
  return std::unexpected(bad_schema(path, "'type' names none"));
}

/// The schema that the model is held to: every value a copy of the text, or null.
Result<Json> constrained(const Json& schema, const std::string& path, size_t depth) {
  if (depth > kMaxDepth) return std::unexpected(bad_schema(path, "nested too deeply"));
  INGLE_TRY(const std::string type, type_of(schema, path));
  if (type == "object") {
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object() || properties->empty())
      return std::unexpected(bad_schema(path, "an object without properties"));
    Json out = {{"type", "object"},
                {"properties", Json::object()},
                {"required", Json::array()},
                {"additionalProperties", false}};
    for (const auto& [name, member] : properties->items()) {
      INGLE_TRY(out["properties"][name], constrained(member, path + "/" + name, depth + 1));
      out["required"].push_back(name);
    }
    return out;
  }
  if (type == "array") {
    if (!schema.contains("items")) return std::unexpected(bad_schema(path, "an array without items"));
    INGLE_TRY(Json items, constrained(schema["items"], path + "/items", depth + 1));
    return Json{{"type", "array"}, {"items", std::move(items)}, {"maxItems", kMaxItems}};
  }
  if (type == "enum") {
    Json choices = schema["enum"];
    if (!choices.is_array() || choices.empty()) return std::unexpected(bad_schema(path, "'enum' is no list"));
    if (std::ranges::find(choices, Json(nullptr)) == choices.end()) choices.push_back(nullptr);
    return Json{{"enum", std::move(choices)}};
  }
  if (type == "boolean") return Json{{"type", {"boolean", "null"}}};
  if (type == "string" || type == "number" || type == "integer")
    return Json{{"type", {"string", "null"}}, {"x-ingle-copy", "document"}};
  return std::unexpected(bad_schema(path, "the type '" + type + "' cannot be extracted"));
}

std::string describe(const Json& schema, const std::string& path) {
  std::string out;
  if (const auto members = schema.find("properties"); members != schema.end() && members->is_object()) {
    for (const auto& [name, member] : members->items()) {
      const std::string below = path.empty() ? name : path + "." + name;
      if (const auto text = member.find("description"); text != member.end() && text->is_string())
        out += fmt::format("{}: {}\n", below, text->get<std::string>());
      out += describe(member, below);
    }
  }
  if (const auto items = schema.find("items"); items != schema.end() && items->is_object())
    out += describe(*items, path + "[]");
  return out;
}

/// Turns the model's answer into values with their places.
class Builder {
 public:
  Builder(const Document& document, const Answer& answer) : sheet_(document), answer_(answer) {}

  Value build(const Json& schema, const Json& said, const std::string& path) {
    const auto type = type_of(schema, path);
    if (type && *type == "object") {
      Members members;
      for (const auto& [name, member] : schema["properties"].items())
        members.emplace_back(name, build(member, said.is_object() && said.contains(name) ? said[name] : Json(nullptr),
                                         path.empty() ? name : path + "/" + name));
      return Value(std::move(members));
    }
    if (type && *type == "array") {
      std::vector<Value> list;
      for (size_t i = 0; said.is_array() && i < said.size(); ++i)
        list.push_back(build(schema["items"], said[i], fmt::format("{}/{}", path, i)));
      return Value(std::move(list));
    }
    return Value(leaf(type ? *type : "string", said, path));
  }

  float least_confidence() const { return least_; }
  bool found_any() const { return found_any_; }

 private:
  Leaf leaf(const std::string& type, const Json& said, const std::string& path) {
    Leaf leaf;
    leaf.confidence = 0.5F;
    if (said.is_null()) return leaf;
    const auto heard = answer_.strings.find(path);
    leaf.confidence = heard == answer_.strings.end() ? 0.5F : std::min(heard->second.probability, 0.99F);
    if (said.is_string()) {
      leaf.span = place(said.get<std::string>());
      leaf.value = normalised(type, said.get<std::string>());
    } else {
      leaf.value = said.dump();
    }
    // A choice of a list that the text does not show has no evidence to look at.
    if (!leaf.span) leaf.confidence *= 0.5F;
    if (leaf.value) {
      least_ = std::min(least_, leaf.confidence);
      found_any_ = true;
    }
    return leaf;
  }

  std::optional<Span> place(const std::string& copy) const {
    const auto spans = text::grammar::find_copies(sheet_.document().text, copy, 1);
    if (spans.empty()) return std::nullopt;
    return Span{spans[0].from, spans[0].to};
  }

  /// Numbers as JSON writes them; nothing when the copy is none.
  std::optional<std::string> normalised(const std::string& type, const std::string& text) const {
    if (type != "number" && type != "integer") return text;
    const Document alone = document_from_text(text);
    const auto amounts = find_amounts(Sheet(alone), decimal_sign_of(sheet_));
    if (amounts.empty()) return std::nullopt;
    if (type == "integer" && amounts[0].value % kOne != 0) return std::nullopt;
    return format_quantity(amounts[0].value);
  }

  Sheet sheet_;
  const Answer& answer_;
  float least_ = 1;
  bool found_any_ = false;
};

}  // namespace

Result<Extraction> extract_by_schema(const Document& document, std::string_view schema_text, chat::Completer& model,
                                     std::stop_token stop) {
  const Json schema = Json::parse(schema_text, nullptr, false);
  if (schema.is_discarded()) return std::unexpected(Error::usage("the schema is not JSON"));
  INGLE_TRY(const std::string type, type_of(schema, ""));
  if (type != "object") return std::unexpected(bad_schema("", "not of an object"));
  INGLE_TRY(const Json held, constrained(schema, "", 0));
  std::string text = document.text;
  if (text.size() > kMaxPromptBytes)
    text.resize(base::complete_utf8_prefix(std::string_view(text).substr(0, kMaxPromptBytes)));
  const std::string prompt =
      "This is the text of a document:\n\n" + text +
      "\nAnswer with a JSON object that has these fields, each copied from the text exactly as it is written "
      "there, or null where the text does not say it:\n" +
      schema["properties"].dump() + "\n" + describe(schema, "");
  INGLE_TRY(const Answer answer, ask(model, prompt, held.dump(), stop, text));
  Builder builder(document, answer);
  const Json said = Json::parse(answer.json, nullptr, false);
  Extraction extraction;
  extraction.fields = std::get<Members>(builder.build(schema, said, "").content);
  extraction.verdict = !builder.found_any()                    ? Verdict::kEscalate
                       : builder.least_confidence() >= kAccept ? Verdict::kAccept
                       : builder.least_confidence() >= kReview ? Verdict::kReview
                                                               : Verdict::kEscalate;
  if (!builder.found_any()) extraction.reasons.emplace_back("nothing of the schema was found");
  if (builder.found_any() && extraction.verdict != Verdict::kAccept)
    extraction.reasons.push_back(
        fmt::format("the model is not sure of every field (least: {:.0f} %)", builder.least_confidence() * 100));
  return extraction;
}

}  // namespace ingle::documents
