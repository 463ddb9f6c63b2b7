#include "api/question_input.h"

#include "api/limits.h"

namespace ingle::api {

void read_context(ObjectReader& in, runtime::AcquireOptions& acquire) {
  const auto context = in.integer("num_ctx", 0, kMaxContext);
  const auto same = in.integer("context_length", 0, kMaxContext);
  if (context && same && *context != *same) in.fault("context_length", "and 'num_ctx' say different things");
  if (!context && !same) return;
  acquire.context = static_cast<uint32_t>(context.value_or(same.value_or(0)));
  acquire.clamp_context = false;
}

void read_stops(ObjectReader& in, std::string_view name, std::vector<std::string>& stops) {
  if (in.any(name) == nullptr) return;
  auto texts = in.texts(name);
  const bool asks_for_nothing = std::erase(texts, "") > 0 && texts.empty();
  if (!asks_for_nothing) stops = std::move(texts);
}

chat::Priority read_tier(ObjectReader& in) {
  return in.text("service_tier") == "flex" ? chat::Priority::kBackground : chat::Priority::kInteractive;
}

bool read_effort(ObjectReader& in, std::string_view name, std::string& effort) {
  const auto word = in.text(name);
  if (!word) return true;
  if (*word == "none" || *word == "off") return false;
  if (*word == "minimal" || *word == "low") {
    effort = "low";
  } else if (*word == "medium" || *word == "on") {
    effort = "medium";
  } else if (*word == "high" || *word == "xhigh" || *word == "max") {
    effort = "high";
  } else {
    in.fault(name, "must be none, minimal, low, medium, high, xhigh or max");
  }
  return true;
}

}  // namespace ingle::api
