// CoreBoard: how engines of one machine share its cores: a small shared file in which each says whether it is computing.
//
// An engine that computes beside k - 1 others takes its share of the cores and leaves the rest alone; threads that wait for
// preempted ones would cost both far more than half. The board is opened before an engine locks itself. A place on it is
// held by an open-file-description lock, which the kernel releases with the last process that holds the descriptor; what an
// ended process left written there counts for two seconds, a step that goes on for a minute. Used by the step thread of one
// engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/files.h"
#include "base/result.h"

namespace ingle::base {

class CoreBoard {
 public:
  /// Where the engines of one user meet, whatever home they have: a folder of the user's own in `runtime_folder`
  /// (XDG_RUNTIME_DIR), else in the system's shared memory, else in /tmp. Made (0700) if need be; kRefused: it is somebody
  /// else's.
  static Result<std::filesystem::path> folder_of_user(const std::filesystem::path& runtime_folder);

  /// A place on the board in `path`, which is created (0600) if need be. The descriptor may be sent to another process.
  /// kExhausted: every place is taken.
  static Result<FileDescriptor> reserve(const std::filesystem::path& path);

  /// The place that the descriptor holds.
  static Result<std::unique_ptr<CoreBoard>> open(FileDescriptor place);
  ~CoreBoard();
  CoreBoard(const CoreBoard&) = delete;
  CoreBoard& operator=(const CoreBoard&) = delete;

  /// Says that this engine computes, and returns how many of `n_cores` are its own: all when it is alone, at least one.
  uint32_t take(uint32_t n_cores);
  /// Says that it has nothing to do.
  void leave();

 private:
  struct Impl;
  explicit CoreBoard(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingle::base
