// What the rules are unsure of, chosen by a model: it may answer with nothing but candidates of theirs, which are places
// in the text, or with null.
#pragma once

#include <stop_token>
#include <string>

#include "chat/completer.h"
#include "documents/extraction.h"
#include "documents/invoice/invoice.h"

namespace ingle::documents {

/// Fields whose best candidate needs a second opinion.
std::vector<std::string_view> unsure_fields(const InvoiceReadings& readings);

/// Asks and moves the chosen candidates to the front with scores that hold both opinions.
Status choose(const Sheet& sheet, InvoiceReadings& readings, chat::Completer& model, std::stop_token stop);

}  // namespace ingle::documents
