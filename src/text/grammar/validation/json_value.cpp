#include "text/grammar/validation/json_value.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

namespace ingle::text::grammar::validation {
namespace {

using Json = nlohmann::ordered_json;

/// Sorted, and of equal keys the last.
void settle(JsonValue::Object& members) {
  std::ranges::stable_sort(members, {}, &JsonValue::Member::key);
  auto out = members.begin();
  for (auto at = members.begin(); at != members.end(); ++at) {
    if (std::next(at) != members.end() && std::next(at)->key == at->key) continue;
    if (out != at) *out = std::move(*at);
    ++out;
  }
  members.erase(out, members.end());
}

/// What nlohmann's parser calls: it is not recursive, and hands over the text of numbers that are not whole.
class Reader {
 public:
  explicit Reader(size_t max_depth) : max_depth_(max_depth) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(number(std::to_string(value))); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(number(std::to_string(value))); }
  bool number_float(Json::number_float_t, const std::string& text) { return add(number(text)); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { return open(JsonValue::Object()); }
  bool start_array(size_t) { return open(JsonValue::Array()); }
  bool key(std::string& value) {
    std::get<JsonValue::Object>(open_.back()->data).push_back({std::move(value), {}});
    return true;
  }
  bool end_object() {
    settle(std::get<JsonValue::Object>(open_.back()->data));
    return end_array();
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t position, const std::string&, const Json::exception& why) {
    position_ = position;
    is_too_large_ = why.id == 406;
    return false;
  }

  JsonValue take() && { return std::move(root_); }
  Error error(std::string_view what) const {
    if (is_too_deep_) return Error::refused(std::string(what) + " is nested deeper than " + std::to_string(max_depth_));
    if (is_too_large_) return Error::usage(std::string(what) + " holds a number that is too large");
    return Error::usage(std::string(what) + " is no JSON: byte " + std::to_string(position_));
  }

 private:
  static ExactNumber number(std::string_view text) { return ExactNumber::read(text).value_or(ExactNumber{}); }

  JsonValue* place() {
    if (open_.empty()) return &root_;
    if (auto* array = std::get_if<JsonValue::Array>(&open_.back()->data)) return &array->emplace_back();
    return &std::get<JsonValue::Object>(open_.back()->data).back().value;
  }
  template <typename T>
  bool add(T value) {
    place()->data = std::move(value);
    return true;
  }
  template <typename T>
  bool open(T value) {
    is_too_deep_ = open_.size() >= max_depth_;
    if (is_too_deep_) return false;
    JsonValue* at = place();
    at->data = std::move(value);
    open_.push_back(at);
    return true;
  }

  size_t max_depth_;
  JsonValue root_;
  std::vector<JsonValue*> open_;  // only the last one grows, so the others stay where they are
  size_t position_ = 0;
  bool is_too_deep_ = false;
  bool is_too_large_ = false;
};

bool find_path(const JsonValue& at, const JsonValue& part, std::string& path) {
  if (&at == &part) return true;
  const size_t n = path.size();
  const auto in = [&](const std::string& key, const JsonValue& value) {
    path += pointer_step(key);
    if (find_path(value, part, path)) return true;
    path.resize(n);
    return false;
  };
  if (const auto* array = at.array()) {
    for (size_t i = 0; i < array->size(); ++i) {
      if (in(std::to_string(i), (*array)[i])) return true;
    }
  } else if (const auto* object = at.object()) {
    for (const auto& [key, value] : *object) {
      if (in(key, value)) return true;
    }
  }
  return false;
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto* members = object();
  if (members == nullptr) return nullptr;
  const auto at = std::ranges::lower_bound(*members, key, {}, &Member::key);
  return at != members->end() && at->key == key ? &at->value : nullptr;
}

Result<JsonValue> read_json(std::string_view text, size_t max_depth, std::string_view what) {
  Reader reader(max_depth);
  try {
    if (!Json::sax_parse(text, &reader)) return std::unexpected(reader.error(what));
  } catch (const std::exception&) {
    return std::unexpected(reader.error(what));
  }
  return std::move(reader).take();
}

JsonValue to_exact(const Json& json) {
  if (json.is_null()) return {nullptr};
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number()) return {ExactNumber::read(json.dump()).value_or(ExactNumber{})};
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    JsonValue::Array out;
    for (const Json& element : json)
      out.push_back(to_exact(element));
    return {std::move(out)};
  }
  JsonValue::Object out;
  for (const auto& [key, value] : json.items())
    out.push_back({key, to_exact(value)});
  settle(out);
  return {std::move(out)};
}

std::strong_ordering compare(const JsonValue& a, const JsonValue& b, size_t& steps) {
  ++steps;
  if (const auto order = a.data.index() <=> b.data.index(); order != 0) return order;
  if (const auto* value = a.boolean()) return *value <=> *b.boolean();
  if (const auto* value = a.number()) return *value <=> *b.number();
  if (const auto* value = a.string()) {
    steps += std::min(value->size(), b.string()->size()) / 64;
    return *value <=> *b.string();
  }
  if (const auto* array = a.array()) {
    const auto& other = *b.array();
    if (const auto order = array->size() <=> other.size(); order != 0) return order;
    for (size_t i = 0; i < array->size(); ++i) {
      if (const auto order = compare((*array)[i], other[i], steps); order != 0) return order;
    }
  }
  if (const auto* object = a.object()) {
    const auto& other = *b.object();
    if (const auto order = object->size() <=> other.size(); order != 0) return order;
    for (size_t i = 0; i < object->size(); ++i) {
      ++steps;
      if (const auto order = (*object)[i].key <=> other[i].key; order != 0) return order;
      if (const auto order = compare((*object)[i].value, other[i].value, steps); order != 0) return order;
    }
  }
  return std::strong_ordering::equal;
}

std::string pointer_step(std::string_view key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

const JsonValue* take_step(const JsonValue& value, std::string_view& pointer) {
  if (!pointer.starts_with('/')) return nullptr;
  pointer.remove_prefix(1);
  const std::string_view coded = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(coded.size());
  std::string step;
  for (size_t i = 0; i < coded.size(); ++i) {
    const bool is_escape = coded[i] == '~' && i + 1 < coded.size() && (coded[i + 1] == '0' || coded[i + 1] == '1');
    step += !is_escape ? coded[i] : coded[i + 1] == '0' ? '~' : '/';
    if (is_escape) ++i;
  }
  const auto* list = value.array();
  if (list == nullptr) return value.find(step);
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_index = error == std::errc() && end == step.data() + step.size() && index < list->size();
  return is_index ? &(*list)[index] : nullptr;
}

std::string pointer_to(const JsonValue& whole, const JsonValue& part) {
  std::string path;
  find_path(whole, part, path);
  return path;
}

}  // namespace ingle::text::grammar::validation
