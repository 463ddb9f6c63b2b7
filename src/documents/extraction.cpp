#include "documents/extraction.h"

#include "documents/invoice/invoice.h"
#include "documents/reader.h"

namespace ingle::documents {

Result<Extraction> extract(const Document& document, const ExtractOptions& options, runtime::Models& models,
                           const OnProgress& on_progress, std::stop_token stop) {
  (void)models;
  (void)stop;
  if (options.schema.empty() && document.einvoice && !options.ignore_xml)
    return extraction_from_xml(*document.einvoice);
  INGLE_TRY_VOID(require_text(document, "the document", false));
  if (on_progress) on_progress("reading", 0, 0);
  const Sheet sheet(document);
  const InvoiceReadings readings = read_invoice(sheet);
  return extraction_from_readings(readings);
}

}  // namespace ingle::documents
