#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "documents/extraction.h"

namespace ingle::documents {
namespace {

using Json = nlohmann::ordered_json;

double rounded(float value, double unit) {
  return std::round(static_cast<double>(value) / unit) * unit;
}

Json encode_box(const Box& box) {
  Json out = Json::array();
  for (const float edge : {box.x0, box.y0, box.x1, box.y1})
    out.push_back(std::round(static_cast<double>(edge) * 100) / 100);
  return out;
}

Json encode_leaf(const Leaf& leaf, const Document& document) {
  Json out;
  out["value"] = leaf.value ? Json(base::to_valid_utf8(*leaf.value)) : Json(nullptr);
  out["found"] = leaf.value.has_value();
  out["confidence"] = std::round(rounded(leaf.confidence, 0.0001) * 10000) / 10000;
  const auto place = leaf.value && leaf.span ? place_of(document, *leaf.span) : std::nullopt;
  out["page"] = place ? Json(place->page + 1) : Json(nullptr);
  out["box"] = place && document.has_boxes() ? encode_box(place->box) : Json(nullptr);
  out["span"] = leaf.value && leaf.span ? Json::array({leaf.span->from, leaf.span->to}) : Json(nullptr);
  out["source"] = to_string(leaf.source);
  return out;
}

Json encode_value(const Value& value, const Document& document) {
  if (const auto* leaf = std::get_if<Leaf>(&value.content)) return encode_leaf(*leaf, document);
  if (const auto* list = std::get_if<std::vector<Value>>(&value.content)) {
    Json out = Json::array();
    for (const Value& element : *list)
      out.push_back(encode_value(element, document));
    return out;
  }
  Json out = Json::object();
  for (const auto& [name, member] : std::get<Members>(value.content))
    out[name] = encode_value(member, document);
  return out;
}

}  // namespace

Value::Value(Leaf leaf) : content(std::move(leaf)) {}
Value::Value(std::vector<Value> list) : content(std::move(list)) {}
Value::Value(Members members) : content(std::move(members)) {}

std::string_view to_string(Source source) {
  return source == Source::kXml ? "xml" : "text";
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccept:
      return "accept";
    case Verdict::kReview:
      return "review";
    case Verdict::kEscalate:
      return "escalate";
  }
  return "escalate";
}

const Leaf* find_leaf(const Extraction& extraction, std::string_view name) {
  for (const auto& [key, value] : extraction.fields) {
    if (key == name) return std::get_if<Leaf>(&value.content);
  }
  return nullptr;
}

std::string to_json(const Extraction& extraction, const Document& document, std::string_view file,
                    const JsonOptions& options) {
  Json out;
  out["file"] = base::to_valid_utf8(file);
  out["verdict"] = to_string(extraction.verdict);
  out["reasons"] = extraction.reasons;
  out["model"] = extraction.model.empty() ? Json(nullptr) : Json(extraction.model);
  out["fields"] = encode_value(Value(extraction.fields), document);
  if (options.with_text) {
    out["text"] = document.text;
    out["pages"] = Json::array();
    for (const Page& page : document.pages)
      out["pages"].push_back({{"width", page.width}, {"height", page.height}});
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ingle::documents
