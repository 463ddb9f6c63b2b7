#include "store/sources/wheel_finder.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "store/download.h"
#include "store/layout.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxPageBytes = 32 << 20;
constexpr uint64_t kMaxWheelBytes = uint64_t{8} << 30;
constexpr std::string_view kPageTypes =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

}  // namespace

Result<WheelFinder> WheelFinder::open(const SourceContext& context) {
  INGLE_TRY(const PipSettings settings, read_pip_settings(context.network, context.stop));
  Network network = context.network;
  if (!settings.ca_file.empty()) network.ca_file = settings.ca_file;
  if (!settings.proxy.empty()) network.http_proxy = network.https_proxy = settings.proxy;
  std::unique_ptr<net::HttpTransport> client;
  if (!network.offline) {
    INGLE_TRY(client, make_transport(network));
  }
  return WheelFinder(context, settings, std::move(client));
}

WheelFinder::WheelFinder(const SourceContext& context, const PipSettings& settings,
                         std::unique_ptr<net::HttpTransport> client)
    : context_(&context), client_(std::move(client)), find_links_(settings.find_links) {
  if (!settings.index_url.empty()) indexes_.push_back(settings.index_url);
  indexes_.insert(indexes_.end(), settings.extra_index_urls.begin(), settings.extra_index_urls.end());
  if (settings.no_index) indexes_.clear();
}

Result<WheelLink> WheelFinder::find(const WheelPart& part) {
  Error last =
      Error::not_found(fmt::format("no wheel {} {} in the index of Python packages", part.package, part.version));
  if (!collected_) {
    for (const std::string& place : find_links_)
      collect(place, links_, last);
    collected_ = true;
  }
  if (const WheelLink* link = choose_wheel(links_, part.package, part.version)) {
    if (client_ || !is_download(*link)) return *link;
  }
  if (!client_)
    return std::unexpected(Error::unavailable(part.package + " is not on this machine, and offline mode is on"));
  for (const std::string& index : indexes_) {
    std::vector<WheelLink> links;
    const std::string slash = index.ends_with('/') ? "" : "/";
    collect(index + slash + normalized_package(part.package) + "/", links, last);
    if (context_->stop.stop_requested()) return std::unexpected(Error::cancelled());
    if (const WheelLink* link = choose_wheel(links, part.package, part.version)) return *link;
  }
  return std::unexpected(std::move(last).within(part.package + " " + part.version));
}

/// Adds the wheels of a folder, a file or a page. What is not there is not an error: another place may have it.
void WheelFinder::collect(const std::string& place, std::vector<WheelLink>& links, Error& last) {
  if (place.find("://") == std::string::npos) return collect_local(place, links);
  auto url = net::Url::parse(place);
  if (!url) {
    last = std::move(url).error();
    return;
  }
  if (url->scheme == "file") return collect_local(url->decoded_path(), links);
  if (!client_) return;
  const net::HttpRequest request{.url = *url, .headers = {{"Accept", std::string(kPageTypes)}}};
  auto page =
      net::get_text(*client_, request, net::EgressPermit::for_model_download(url->host), kMaxPageBytes, context_->stop);
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

void WheelFinder::collect_local(const fs::path& path, std::vector<WheelLink>& links) {
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

Result<fs::path> WheelFinder::obtain(const WheelLink& link, const fs::path& path, Fetched& fetched,
                                     const std::function<void(uint64_t, uint64_t)>& on_progress) const {
  if (!is_download(link)) return fs::path(link.url.decoded_path());
  DownloadRequest download{.url = link.url, .path = path};
  download.size = link.size;
  download.max_bytes = link.size != 0 ? link.size : kMaxWheelBytes;
  download.retry_delay_ms = context_->network.retry_delay_ms;
  download.on_progress = on_progress;
  for (bool again = false;; again = true) {
    INGLE_TRY(const Downloaded done, download_file(*client_, download, context_->stop));
    fetched.bytes_downloaded += done.from_network;
    fetched.bytes_resumed += done.resumed;
    if (link.sha256.empty()) break;
    INGLE_TRY(const Digest digest, digest_of_file(path, {}, context_->stop));
    if (digest.hex() == link.sha256) break;
    std::error_code ignored;
    fs::remove(path, ignored);
    // What an earlier pull left may be what is wrong; a file that is wrong from its first byte on is the mirror's fault.
    if (again || done.resumed == 0) {
      return std::unexpected(Error::corrupt(
          fmt::format("{}: digest sha256:{}, the index says sha256:{}", link.file_name, digest.hex(), link.sha256)));
    }
  }
  return path;
}

bool is_download(const WheelLink& link) {
  return link.url.scheme != "file";
}

}  // namespace ingle::store
