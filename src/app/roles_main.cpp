#include "app/roles_main.h"

namespace ingle::app {

std::span<const roles::JobKind> job_kinds() {
  return {};
}

}  // namespace ingle::app
