#include "models/tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ingle::models {

void Tensors::fail(Error error) {
  if (status_) status_ = std::unexpected(std::move(error));
}

backend::Source Tensors::bind(const std::string& name, uint64_t n_in, uint64_t n_out, bool required) {
  const gguf::Tensor* tensor = file_.find_tensor(name);
  if (tensor == nullptr) {
    if (required) {
      fail(Error::corrupt(fmt::format("the tensor '{}' is missing", name))
               .hint(
                   "the download may be incomplete, or the file belongs to an architecture variant that is not known"));
    }
    return {};
  }
  used_.insert(name);
  const uint64_t columns = tensor->shape.empty() ? 1 : tensor->shape[0];
  if (columns != n_in || tensor->n_elements() != n_in * n_out) {
    fail(Error::corrupt(fmt::format("the tensor '{}' at offset {} has the shape [{}], the hyper-parameters ask for "
                                    "[{}, {}]",
                                    name, tensor->file_offset, fmt::join(tensor->shape, ", "), n_in, n_out))
             .hint("metadata and tensors of this file do not belong together; get it from another source"));
    return {};
  }
  backend::Source source;
  source.name = name;
  source.format = tensor->format;
  source.bytes = tensor->bytes;
  source.file_offset = tensor->file_offset;
  source.n_in = static_cast<uint32_t>(n_in);
  source.n_out = static_cast<uint32_t>(n_out);
  return source;
}

backend::Source Tensors::matrix(const std::string& name, uint64_t n_in, uint64_t n_out) {
  return bind(name, n_in, n_out, true);
}
backend::Source Tensors::vector(const std::string& name, uint64_t n) {
  return bind(name, n, 1, true);
}
backend::Source Tensors::optional_matrix(const std::string& name, uint64_t n_in, uint64_t n_out) {
  return bind(name, n_in, n_out, false);
}
backend::Source Tensors::optional_vector(const std::string& name, uint64_t n) {
  return bind(name, n, 1, false);
}

Status Tensors::finish() {
  if (!status_) return std::move(status_);
  for (const gguf::Tensor& tensor : file_.tensors()) {
    if (used_.contains(tensor.name)) continue;
    return std::unexpected(
        Error::unsupported(fmt::format("the tensor '{}' at offset {} is not part of this architecture as we know it",
                                       tensor.name, tensor.file_offset))
            .hint("the file may hold a variant (experts, adapters, another layout) that this version cannot run"));
  }
  return {};
}

backend::Source rows_of(const backend::Source& source, uint32_t begin, uint32_t n) {
  if (source.empty()) return {};
  backend::Source part = source;
  const bool is_vector = source.n_out == 1;
  const uint64_t row_bytes = source.format->row_bytes(is_vector ? 1 : source.n_in);
  (is_vector ? part.n_in : part.n_out) = n;
  part.bytes = source.bytes.subspan(begin * row_bytes, n * row_bytes);
  part.file_offset += begin * row_bytes;
  return part;
}

}  // namespace ingle::models
