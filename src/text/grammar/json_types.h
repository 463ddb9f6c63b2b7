// The types of JSON values as a set of bits; whole numbers and others are two types.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace ingle::text::grammar {

using Types = uint8_t;
inline constexpr Types kNullType = 1, kBooleanType = 2, kWholeType = 4, kFractionalType = 8, kStringType = 16,
                       kArrayType = 32, kObjectType = 64;
inline constexpr Types kNumberTypes = kWholeType | kFractionalType;
inline constexpr Types kAllTypes = 127;

/// Of the words of the keyword "type".
std::optional<Types> type_named(std::string_view name);

/// Exactly one bit.
Types type_of(const nlohmann::ordered_json& value);

/// Values in it, itself included.
size_t weight_of(const nlohmann::ordered_json& value);

/// As JSON Schema compares: numbers by value, objects without an order.
bool are_equal(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b);

}  // namespace ingle::text::grammar
