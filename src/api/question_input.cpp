#include "api/question_input.h"

#include "api/limits.h"

namespace ingle::api {

uint32_t read_context(ObjectReader& in) {
  const auto context = in.integer("num_ctx", 0, kMaxContext);
  const auto same = in.integer("context_length", 0, kMaxContext);
  if (context && same && *context != *same) in.fault("context_length", "and 'num_ctx' say different things");
  return static_cast<uint32_t>(context.value_or(same.value_or(0)));
}

}  // namespace ingle::api
