// References between schemas: RFC 3986, section 5.2.
#pragma once

#include <string>
#include <string_view>

namespace ingle::text::grammar {

/// `reference` as seen from `base`, which may be empty or relative itself.
std::string resolve_uri(std::string_view base, std::string_view reference);

/// %XX replaced by bytes; what is no such escape stays.
std::string percent_decoded(std::string_view text);

}  // namespace ingle::text::grammar
