// Fields of a schema of the user's: a model fills it, and may fill strings, numbers and integers with nothing but spans of
// the text or null. What is not in the document cannot come out.
#pragma once

#include <stop_token>
#include <string_view>

#include "chat/completer.h"
#include "documents/extraction.h"

namespace ingle::documents {

/// kUsage: the schema is no JSON object schema. Its keywords beyond type, properties, items and enum are not heeded.
Result<Extraction> extract_by_schema(const Document& document, std::string_view schema, chat::Completer& model,
                                     std::stop_token stop);

}  // namespace ingle::documents
