// JSON from outside as template values: every text in it untrusted, but for the well-known roles of messages.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

enum class JsonRole : uint8_t {
  kMessages,  // the "role" of an object in the outermost array is trusted if it is a word we know
  kOther,
};

/// kUsage, naming `what` and the byte, if `json` is no JSON; kExhausted if it nests more than `depth` deep.
Result<Value> read_json(Heap& heap, std::string_view json, std::string_view what, JsonRole role, uint32_t depth);

}  // namespace ingle::text::jinja
