// multipart/form-data bodies (RFC 7578), with limits. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::api {

struct FormPart {
  std::string name;
  std::string file_name;     // as the client says; empty: none
  std::string content_type;  // lower case, without parameters
  std::string_view body;     // into the body that was parsed
};

/// `content_type`: the header with its boundary. kUsage says what breaks the form.
Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace ingle::api
