// libFuzzer target of the XML that invoices bring along: what is read of any bytes crosses to front and arrives as it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "documents/document_wire.h"
#include "documents/einvoice.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle::documents;
  auto invoice = parse_einvoice({reinterpret_cast<const char*>(data), size});
  if (!invoice) {
    INGLE_CHECK(!invoice.error().message().empty());
    return 0;
  }
  Document document;
  document.einvoice = std::move(*invoice);
  const auto arrived = decode_document(encode(document));
  INGLE_CHECK(arrived.has_value() && arrived->einvoice == document.einvoice);
  return 0;
}
