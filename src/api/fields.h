// What this server does with each field of a request: one table beside each parser, and everything else follows from it.
//
// ObjectReader takes the table of the object that it reads: harmless fields are accepted, a rejected one is answered with
// its row's status and reason, one that has no row is named in X-Ingle-Ignored. COMPAT.md and the OpenAPI document are made
// of the same rows, and a test of each dialect holds that its parser reads the honoured rows and nothing else
// (testing/fields.h). Tables of answers have the same form: required is what every answer has. Constant; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ingle::api {

enum class Support : uint8_t { kRequired, kHonoured, kHarmless, kRejected };

struct Field {
  std::string_view name;
  Support support;
  /// Types of JSON in the words of JSON Schema, each perhaps with [] for a list of it: "string|string[]". "any" is every
  /// type, and so is "" for a field whose type does not matter.
  std::string_view type;
  std::string_view note = {};                     // one line for people: the default, the unit, the reason of a refusal
  const std::span<const Field>* inner = nullptr;  // fields of the object, or of the objects in the list
  int status = 0;                                 // of a refusal
  std::string_view neutral = {};                  // the value, as JSON, with which a rejected field asks for nothing
  std::string_view code = {};                     // of a refusal: the word that clients of the dialect know it by
};

/// The fields of one object.
using FieldTable = std::span<const Field>;

constexpr Field required(std::string_view name, std::string_view type, std::string_view note = {},
                         const FieldTable* inner = nullptr) {
  return {name, Support::kRequired, type, note, inner};
}
constexpr Field honoured(std::string_view name, std::string_view type, std::string_view note = {},
                         const FieldTable* inner = nullptr) {
  return {name, Support::kHonoured, type, note, inner};
}
/// Understood, and nothing here depends on it: `note` says why.
constexpr Field harmless(std::string_view name, std::string_view note) {
  return {name, Support::kHarmless, {}, note};
}
/// Answered with `status` and `reason`. null, false, "", [], {} and the neutral value ask for nothing and pass.
constexpr Field rejected(std::string_view name, int status, std::string_view reason, std::string_view neutral = {},
                         std::string_view code = {}) {
  return {name, Support::kRejected, {}, reason, nullptr, status, neutral, code};
}

/// Whether a parser reads it.
constexpr bool is_read(const Field& field) {
  return field.support == Support::kRequired || field.support == Support::kHonoured;
}

/// Rows that endpoints share, and their own.
template <size_t... N>
constexpr auto joined(const Field (&... tables)[N]) {
  std::array<Field, (N + ...)> rows{};
  size_t i = 0;
  const auto add = [&](const auto& table) {
    for (const Field& row : table)
      rows[i++] = row;
  };
  (add(tables), ...);
  return rows;
}

}  // namespace ingle::api
