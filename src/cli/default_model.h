// The model of a job for which none was named.
#pragma once

#include <string>

#include "cli/verb.h"

namespace ingle::cli {

/// The largest installed model that such a job can wait for. kNotFound proposes one to pull.
Result<std::string> default_model(Context& context);

}  // namespace ingle::cli
