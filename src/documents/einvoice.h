// The XML of e-invoices: UN/CEFACT Cross Industry Invoice (Factur-X, ZUGFeRD 1 and 2, XRechnung) and UBL 2.1 invoices and
// credit notes (XRechnung, Peppol). Runs in the parse role. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "documents/document.h"

namespace ingle::documents {

/// kCorrupt: not well-formed; kUnsupported: XML, but no invoice.
Result<EInvoice> parse_einvoice(std::string_view xml);

}  // namespace ingle::documents
