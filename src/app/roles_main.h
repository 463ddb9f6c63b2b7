// The mains of the roles, and the table of what the parse role can do.
#pragma once

#include <span>

#include "roles/jobs.h"

namespace ingle::app {

/// What run_job() knows, by kind.
std::span<const roles::JobKind> job_kinds();

}  // namespace ingle::app
