// One URL into one file, resumable at any byte: internal to store, shared by all network sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "net/transport.h"

namespace ingle::store {

struct DownloadRequest {
  net::Url url;
  std::vector<net::HttpHeader> headers = {};
  std::filesystem::path path;      // bytes are appended; what is there is taken for the beginning
  uint64_t size = 0;               // of the whole file; 0: unknown
  uint64_t max_bytes = 0;          // of the whole file
  unsigned retry_delay_ms = 1000;  // the first; it doubles
  /// Bytes in the file, and the whole where known.
  std::function<void(uint64_t done, uint64_t total)> on_progress = {};
};

struct Downloaded {
  uint64_t size = 0;
  uint64_t from_network = 0;
  uint64_t resumed = 0;
};

/// Continues after a broken connection as long as each try brings something, at most a few times without.
Result<Downloaded> download_file(const net::HttpTransport& client, const DownloadRequest& request,
                                 std::stop_token stop);

/// The error for an answer that is not the file: names the URL and the status, with a hint for 401, 403 and 404.
Error status_error(const net::HttpHead& head);

/// A file that is open for writing at a position, for staging; errors name disk space where that is the reason.
class StagingFile {
 public:
  /// Opens or creates and cuts it to at most `keep` bytes; the position is then the size.
  static Result<StagingFile> open(const std::filesystem::path& path, uint64_t keep);
  Status write(std::span<const std::byte> bytes);
  Status truncate(uint64_t size);
  Status sync();
  uint64_t size() const { return size_; }

 private:
  StagingFile(base::FileDescriptor fd, std::string name, uint64_t size)
      : fd_(std::move(fd)), name_(std::move(name)), size_(size) {}
  Error failed(std::string_view doing, int errno_value) const;

  base::FileDescriptor fd_;
  std::string name_;
  uint64_t size_;
};

}  // namespace ingle::store
