#include "api/json_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>

#include "api/limits.h"
#include "base/suggest.h"
#include "text/grammar/dialect.h"
#include "text/grammar/formats.h"

namespace ingle::api {
namespace {

constexpr size_t kMaxTexts = 4096;  // in a list of them
// Objects that keep their order are searched from the start for every member that is added: a body of 200,000 members would
// take a minute. This many comparisons are one object of 6,000 members, or fifty of 900.
constexpr uint64_t kMaxMemberComparisons = 20'000'000;

/// A name from a request as it may stand in a header or an error.
bool is_plain(std::string_view path) {
  constexpr size_t kMaxPath = 160;
  return path.size() <= kMaxPath && std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f && c != ','; });
}

std::string shown(std::string_view path) {
  return is_plain(path) ? std::string(path) : "a name that cannot be shown";
}

Failure bad_json(std::string message) {
  return {.status = 400, .code = "invalid_json", .error = Error::usage(std::move(message))};
}

/// Depth and number of values before anything is allocated for them: a short text may hold a million empty lists.
std::optional<Failure> over_limit(std::string_view text) {
  size_t depth = 0;
  size_t n_values = 1;
  std::array<uint32_t, kMaxJsonDepth + 1> members{};  // of the objects around this byte
  uint64_t comparisons = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth)
        return bad_json("the JSON is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
      members[depth] = 0;
      ++n_values;
    } else if (c == ':') {
      comparisons += ++members[depth];
    } else if (c == ']' || c == '}') {
      if (depth > 0) --depth;
    } else if (c == ',') {
      ++n_values;
    }
  }
  if (comparisons > kMaxMemberComparisons) return bad_json("an object of the JSON has too many members");
  if (n_values > kMaxJsonValues)
    return bad_json("the JSON has more than " + std::to_string(kMaxJsonValues) + " values");
  return std::nullopt;
}

/// Looks at the names of each object: of a name that stands twice the library keeps the last value, others the first, and
/// so a request could be read in two ways. A reader of its own: one that looks on while the value is built makes the library
/// go through a whole list again for each object in it.
class TwiceNamed final : public nlohmann::json_sax<Json> {
 public:
  std::optional<Failure> fault;

  bool key(std::string& name) override {
    auto& names = open_.back();
    if (std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
      return true;
    }
    fault = bad_json("'" + shown(name) + "' stands twice in an object of the JSON");
    fault->reason = "stands twice in an object of the JSON";
    if (open_.size() == 1) fault->param = shown(name);
    return false;
  }
  bool start_object(size_t) override { return open(); }
  bool start_array(size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool open() {
    open_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<std::vector<std::string>> open_;  // names of the objects around this place; a list has none
};

thread_local ReadLog* current_log = nullptr;

const Field* row_of(FieldTable fields, std::string_view name) {
  const auto row = std::ranges::find(fields, name, &Field::name);
  return row == fields.end() ? nullptr : &*row;
}

bool asks_for_nothing(const Field& row, const Json& value) {
  if (value.is_null() || value == false || value == "") return true;
  if ((value.is_array() || value.is_object()) && value.empty()) return true;
  return !row.neutral.empty() && value == Json::parse(row.neutral);
}

}  // namespace

namespace {

Answer<Json> parse_within_limits(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return std::unexpected(bad_json("missing request body"));
  if (auto failure = over_limit(text)) return std::unexpected(*std::move(failure));
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // The library's own text quotes the input, which is the user's.
    return std::unexpected(bad_json("the body is not valid JSON (byte " + std::to_string(error.byte) + ")"));
  } catch (const Json::exception&) {
    return std::unexpected(bad_json("the body holds a number that is too large"));
  }
}

}  // namespace

Answer<Json> parse_json(std::string_view text) {
  auto value = parse_within_limits(text);
  TwiceNamed names;
  if (value) Json::sax_parse(text, &names);
  if (names.fault) return std::unexpected(*std::move(names.fault));
  return value;
}

Answer<Json> parse_json_object(std::string_view text) {
  auto value = parse_json(text);
  if (value && !value->is_object()) return std::unexpected(bad_json("the body is not a JSON object"));
  return value;
}

bool is_json_object(std::string_view text) {
  const auto value = parse_within_limits(text);
  return value && value->is_object();
}

std::string to_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

namespace {

/// Finds words of a schema that JSON Schema does not know. Recursive: parse_json() has limited the depth.
class UnknownWords {
 public:
  enum class Kind : uint8_t { kKeyword, kFormat };
  /// False: no more are wanted.
  using Found = std::function<bool(std::string_view place, std::string_view word, Kind kind)>;

  UnknownWords(std::string path, const Found& found) : place_(std::move(path)), found_(found) {}

  bool find_in(const Json& schema) {
    if (!schema.is_object()) return true;
    return std::ranges::all_of(schema.items(), [this](const auto& member) {
      return within("." + member.key(), [&] { return look_at(member.key(), member.value()); });
    });
  }

 private:
  bool look_at(const std::string& keyword, const Json& value) {
    namespace grammar = text::grammar;
    if (!grammar::is_keyword(keyword) && !grammar::is_annotation(keyword) && !found_(place_, keyword, Kind::kKeyword))
      return false;
    if (keyword == "format" && value.is_string()) {
      const auto& name = value.get_ref<const std::string&>();
      if (grammar::format_fit(name) == grammar::FormatFit::kUnknown && !found_(place_, name, Kind::kFormat))
        return false;
    }
    switch (grammar::holds(keyword)) {
      case grammar::Holds::kNoSchema:
        return true;
      case grammar::Holds::kSchema:
        return find_in(value);
      case grammar::Holds::kSchemas:
      case grammar::Holds::kSchemaOrList:
        return value.is_array() ? find_in_list(value) : find_in(value);
      case grammar::Holds::kNamed:
      case grammar::Holds::kNamedOrNames:
        return !value.is_object() || std::ranges::all_of(value.items(), [this](const auto& member) {
          return within("." + member.key(), [&] { return find_in(member.value()); });
        });
    }
    return true;
  }

  bool find_in_list(const Json& schemas) {
    for (size_t i = 0; i < schemas.size(); ++i) {
      if (!within("[" + std::to_string(i) + "]", [&] { return find_in(schemas[i]); })) return false;
    }
    return true;
  }

  /// One step deeper. The place is one text for the whole search: names may be long, and so may lists below them.
  template <typename Search>
  bool within(std::string_view step, const Search& search) {
    const size_t size = place_.size();
    place_ += step;
    const bool goes_on = search();
    place_.resize(size);
    return goes_on;
  }

  std::string place_;
  const Found& found_;
};

}  // namespace

bool ReadNotes::ignore(std::string_view path) {
  constexpr size_t kMaxNamed = 32;
  if (ignored.size() < kMaxNamed && is_plain(path)) ignored.emplace_back(path);
  return ignored.size() < kMaxNamed;
}

void note_unknown_keywords(const Json& schema, const std::string& path, bool strict, ReadNotes& notes) {
  if (notes.fault) return;
  using Kind = UnknownWords::Kind;
  const UnknownWords::Found found = [&](std::string_view place, std::string_view word, Kind kind) {
    if (!strict) return notes.ignore(place);
    const bool is_format = kind == Kind::kFormat;
    const auto near = base::closest(word, is_format ? text::grammar::format_names() : text::grammar::keywords());
    notes.fault =
        Failure::bad_field(shown(place), is_format ? "names no format of JSON Schema, so it cannot be enforced"
                                                   : "is unknown to JSON Schema, so it cannot be enforced");
    notes.fault->error =
        std::move(notes.fault->error)
            .hint(near ? "did you mean '" + std::string(*near) + "'?" : "leave it out, or do without 'strict': true");
    return false;
  };
  UnknownWords(path, found).find_in(schema);
}

ReadLog::ReadLog() {
  current_log = this;
}

ReadLog::~ReadLog() {
  current_log = nullptr;
}

ObjectReader::ObjectReader(const Json& value, std::string path, ReadNotes& notes, FieldTable fields)
    : value_(value.is_object() ? &value : nullptr), path_(std::move(path)), notes_(notes), fields_(fields) {
  if (value_ == nullptr) {
    fault(Failure::bad_field(path_, "must be an object"));
    return;
  }
  for (const auto& [name, item] : value_->items()) {
    const Field* row = row_of(fields, name);
    if (row == nullptr) {
      if (!item.is_null()) unknown(name);
    } else if (row->support == Support::kRejected) {
      reject(*row, item);
    }
  }
}

void ObjectReader::reject(const Field& row, const Json& value) {
  if (asks_for_nothing(row, value)) return;
  const std::string path = path_of(row.name);
  fault(Failure{.status = row.status,
                .code = std::string(row.code),
                .param = path,
                .reason = std::string(row.note),
                .error = Error::unsupported("'" + path + "': " + std::string(row.note))});
}

void ObjectReader::unknown(std::string_view name) {
  if (!notes_.refuses_unknown) {
    notes_.ignore(path_of(name));
    return;
  }
  std::vector<std::string_view> known;
  for (const Field& row : fields_)
    known.push_back(row.name);
  const auto near = base::closest(name, known);
  Failure failure = Failure::bad_field(shown(path_of(name)), "is no field that is known here");
  if (near) failure.error = std::move(failure.error).hint("did you mean '" + std::string(*near) + "'?");
  fault(std::move(failure));
}

std::string ObjectReader::misspelt(std::string_view name) const {
  if (value_ == nullptr || value_->contains(name)) return {};
  for (const auto& [key, item] : value_->items())
    if (row_of(fields_, key) == nullptr && base::closest(key, std::span(&name, 1))) return key;
  return {};
}

void ObjectReader::missing(std::string_view name, std::string_view what) {
  Failure failure = Failure::bad_field(path_of(name), what);
  if (const std::string key = misspelt(name); !key.empty())
    failure.error = std::move(failure.error)
                        .hint("'" + shown(path_of(key)) + "' is no field: did you mean '" + std::string(name) + "'?");
  fault(std::move(failure));
}

std::string ObjectReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void ObjectReader::fault(Failure failure) {
  if (!notes_.fault) notes_.fault = std::move(failure);
}

const Json* ObjectReader::any(std::string_view name) {
  if (current_log != nullptr) {
    const Field* row = row_of(fields_, name);
    if (row != nullptr) current_log->rows.insert(row);
    if (row == nullptr || !is_read(*row)) current_log->unlisted.insert(path_of(name));
  }
  if (value_ == nullptr || notes_.fault) return nullptr;
  const auto found = value_->find(name);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

const Json* ObjectReader::object(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr || value->is_object()) return value;
  fault(name, "must be an object");
  return nullptr;
}

const Json* ObjectReader::array(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr || value->is_array()) return value;
  fault(name, "must be a list");
  return nullptr;
}

std::optional<std::string> ObjectReader::text(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get_ref<const std::string&>();
  fault(name, "must be a string");
  return std::nullopt;
}

std::optional<bool> ObjectReader::boolean(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  fault(name, "must be true or false");
  return std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view name, double minimum, double maximum) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    fault(name, "must be a number");
    return std::nullopt;
  }
  const double number = value->get<double>();
  if (number >= minimum && number <= maximum) return number;
  fault(name, fmt::format("must be a number from {} to {}", minimum, maximum));
  return std::nullopt;
}

std::optional<int64_t> ObjectReader::integer(std::string_view name, int64_t minimum, int64_t maximum) {
  const Json* value = any(name);
  if (value == nullptr) return std::nullopt;
  // Languages with one kind of number write 3.0 for 3.
  const bool is_whole =
      value->is_number_integer() || (value->is_number_float() && std::abs(value->get<double>()) < 9e15 &&
                                     std::trunc(value->get<double>()) == value->get<double>());
  if (!is_whole) {
    fault(name, "must be a whole number");
    return std::nullopt;
  }
  const bool too_large = value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  const int64_t number = too_large ? INT64_MAX : value->get<int64_t>();
  if (!too_large && number >= minimum && number <= maximum) return number;
  fault(name, "must be a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  return std::nullopt;
}

std::vector<std::string> ObjectReader::texts(std::string_view name) {
  const Json* value = any(name);
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get_ref<const std::string&>()};
  std::vector<std::string> texts;
  if (value->is_array() && value->size() > kMaxTexts) {
    fault(name, "has more than " + std::to_string(kMaxTexts) + " texts");
    return {};
  }
  if (value->is_array()) {
    for (const Json& item : *value) {
      if (!item.is_string()) break;
      texts.push_back(item.get_ref<const std::string&>());
    }
    if (texts.size() == value->size()) return texts;
  }
  fault(name, "must be a string or a list of strings");
  return {};
}

}  // namespace ingle::api
