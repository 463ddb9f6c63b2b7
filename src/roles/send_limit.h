// How long front may be held up by a role that does not read what it is sent.
#pragma once

#include <chrono>

#include "roles/channel.h"

namespace ingle::roles {

/// Longer than an engine may be silent (pulse.h): who waits for one then reads why it was ended.
inline constexpr std::chrono::seconds kFrontSendPatience{15};

/// From here on a send() that finds no room for so long fails with kUnavailable and breaks the channel.
void limit_sending(const Channel& channel, std::chrono::milliseconds patience);

}  // namespace ingle::roles
