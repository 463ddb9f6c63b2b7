// JsonWriter: builds one JSON text, member by member, without a document in between.
//
// Strings always come out as valid UTF-8: what is not is replaced by U+FFFD, and text() puts the true bytes beside it.
// Numbers are written in the shortest form that reads back to the same value; what is no number becomes null.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace ingle::cli {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view value);
  JsonWriter& number(double value);
  JsonWriter& number(float value);
  template <std::integral Integer>
  JsonWriter& number(Integer value) {
    if constexpr (std::signed_integral<Integer>) return signed_number(value);
    return unsigned_number(value);
  }
  JsonWriter& boolean(bool value);
  JsonWriter& null();

  // key and value
  JsonWriter& member(std::string_view name, std::string_view value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, const std::string& value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, std::same_as<bool> auto value) { return key(name).boolean(value); }
  template <typename Number>
    requires(std::integral<Number> && !std::same_as<Number, bool>) || std::floating_point<Number>
  JsonWriter& member(std::string_view name, Number value) {
    return key(name).number(value);
  }
  /// "name": the text; and, when it is not valid UTF-8, "bytes": [its bytes].
  JsonWriter& text(std::string_view name, std::string_view bytes);

  const std::string& str() const { return out_; }
  /// The text and a newline, and an empty writer again.
  std::string take_line();

 private:
  void separate();
  JsonWriter& signed_number(int64_t value);
  JsonWriter& unsigned_number(uint64_t value);

  std::string out_;
  bool needs_comma_ = false;
};

}  // namespace ingle::cli
