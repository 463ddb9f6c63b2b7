// JSON from outside, read field by field: what is missing is a default, what has the wrong type is an error that names the
// field, what the table of fields does not list is remembered by name. Internal to api, included by its .cpp files only.
// One thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"

namespace ingle::api {

using Json = nlohmann::ordered_json;

/// One value of JSON within the limits of limits.h: 400 with the place of the fault, and where an object has two members of
/// one name: readers differ in which of them counts.
Answer<Json> parse_json(std::string_view text);
/// The same, and it is an object.
Answer<Json> parse_json_object(std::string_view text);
/// Whether it is an object within the limits: for what a model wrote, whose names nobody has to answer for.
bool is_json_object(std::string_view text);
/// Text for an answer; what is not UTF-8 is replaced.
std::string to_text(const Json& value);

/// What was noticed while reading a request: its first fault, and the fields that nobody knows.
struct ReadNotes {
  std::optional<Failure> fault;
  std::vector<std::string> ignored;
  bool refuses_unknown = false;  // what no table lists is a fault, and not ignored

  /// Whether there is room for more.
  bool ignore(std::string_view path);
};

/// What no draft of JSON Schema knows of a schema: a fault where it is to be followed strictly, else ignored by name.
void note_unknown_keywords(const Json& schema, const std::string& path, bool strict, ReadNotes& notes);

class ObjectReader {
 public:
  /// `path` stands before the names of fields in errors: "", "options", "messages[0]". Not an object: a fault, and so is a
  /// field that the table rejects. Fields that it does not list go to the notes.
  ObjectReader(const Json& value, std::string path, ReadNotes& notes, FieldTable fields);
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  // Nothing where the field is missing or null, and after a fault.
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<double> number(std::string_view name, double minimum, double maximum);
  std::optional<int64_t> integer(std::string_view name, int64_t minimum, int64_t maximum);
  /// A text or a list of texts.
  std::vector<std::string> texts(std::string_view name);
  /// nullptr where the field is missing or null.
  const Json* any(std::string_view name);
  const Json* object(std::string_view name);
  const Json* array(std::string_view name);

  /// A field of this object that its table does not list and that may have been meant to be this one; empty: there is none.
  std::string misspelt(std::string_view name) const;
  /// The fault of a field that has to be there, and have something in it.
  void missing(std::string_view name, std::string_view what = "is required");

  ReadNotes& notes() { return notes_; }
  std::string path_of(std::string_view name) const;
  void fault(Failure failure);
  void fault(std::string_view name, std::string_view what) { fault(Failure::bad_field(path_of(name), what)); }

 private:
  void reject(const Field& row, const Json& value);
  void unknown(std::string_view name);

  const Json* value_;
  std::string path_;
  ReadNotes& notes_;
  const FieldTable fields_;
};

/// While it lives: the rows that readers on this thread were asked for, and names for which there is no honoured row.
/// For the tests that tables and parsers agree.
class ReadLog {
 public:
  ReadLog();
  ~ReadLog();
  ReadLog(const ReadLog&) = delete;
  ReadLog& operator=(const ReadLog&) = delete;

  std::set<const Field*> rows;
  std::set<std::string> unlisted;
};

}  // namespace ingle::api
