// INGLE_CHECK: a broken invariant ends the process at once, in every build. Input is never an invariant.
#pragma once

namespace ingle::base {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define INGLE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::ingle::base::check_failed(#condition, __FILE__, __LINE__))
