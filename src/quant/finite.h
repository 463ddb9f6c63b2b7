// Finds numbers that no honest file holds: infinities and NaN in the floats of a tensor.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "quant/format.h"

namespace ingle::quant {

/// The byte offset of the first block scale (or, in float formats, number) that is not finite.
std::optional<size_t> find_non_finite(const Format& format, std::span<const std::byte> blocks);

}  // namespace ingle::quant
