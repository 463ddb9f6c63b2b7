// Finding a wheel: pages of a package index (PEP 503 HTML, PEP 691 JSON), folders of wheels, and the choice among them.
//
// Pages are hostile: what is not a well-formed link is skipped. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/url.h"

namespace ingle::store {

struct WheelLink {
  std::string file_name;
  net::Url url;        // http, https, or file for a wheel on this machine
  std::string sha256;  // empty: the index publishes none
  uint64_t size = 0;   // 0: unknown
};

/// "Foo._Bar" -> "foo-bar" (PEP 503).
std::string normalized_package(std::string_view name);

/// Every wheel that a page links to; `page` is where it was found, for relative links.
std::vector<WheelLink> parse_index_page(std::string_view body, std::string_view content_type, const net::Url& page);

/// Every wheel in a folder.
std::vector<WheelLink> list_wheel_folder(const std::filesystem::path& folder);

/// The wheel of that package and exactly that version, one for any platform before others; nullptr when there is none.
const WheelLink* choose_wheel(const std::vector<WheelLink>& links, std::string_view package, std::string_view version);

}  // namespace ingle::store
