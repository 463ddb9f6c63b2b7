#include "roles/model_listing.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "gguf/file.h"

namespace ingle::roles {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxElements = 4'000'000;  // of all lists together: the largest vocabularies have a tenth of it

Json json_of(const gguf::Value& value, size_t index) {
  const gguf::ValueType type = value.is_array() ? value.element_type() : value.type();
  if (const auto text = value.as_string(index)) return base::to_valid_utf8(*text);
  if (type == gguf::ValueType::kBool) return value.as_bool(index).value_or(false);
  if (const auto number = value.as_int(index)) return *number;
  if (const auto natural = value.as_uint(index)) return *natural;
  const double real = value.as_float(index).value_or(0);
  return std::isfinite(real) ? Json(real) : Json();
}

}  // namespace

Result<std::string> model_listing_job(std::string_view payload, std::span<const base::FileDescriptor> files) {
  INGLE_TRY(const auto file, gguf::File::open(files, payload));
  Json info = Json::object();
  size_t n_elements = 0;
  for (const gguf::Entry& entry : file->metadata()) {
    Json& value = info[base::to_valid_utf8(entry.key)];
    if (!entry.value.is_array()) {
      value = json_of(entry.value, 0);
      continue;
    }
    value = Json::array();
    n_elements += entry.value.size();
    if (n_elements > kMaxElements)
      return std::unexpected(Error::refused("the lists of this file are too long to show"));
    for (size_t i = 0; i < entry.value.size(); ++i)
      value.push_back(json_of(entry.value, i));
  }
  Json tensors = Json::array();
  for (const gguf::Tensor& tensor : file->tensors())
    tensors.push_back(
        {{"name", base::to_valid_utf8(tensor.name)}, {"type", tensor.format->name}, {"shape", tensor.shape}});
  return Json{{"model_info", std::move(info)}, {"tensors", std::move(tensors)}}.dump(-1, ' ', false,
                                                                                     Json::error_handler_t::replace);
}

}  // namespace ingle::roles
