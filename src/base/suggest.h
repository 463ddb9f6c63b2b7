// "Did you mean ...?": the closest of some known words.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace ingle::base {

/// Inserting, deleting, replacing and swapping neighbours cost 1 each (optimal string alignment). Quadratic: for names.
size_t edit_distance(std::string_view a, std::string_view b);

/// The known word with the smallest edit distance to `word`, if it is near enough to be what was meant.
std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> known);

}  // namespace ingle::base
