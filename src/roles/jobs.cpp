#include "roles/jobs.h"

#include <algorithm>

namespace ingle::roles {

Result<std::string> run_job_here(std::span<const JobKind> kinds, std::string_view kind, std::string_view payload,
                                 std::span<const base::FileDescriptor> files) {
  const auto found = std::ranges::find(kinds, kind, &JobKind::kind);
  if (found == kinds.end())
    return std::unexpected(Error::internal("there is no job of the kind '" + std::string(kind.substr(0, 40)) + "'"));
  return found->run(payload, files);
}

}  // namespace ingle::roles
