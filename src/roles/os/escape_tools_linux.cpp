#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "roles/os/escape_tools.h"

namespace ingle::roles::escape {

std::string refused(std::initializer_list<int> also) {
  const int error = errno;
  const char* name = ::strerrorname_np(error);
  const bool by_us = error == EPERM || error == EACCES || error == ENOSYS;
  if (by_us || std::ranges::find(also, error) != also.end()) return fmt::format("blocked: {}", name);
  return escaped(fmt::format("let through, and failed for another reason ({})", name != nullptr ? name : "unknown"));
}

std::string escaped(std::string_view what) {
  return fmt::format("ESCAPED: {}", what);
}

std::string outcome_of_descriptor(int fd, std::string_view what) {
  const base::FileDescriptor owned(fd);
  return owned.valid() ? escaped(what) : refused();
}

std::string outcome_of_call(long result, std::string_view what, std::initializer_list<int> also) {
  return result >= 0 ? escaped(what) : refused(also);
}

}  // namespace ingle::roles::escape
