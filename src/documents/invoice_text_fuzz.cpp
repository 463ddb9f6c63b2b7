// Rules on any text: every value has a place in the text that says it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "documents/evidence.h"
#include "documents/invoice/invoice.h"
#include "documents/text_index.h"

namespace {

using namespace ingle::documents;

void check(const TextIndex& index, std::string_view name, const Value& value) {
  if (const auto* list = std::get_if<std::vector<Value>>(&value.content)) {
    for (const Value& element : *list)
      check(index, name, element);
  } else if (const auto* members = std::get_if<Members>(&value.content)) {
    for (const auto& [key, member] : *members)
      check(index, key, member);
  } else {
    const auto& leaf = std::get<Leaf>(value.content);
    if (!leaf.value) return;
    if (!leaf.span || leaf.span->to > index.size() || !says(name, *leaf.value, index.view(*leaf.span))) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Document document = document_from_text({reinterpret_cast<const char*>(data), size});
  if (document.words.empty()) return 0;
  const Sheet sheet(document);
  const Extraction extraction = extraction_from_readings(read_invoice(sheet));
  const TextIndex index(document.text);
  for (const auto& [name, value] : extraction.fields)
    check(index, name, value);
  return 0;
}
