// ServerLog: INGLE_HOME/logs/server.jsonl (0600), a JSON object a line, or the same lines on stderr for a service manager.
//
// Lines are written by a thread of its own, so that no disk holds up an answer: when kMaxWaiting lines wait, further ones
// are dropped, and the next line that is written says how many. A file of kMaxBytes is moved aside (server.jsonl.1, ...)
// and at most kKept of those stay; where somebody else moved or removed it (logrotate), the next line begins a new one.
// Any thread may write; what waits at the end is written.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/files.h"
#include "base/result.h"

namespace ingle::app {

class ServerLog {
 public:
  static constexpr uint64_t kMaxBytes = uint64_t{10} << 20;
  static constexpr int kKept = 3;
  static constexpr size_t kMaxWaiting = 10'000;

  static std::filesystem::path file(const std::filesystem::path& home) { return home / "logs" / "server.jsonl"; }
  /// `rotated`: 0 is the file that is written, 1 the one before it, up to kKept.
  static std::filesystem::path file(const std::filesystem::path& home, int rotated);

  /// Appends to the file of this home.
  static Result<std::unique_ptr<ServerLog>> to_file(const std::filesystem::path& home, uint64_t max_bytes = kMaxBytes);
  static std::unique_ptr<ServerLog> to_stderr();
  ~ServerLog();
  ServerLog(const ServerLog&) = delete;
  ServerLog& operator=(const ServerLog&) = delete;

  /// One line, without its newline. Never blocks for long.
  void write(std::string line);

 private:
  ServerLog(std::filesystem::path home, base::FileDescriptor fd, uint64_t max_bytes);
  void run(const std::stop_token& stop);
  void append(std::string text);
  void find_file(uint64_t n_bytes_more);
  void take_file(base::FileDescriptor fd);
  void move_aside() const;

  const std::filesystem::path home_;  // empty: stderr
  const uint64_t max_bytes_;
  base::FileDescriptor fd_;
  char last_ = '\n';  // byte of the file; another one: a full disk cut a line
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> waiting_;
  uint64_t n_dropped_ = 0;
  std::jthread writer_;
};

}  // namespace ingle::app
