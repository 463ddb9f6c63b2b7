#include "text/grammar/validation/uri.h"

#include <cctype>

namespace ingle::text::grammar::validation {
namespace {

struct Parts {
  std::string_view scheme;     // with ':'
  std::string_view authority;  // with "//"
  std::string_view path;
  std::string_view query;     // with '?'
  std::string_view fragment;  // with '#'
};

std::string_view take(std::string_view& text, size_t n) {
  const std::string_view out = text.substr(0, n);
  text.remove_prefix(out.size());
  return out;
}

Parts parts_of(std::string_view text) {
  Parts out;
  if (const size_t colon = text.find_first_of(":/?#"); colon != std::string_view::npos && text[colon] == ':')
    out.scheme = take(text, colon + 1);
  if (text.starts_with("//")) out.authority = take(text, text.find_first_of("/?#", 2));
  out.path = take(text, text.find_first_of("?#"));
  out.query = take(text, text.find('#'));
  out.fragment = text;
  return out;
}

/// Section 5.2.4.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./")) {
      path.remove_prefix(2);
    } else if (path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path.size() == 3 ? std::string_view("/") : path.substr(3);
      out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      out += take(path, path.find('/', 1));
    }
  }
  return out;
}

/// Section 5.2.3.
std::string merged(const Parts& base, std::string_view path) {
  if (!base.authority.empty() && base.path.empty()) return "/" + std::string(path);
  const size_t slash = base.path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : base.path.substr(0, slash + 1)) + std::string(path);
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const Parts ref = parts_of(reference);
  if (base.empty() || !ref.scheme.empty()) return std::string(reference);
  const Parts from = parts_of(base);
  const std::string scheme(from.scheme);
  const std::string rest = std::string(ref.query) + std::string(ref.fragment);
  if (!ref.authority.empty()) return scheme + std::string(ref.authority) + without_dots(ref.path) + rest;
  const std::string place = scheme + std::string(from.authority);
  if (ref.path.empty()) {
    const std::string_view query = ref.query.empty() ? from.query : ref.query;
    return place + std::string(from.path) + std::string(query) + std::string(ref.fragment);
  }
  return place + without_dots(ref.path.starts_with('/') ? std::string(ref.path) : merged(from, ref.path)) + rest;
}

std::pair<std::string, std::string> split_fragment(std::string_view uri) {
  const size_t hash = uri.find('#');
  if (hash == std::string_view::npos) return {std::string(uri), ""};
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  const std::string_view coded = uri.substr(hash + 1);
  std::string fragment;
  for (size_t i = 0; i < coded.size(); ++i) {
    const bool is_coded = coded[i] == '%' && i + 2 < coded.size() &&
                          std::isxdigit(static_cast<unsigned char>(coded[i + 1])) != 0 &&
                          std::isxdigit(static_cast<unsigned char>(coded[i + 2])) != 0;
    fragment += is_coded ? static_cast<char>(digit(coded[i + 1]) * 16 + digit(coded[i + 2])) : coded[i];
    if (is_coded) i += 2;
  }
  return {std::string(uri.substr(0, hash)), fragment};
}

}  // namespace ingle::text::grammar::validation
