// What the verbs on documents share: files read by the parse role, and the model that is asked about them.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"
#include "documents/reader.h"

namespace ingle::cli {

documents::JobReader document_reader(Context& context);

/// `wanted`, or the setting `extract_model`, or the first installed of those that are known to be good at it; "" when there
/// is none, or when "none" was asked for.
Result<std::string> document_model(Context& context, const std::string& wanted);

}  // namespace ingle::cli
