// The mains of the roles, and the table of what the parse role can do. main() hands them to roles::run_role().
#pragma once

#include <span>
#include <string_view>

#include "roles/jobs.h"
#include "roles/spawner.h"

namespace ingle::app {

/// Payload: a chat template; nothing is answered where it is one.
inline constexpr std::string_view kTemplateCheckJob = "chat template";
/// Prints what `pip install --help` does (store/pip_settings.h).
inline constexpr std::string_view kPipHelpJob = "pip help";

/// What run_job() knows, by kind.
std::span<const roles::JobKind> job_kinds();

roles::RoleMains role_mains();

}  // namespace ingle::app
