#include "store/download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>

namespace ingle::store {
namespace {

constexpr int kMaxFruitlessTries = 3;

void wait(unsigned milliseconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, std::chrono::milliseconds(milliseconds), [] { return false; });
}

/// One request from the file's end on. Returns true when the file is complete.
class Attempt {
 public:
  Attempt(const net::HttpTransport& client, const DownloadRequest& request, StagingFile& file, Downloaded& result)
      : client_(client), request_(request), file_(file), result_(result) {}

  Result<bool> run(const std::stop_token& stop) {
    net::HttpRequest http{.url = request_.url, .headers = request_.headers};
    if (file_.size() > 0) http.range_from = file_.size();
    http.max_body_bytes = request_.max_bytes;
    const net::BodySink sink{[this](const net::HttpHead& head) { return begin(head); },
                             [this](std::span<const std::byte> chunk) { return take(chunk); }};
    INGLE_TRY(const net::HttpHead head,
              client_.send(http, net::EgressPermit::for_model_download(request_.url.host), sink, stop));
    if (head.status == 416) return finish_past_end(head.range_total.value_or(request_.size));
    if (total_ != 0 && file_.size() != total_) {
      return std::unexpected(Error::unavailable(
          fmt::format("{}: {} bytes arrived, {} were announced", request_.url.text(), file_.size(), total_)));
    }
    return true;
  }

 private:
  Result<bool> begin(const net::HttpHead& head) {
    if (head.status == 416) return false;
    if (head.status != 200 && head.status != 206) return std::unexpected(status_error(head));
    if (head.status == 200 && file_.size() > 0) {
      // The server does not do ranges: from the start again.
      INGLE_TRY_VOID(file_.truncate(0));
      result_.resumed = 0;
    }
    if (head.status == 206) {
      total_ = head.range_total.value_or(head.body_bytes ? file_.size() + *head.body_bytes : 0);
    } else {
      total_ = head.body_bytes.value_or(0);
    }
    if (request_.size != 0 && total_ != 0 && total_ != request_.size) {
      return std::unexpected(Error::corrupt(
          fmt::format("{}: the file has {} bytes, {} were expected", head.url.text(), total_, request_.size)));
    }
    if (total_ > request_.max_bytes) {
      return std::unexpected(Error::refused(
          fmt::format("{}: the file has {} bytes, the limit is {}", head.url.text(), total_, request_.max_bytes)));
    }
    return true;
  }

  Status take(std::span<const std::byte> chunk) {
    if (chunk.size() > request_.max_bytes - std::min(request_.max_bytes, file_.size())) {
      return std::unexpected(
          Error::refused(fmt::format("{}: more than {} bytes", request_.url.text(), request_.max_bytes)));
    }
    INGLE_TRY_VOID(file_.write(chunk));
    result_.from_network += chunk.size();
    if (request_.on_progress) request_.on_progress(file_.size(), total_ != 0 ? total_ : request_.size);
    return {};
  }

  /// 416: nothing lies behind our last byte. Complete if that is the size; otherwise what we have belongs to another file.
  Result<bool> finish_past_end(uint64_t size) {
    if (size != 0 && file_.size() == size) return true;
    if (file_.size() == 0)
      return std::unexpected(Error::unavailable(request_.url.text() + ": 416 Range Not Satisfiable"));
    INGLE_TRY_VOID(file_.truncate(0));
    result_.resumed = 0;
    return false;
  }

  const net::HttpTransport& client_;
  const DownloadRequest& request_;
  StagingFile& file_;
  Downloaded& result_;
  uint64_t total_ = 0;
};

}  // namespace

Error status_error(const net::HttpHead& head) {
  Error error = head.status == 404 ? Error::not_found(head.url.text() + ": 404 Not Found")
                                   : Error::unavailable(head.url.text() + ": " + net::status_text(head.status));
  if (head.status == 401 || head.status == 403) {
    return std::move(error).hint(
        "the source wants a login; for Hugging Face set HF_TOKEN and accept the model's terms there");
  }
  return error;
}

Result<Downloaded> download_file(const net::HttpTransport& client, const DownloadRequest& request,
                                 std::stop_token stop) {
  // A file that is longer than it can be belongs to something else: the part within the limit is checked like any other.
  INGLE_TRY(StagingFile file, StagingFile::open(request.path, request.size != 0 ? request.size : request.max_bytes));
  Downloaded result;
  result.resumed = file.size();
  unsigned delay = request.retry_delay_ms;
  int fruitless = 0;
  bool complete = request.size != 0 && file.size() == request.size;
  while (!complete) {
    const uint64_t before = result.from_network;
    auto done = Attempt(client, request, file, result).run(stop);
    if (done) {
      complete = *done;
      if (!complete && ++fruitless >= kMaxFruitlessTries) {
        return std::unexpected(Error::unavailable(request.url.text() + ": the server refuses every range"));
      }
      continue;
    }
    // Only a server that has already sent something is worth waiting for: the next source may be there at once.
    const bool broke_off = done.error().code() == ErrorCode::kUnavailable && result.from_network > 0;
    if (result.from_network > before) {
      fruitless = 0;
      delay = request.retry_delay_ms;
    }
    if (!broke_off || ++fruitless >= kMaxFruitlessTries) return std::unexpected(std::move(done).error());
    wait(delay, stop);
    delay *= 2;
  }
  INGLE_TRY_VOID(file.sync());
  result.size = file.size();
  return result;
}

Result<StagingFile> StagingFile::open(const std::filesystem::path& path, uint64_t keep) {
  base::FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) return std::unexpected(Error::io("cannot create '" + path.string() + "'", errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return std::unexpected(Error::io("cannot stat '" + path.string() + "'", errno));
  StagingFile file(std::move(fd), path.string(), static_cast<uint64_t>(info.st_size));
  INGLE_TRY_VOID(file.truncate(std::min(file.size_, keep)));
  return file;
}

Error StagingFile::failed(std::string_view doing, int errno_value) const {
  Error error = Error::io(fmt::format("{} '{}'", doing, name_), errno_value);
  if (errno_value != ENOSPC && errno_value != EDQUOT) return error;
  return Error::exhausted(error.message())
      .hint(
          "free some space, or point INGLE_HOME or OLLAMA_MODELS at a larger disk; "
          "the same pull then goes on where it stopped");
}

Status StagingFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(failed("writing", errno));
    bytes = bytes.subspan(static_cast<size_t>(n));
    size_ += static_cast<uint64_t>(n);
  }
  return {};
}

Status StagingFile::truncate(uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return std::unexpected(failed("cutting", errno));
  size_ = size;
  return {};
}

Status StagingFile::sync() {
  if (::fsync(fd_.get()) != 0) return std::unexpected(failed("syncing", errno));
  return {};
}

}  // namespace ingle::store
