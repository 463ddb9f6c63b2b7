// The engine role: one model, answered for over a channel until front is gone.
//
// Runs in a process of its own (or, in tests, on a thread of its own). Front is trusted here: it sends what
// RemoteCompleter writes. Requests begin in the order in which they came, but those with a
// grammar or a long text begin beside the others, as do calls that wait for the model: nobody waits for a compiler.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "chat/completer.h"
#include "engine/engine.h"
#include "roles/channel.h"

namespace ingle::roles {

/// engine::load, or what a test puts in its place.
using EngineLoad = std::function<Result<std::unique_ptr<chat::Completer>>(std::span<const base::FileDescriptor>,
                                                                          std::string_view, const engine::Options&)>;

/// Calls `lock` before the first message is read. Returns the exit code.
int serve_engine(Channel& channel, const EngineLoad& load, const std::function<Status()>& lock);

}  // namespace ingle::roles
