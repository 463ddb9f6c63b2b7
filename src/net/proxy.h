// Which proxy a URL goes through; internal to net. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "net/http_types.h"
#include "net/url.h"

namespace ingle::net {

/// Empty: connect directly. Loopback never goes through a proxy.
Result<std::optional<Url>> proxy_for(const Url& url, const HttpSettings& settings);

/// "Basic ..." from percent-encoded user info.
std::string basic_authorization(std::string_view user_info);

}  // namespace ingle::net
