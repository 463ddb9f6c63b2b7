// Whether a text says a value: the check that no value is without evidence, independent of how it was found. Pure.
#pragma once

#include <string_view>

namespace ingle::documents {

/// `field` is a name of the invoice preset; `text` what stands at the value's span.
bool says(std::string_view field, std::string_view value, std::string_view text);

/// Whether a document's text shows the value anywhere in one of its usual forms.
bool is_printed(std::string_view field, std::string_view value, std::string_view text);

}  // namespace ingle::documents
