// Trace contexts of other programs (W3C Trace Context, level 1): checked, written to the log, and given back, so that a
// request can be followed from a client's spans to this server's log. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ingle::api {

struct TraceContext {
  std::string trace_id;   // 32 hexadecimal digits
  std::string parent_id;  // 16
  bool sampled = false;
};

/// The header `traceparent`; nothing where it is not one that the standard allows.
std::optional<TraceContext> parse_traceparent(std::string_view value);
std::string to_traceparent(const TraceContext& context);

}  // namespace ingle::api
