#include "api/multipart.h"

#include <algorithm>
#include <optional>

#include "api/limits.h"
#include "net/url.h"

namespace ingle::api {
namespace {

constexpr size_t kMaxBoundaryBytes = 70;  // RFC 2046, section 5.1.1

Error broken(std::string_view what) {
  return Error::usage("the multipart body " + std::string(what));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

/// The value of `name` in "form-data; name=\"file\"; filename=\"a.pdf\"". Browsers write a quote in a name as %22; others
/// put a backslash before it.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  size_t pos = header.find(';');
  while (pos < header.size()) {
    ++pos;
    const size_t equals = header.find('=', pos);
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string key = net::lower_ascii(trimmed(header.substr(pos, equals - pos)));
    std::string value;
    pos = equals + 1;
    while (pos < header.size() && header[pos] == ' ')
      ++pos;
    if (pos < header.size() && header[pos] == '"') {
      for (++pos; pos < header.size() && header[pos] != '"'; ++pos) {
        if (header[pos] == '\\' && pos + 1 < header.size() && (header[pos + 1] == '"' || header[pos + 1] == '\\'))
          ++pos;
        value += header[pos];
      }
      pos = std::min(header.find(';', pos), header.size());
    } else {
      const size_t end = std::min(header.find(';', pos), header.size());
      value = trimmed(header.substr(pos, end - pos));
      pos = end;
    }
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<FormPart> read_part(std::string_view text) {
  FormPart part;
  std::string disposition;
  size_t end = text.find("\r\n\r\n");
  std::string_view header;
  if (text.starts_with("\r\n")) {
    part.body = text.substr(2);
  } else {
    if (end == std::string_view::npos || end > kMaxMultipartHeaderBytes)
      return std::unexpected(broken("has a part whose header does not end"));
    header = text.substr(0, end);
    part.body = text.substr(end + 4);
  }
  while (!header.empty()) {
    end = std::min(header.find("\r\n"), header.size());
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(std::min(end + 2, header.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::unexpected(broken("has a header line without a colon"));
    const std::string name = net::lower_ascii(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-disposition") disposition = value;
    if (name == "content-type") part.content_type = net::lower_ascii(trimmed(value.substr(0, value.find(';'))));
  }
  auto name = parameter(disposition, "name");
  if (!net::lower_ascii(disposition).starts_with("form-data") || !name)
    return std::unexpected(broken("has a part without a name"));
  part.name = *std::move(name);
  part.file_name = parameter(disposition, "filename").value_or("");
  return part;
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body) {
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundaryBytes)
    return std::unexpected(Error::usage("the Content-Type names no usable boundary"));
  const std::string delimiter = "--" + *boundary;
  if (!body.starts_with(delimiter)) return std::unexpected(broken("does not begin with its boundary"));
  body.remove_prefix(delimiter.size());
  std::vector<FormPart> parts;
  for (;;) {
    if (body.starts_with("--")) return parts;
    if (!body.starts_with("\r\n")) return std::unexpected(broken("has a boundary with something behind it"));
    body.remove_prefix(2);
    const size_t end = body.find("\r\n" + delimiter);
    if (end == std::string_view::npos) return std::unexpected(broken("breaks off"));
    if (parts.size() == kMaxMultipartParts) return std::unexpected(broken("has too many parts"));
    INGLE_TRY(FormPart part, read_part(body.substr(0, end)));
    parts.push_back(std::move(part));
    body.remove_prefix(end + 2 + delimiter.size());
  }
}

}  // namespace ingle::api
