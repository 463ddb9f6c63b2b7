#include "documents/extraction.h"

#include <algorithm>

#include "documents/invoice/choose.h"
#include "documents/invoice/invoice.h"
#include "documents/reader.h"
#include "documents/schema_extract.h"

namespace ingle::documents {

Result<Extraction> extract(const Document& document, const ExtractOptions& options, runtime::Models& models,
                           const OnProgress& on_progress, std::stop_token stop) {
  if (options.schema.empty() && document.einvoice && !options.ignore_xml)
    return extraction_from_xml(*document.einvoice);
  INGLE_TRY_VOID(require_text(document, "the document", false));
  if (!options.schema.empty()) {
    if (options.model.empty())
      return std::unexpected(Error::usage("a schema needs a model to fill it").hint("ingle pull qwen2.5-coder:1.5b"));
    if (on_progress) on_progress("asking " + options.model, 0, 0);
    INGLE_TRY(const std::shared_ptr<chat::Completer> model, models.acquire(options.model, {}));
    INGLE_TRY(Extraction extraction, extract_by_schema(document, options.schema, *model, stop));
    extraction.model = options.model;
    return extraction;
  }
  if (on_progress) on_progress("reading", 0, 0);
  const Sheet sheet(document);
  InvoiceReadings readings = read_invoice(sheet);
  const bool ask_model = !options.model.empty() && !unsure_fields(readings).empty();
  if (ask_model) {
    if (on_progress) on_progress("asking " + options.model, 0, 0);
    INGLE_TRY(const std::shared_ptr<chat::Completer> model, models.acquire(options.model, {}));
    INGLE_TRY_VOID(choose(sheet, readings, *model, stop));
  }
  Extraction extraction = extraction_from_readings(readings);
  if (sheet.is_truncated()) {
    extraction.reasons.emplace_back("the document is longer than an invoice: only its beginning was read");
    extraction.verdict = std::max(extraction.verdict, Verdict::kReview);
  }
  if (ask_model) extraction.model = options.model;
  return extraction;
}

}  // namespace ingle::documents
