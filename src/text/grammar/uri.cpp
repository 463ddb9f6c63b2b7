#include "text/grammar/uri.h"

#include <charconv>
#include <optional>

namespace ingle::text::grammar {
namespace {

/// Absent and empty are different: "a?" has a query.
struct Uri {
  std::optional<std::string_view> scheme, authority, query, fragment;
  std::string_view path;
};

/// Cuts off what follows `mark`.
std::optional<std::string_view> cut_after(std::string_view& text, char mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view after = text.substr(at + 1);
  text = text.substr(0, at);
  return after;
}

Uri parse(std::string_view text) {
  Uri uri;
  uri.fragment = cut_after(text, '#');
  uri.query = cut_after(text, '?');
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon > 0 && text.find('/') > colon) {
    uri.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const size_t end = std::min(text.find('/'), text.size());
    uri.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  uri.path = text;
  return uri;
}

std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', path.starts_with('/') ? 1 : 0), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const std::string_view name = segment.starts_with('/') ? segment.substr(1) : segment;
    const bool is_last = path.empty();
    if (name == "..") {
      const size_t slash = out.rfind('/');
      out.erase(slash == std::string::npos ? 0 : slash);
      if (is_last) out += '/';
    } else if (name == ".") {
      if (is_last) out += '/';
    } else {
      out += segment;
    }
  }
  return out;
}

}  // namespace

std::string resolve_uri(std::string_view base_text, std::string_view reference_text) {
  const Uri base = parse(base_text);
  Uri uri = parse(reference_text);
  std::string path;
  if (uri.scheme) {
    path = uri.path;
  } else {
    uri.scheme = base.scheme;
    if (uri.authority) {
      path = without_dots(uri.path);
    } else {
      uri.authority = base.authority;
      if (uri.path.empty()) {
        path = base.path;
        if (!uri.query) uri.query = base.query;
      } else if (uri.path.starts_with('/')) {
        path = without_dots(uri.path);
      } else {
        const size_t slash = base.path.rfind('/');
        std::string merged(base.authority && base.path.empty() ? "/"
                           : slash == std::string_view::npos   ? ""
                                                               : base.path.substr(0, slash + 1));
        merged += uri.path;
        path = without_dots(merged);
      }
    }
  }
  std::string out;
  if (uri.scheme) out.append(*uri.scheme).append(":");
  if (uri.authority) out.append("//").append(*uri.authority);
  out += path;
  if (uri.query) out.append("?").append(*uri.query);
  if (uri.fragment) out.append("#").append(*uri.fragment);
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace ingle::text::grammar
