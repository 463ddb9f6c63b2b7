// The words of a failure: errors from below carry facts ("the context holds 4096"), and what is to be changed is called
// `num_ctx` in one request and `context_length` in another. The table of the request's own fields says which. Pure.
#pragma once

#include <string>
#include <string_view>

#include "api/failure.h"
#include "api/fields.h"

namespace ingle::api {

/// `fields`: of the body that was refused; null: it had none. `is_cut`: what is too long was cut already, as the request
/// says. Fills in `param` too, where it is empty.
Failure in_words_of(const FieldTable* fields, Failure failure, bool is_cut = false);

/// The steps of a path that are rows of the table, from its beginning: of "format.properties.NAME", whose last steps are
/// names that a client chose, "format".
std::string known_path(const FieldTable* fields, std::string_view path);

}  // namespace ingle::api
