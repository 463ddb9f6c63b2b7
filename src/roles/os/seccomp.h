// The system calls of each role (seccomp(2)), written with libseccomp. Used by lock() alone.
#pragma once

#include "base/result.h"
#include "roles/spawner.h"

namespace ingle::roles {

bool seccomp_offered();

/// Needs no_new_privs. Holds for every thread of the process and for its children, and cannot be undone.
Status restrict_system_calls(Role role, bool offline);

}  // namespace ingle::roles
