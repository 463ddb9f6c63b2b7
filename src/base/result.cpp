#include "base/result.h"

#include <array>
#include <system_error>

namespace ingle::base {

std::string_view to_string(ErrorCode code) {
  static constexpr std::array<std::string_view, 10> kNames = {"usage",       "refused",     "not_found", "corrupt",
                                                              "unsupported", "unavailable", "io",        "exhausted",
                                                              "cancelled",   "internal"};
  return kNames[static_cast<size_t>(code)];
}

Error Error::io(std::string_view what, int errno_value) {
  return {ErrorCode::kIo, std::string(what) + ": " + std::generic_category().message(errno_value)};
}

Error Error::within(std::string_view where) && {
  message_ = std::string(where) + ": " + message_;
  return std::move(*this);
}

}  // namespace ingle::base
