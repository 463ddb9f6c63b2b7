// The egress role: the only process with sockets to the outside. Sends what front gives it and hands the answers back.
//
// A request without a body needs no receipt, since nothing of the user's is in it; everything else is refused unless the
// privacy gate signed exactly these bytes. The process opens no files, so certificates of the user's come as text.
#pragma once

#include <functional>

#include "base/result.h"
#include "roles/channel.h"

namespace ingle::roles {

/// Calls `lock` before the first message is read, serves until front is gone, and returns the exit code.
int serve_egress(Channel& channel, const std::function<Status()>& lock);

}  // namespace ingle::roles
