#include "store/wheel_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "store/manifest.h"
#include "store/name.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kMaxLinks = 20'000;

std::string valid_sha256(std::string_view hex) {
  return Digest::parse(hex) ? std::string(hex) : std::string();
}

std::string unescape_html(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                                                                    {"&quot;", '"'}, {"&#39;", '\''}, {"&#43;", '+'}};
  std::string result;
  while (!text.empty()) {
    const auto entity = std::ranges::find_if(kEntities, [&](const auto& pair) { return text.starts_with(pair.first); });
    if (entity != std::end(kEntities)) {
      result += entity->second;
      text.remove_prefix(entity->first.size());
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string file_name_of(const net::Url& url) {
  const std::string path = url.decoded_path();
  return path.substr(path.rfind('/') + 1);
}

void add_link(std::vector<WheelLink>& links, const net::Url& page, const std::string& reference, std::string sha256,
              uint64_t size) {
  auto url = page.resolve(reference);
  // A page of the network may not point into this machine's file system.
  if (!url || (url->scheme == "file" && page.scheme != "file")) return;
  // A private index's credentials count for its own files (pip does the same); anyone else's never see them.
  if (url->user_info.empty() && url->origin() == page.origin()) url->user_info = page.user_info;
  std::string name = file_name_of(*url);
  if (!name.ends_with(".whl") || links.size() >= kMaxLinks) return;
  links.push_back({std::move(name), std::move(*url), std::move(sha256), size});
}

void parse_json(std::string_view body, const net::Url& page, std::vector<WheelLink>& links) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("files") || !json["files"].is_array()) return;
  for (const Json& file : json["files"]) {
    if (!file.is_object() || !file.contains("url") || !file["url"].is_string()) continue;
    std::string sha256;
    if (file.contains("hashes") && file["hashes"].is_object() && file["hashes"].contains("sha256") &&
        file["hashes"]["sha256"].is_string()) {
      sha256 = valid_sha256(file["hashes"]["sha256"].get_ref<const std::string&>());
    }
    const uint64_t size = file.contains("size") && file["size"].is_number_unsigned() ? file["size"].get<uint64_t>() : 0;
    add_link(links, page, file["url"].get<std::string>(), std::move(sha256), size);
  }
}

/// The value of href in the text between "<a" and ">"; empty when there is none.
std::string_view href_of(std::string_view tag) {
  const std::string lower = net::lower_ascii(tag);
  size_t at = 0;
  while ((at = lower.find("href", at)) != std::string::npos) {
    const bool starts = at > 0 && std::string_view(" \t\r\n").find(lower[at - 1]) != std::string_view::npos;
    size_t value = tag.find_first_not_of(" \t\r\n", at + 4);
    at += 4;
    if (!starts || value == std::string_view::npos || tag[value] != '=') continue;
    value = tag.find_first_not_of(" \t\r\n", value + 1);
    if (value == std::string_view::npos) return {};
    const char quote = tag[value];
    if (quote != '"' && quote != '\'') return tag.substr(value, tag.find_first_of(" \t\r\n", value) - value);
    const size_t end = tag.find(quote, value + 1);
    return end == std::string_view::npos ? std::string_view() : tag.substr(value + 1, end - value - 1);
  }
  return {};
}

void parse_html(std::string_view body, const net::Url& page, std::vector<WheelLink>& links) {
  size_t from = 0;
  while ((from = body.find('<', from)) != std::string_view::npos) {
    const size_t end = std::min(body.find('>', from), body.size());
    const std::string_view tag = body.substr(from, end - from);
    from = std::min(end + 1, body.size());
    if (tag.size() < 3 || (tag[1] != 'a' && tag[1] != 'A') || tag[2] > ' ') continue;
    const std::string reference = unescape_html(href_of(tag));
    if (reference.empty()) continue;
    std::string sha256;
    if (const size_t hash = reference.find("#sha256="); hash != std::string::npos) {
      sha256 = valid_sha256(std::string_view(reference).substr(hash + 8).substr(0, 64));
    }
    add_link(links, page, reference, std::move(sha256), 0);
  }
}

}  // namespace

std::string normalized_package(std::string_view name) {
  std::string result;
  bool gap = false;
  for (const char c : net::lower_ascii(name)) {
    if (c == '-' || c == '_' || c == '.') {
      gap = true;
      continue;
    }
    if (gap && !result.empty()) result += '-';
    gap = false;
    result += c;
  }
  return result;
}

std::vector<WheelLink> parse_index_page(std::string_view body, std::string_view content_type, const net::Url& page) {
  std::vector<WheelLink> links;
  if (content_type.find("json") != std::string_view::npos) {
    parse_json(body, page, links);
  } else {
    parse_html(body, page, links);
  }
  return links;
}

std::vector<WheelLink> list_wheel_folder(const fs::path& folder) {
  std::vector<WheelLink> links;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.ends_with(".whl") || links.size() >= kMaxLinks) continue;
    net::Url url;
    url.scheme = "file";
    // decoded_path() decodes, so a percent sign in a folder's name must be coded, and a question mark ends a path.
    for (const char c : fs::absolute(it->path()).string()) {
      url.target += c == '%' || c == '?' ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
    }
    links.push_back({name, std::move(url), "", 0});
  }
  std::ranges::sort(links, {}, &WheelLink::file_name);
  return links;
}

const WheelLink* choose_wheel(const std::vector<WheelLink>& links, std::string_view package, std::string_view version) {
  const std::string wanted = normalized_package(package);
  const WheelLink* found = nullptr;
  for (const WheelLink& link : links) {
    // name-version[-build]-python-abi-platform.whl (PEP 427)
    const std::string_view name = link.file_name;
    const size_t first = name.find('-');
    const size_t second = first == std::string_view::npos ? first : name.find('-', first + 1);
    if (second == std::string_view::npos) continue;
    if (normalized_package(name.substr(0, first)) != wanted || name.substr(first + 1, second - first - 1) != version)
      continue;
    if (name.ends_with("-none-any.whl")) return &link;
    if (found == nullptr) found = &link;
  }
  return found;
}

}  // namespace ingle::store
