#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ingle::base {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "ingle: internal error: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace ingle::base
