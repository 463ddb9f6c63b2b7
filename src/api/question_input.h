// Fields that the questions of several dialects have. Internal to api, included by its .cpp files only. Pure; one thread.
#pragma once

#include <cstdint>

#include "api/json_input.h"

namespace ingle::api {

/// `num_ctx` or `context_length`: tokens that prompt and answer may take together; 0: neither is there.
uint32_t read_context(ObjectReader& in);

}  // namespace ingle::api
