// References between schemas: RFC 3986, section 5.2, on texts. No network: a URI is only a name here.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace ingle::text::grammar::validation {

/// `reference` as seen from `base`. An empty base leaves it as it is.
std::string resolve_uri(std::string_view base, std::string_view reference);

/// What stands before '#', and the fragment behind it with its percent signs decoded.
std::pair<std::string, std::string> split_fragment(std::string_view uri);

}  // namespace ingle::text::grammar::validation
