#include "store/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "net/url.h"

namespace ingle::store {
namespace {

constexpr std::string_view kDefaultHost = "registry.ollama.ai";
constexpr std::string_view kDefaultSpace = "library";
constexpr std::string_view kDefaultTag = "latest";
constexpr size_t kMaxHost = 350;
constexpr size_t kMaxPart = 80;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_valid_part(std::string_view part, size_t max_size, std::string_view punctuation) {
  if (part.empty() || part.size() > max_size || !is_word(part.front())) return false;
  return std::ranges::all_of(part, [&](char c) { return is_word(c) || punctuation.find(c) != std::string_view::npos; });
}

/// "My model (v2)" -> "My-model-v2"
std::string as_part(std::string_view text, std::string_view punctuation) {
  std::string part;
  for (const char c : text) {
    if (part.size() == kMaxPart) break;
    if (is_word(c) || (!part.empty() && punctuation.find(c) != std::string_view::npos)) {
      part += c;
    } else if (!part.empty() && part.back() != '-') {
      part += '-';
    }
  }
  while (part.ends_with('-'))
    part.pop_back();
  return part;
}

}  // namespace

Status ModelName::check(std::string_view text) const {
  const char* bad = nullptr;
  if (!is_valid_part(host_, kMaxHost, "-.:")) bad = "host";
  if (!is_valid_part(space_, kMaxPart, "-")) bad = "namespace";
  if (!is_valid_part(model_, kMaxPart, "-.")) bad = "model";
  if (!is_valid_part(tag_, kMaxPart, "-.")) bad = "tag";
  if (bad == nullptr) return {};
  return std::unexpected(
      Error::usage(
          fmt::format("'{}' is not a model name: the {} is empty, too long or has a character that is not allowed",
                      text.substr(0, 200), bad))
          .hint("names look like smollm2:135m, qwen2.5-coder:0.5b or hf.co/user/repository:Q4_K_M"));
}

Result<ModelName> ModelName::parse(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view scheme : {"https://", "http://", "ollama://"}) {
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      break;
    }
  }
  ModelName name;
  name.host_ = kDefaultHost;
  name.space_ = kDefaultSpace;
  name.tag_ = kDefaultTag;
  // A colon before the last slash belongs to a host's port.
  if (const size_t colon = rest.rfind(':');
      colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
    name.tag_ = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  const size_t last = rest.rfind('/');
  name.model_ = rest.substr(last == std::string_view::npos ? 0 : last + 1);
  if (last != std::string_view::npos) {
    rest = rest.substr(0, last);
    const size_t first = rest.find('/');
    if (first == std::string_view::npos) {
      name.space_ = rest;
    } else {
      name.host_ = rest.substr(0, first);
      name.space_ = rest.substr(first + 1);
    }
  }
  INGLE_TRY_VOID(name.check(text));
  return name;
}

Result<ModelName> ModelName::from_manifest_path(const std::filesystem::path& relative) {
  std::vector<std::string> parts;
  for (const auto& part : relative)
    parts.push_back(part.string());
  ModelName name;
  if (parts.size() == 4) {
    name.host_ = parts[0];
    name.space_ = parts[1];
    name.model_ = parts[2];
    name.tag_ = parts[3];
  }
  INGLE_TRY_VOID(name.check(relative.string()));
  return name;
}

Result<ModelName> ModelName::from_parts(std::string_view host, std::string_view space, std::string_view model,
                                        std::string_view tag) {
  ModelName name;
  name.host_ = host;
  name.space_ = as_part(space, "-");
  name.model_ = as_part(model, "-.");
  name.tag_ = as_part(tag, "-.");
  INGLE_TRY_VOID(name.check(model));
  return name;
}

Result<ModelName> ModelName::within(std::string_view host) const {
  return from_parts(host, space_, model_, tag_);
}

std::string ModelName::display() const {
  const std::string short_name = model_ + ":" + tag_;
  if (host_ != kDefaultHost) return host_ + "/" + space_ + "/" + short_name;
  if (space_ != kDefaultSpace) return space_ + "/" + short_name;
  return short_name;
}

std::string ModelName::full() const {
  return host_ + "/" + space_ + "/" + model_ + ":" + tag_;
}

std::filesystem::path ModelName::manifest_path() const {
  return std::filesystem::path(host_) / space_ / model_ / tag_;
}

bool ModelName::same_as(const ModelName& other) const {
  return net::lower_ascii(full()) == net::lower_ascii(other.full());
}

}  // namespace ingle::store
