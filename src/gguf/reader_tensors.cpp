// The tensor table: shapes and formats row by row, then the bytes of all of them at once.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "gguf/limits.h"
#include "gguf/order.h"
#include "gguf/reader.h"
#include "gguf/type_names.h"

namespace ingle::gguf {
namespace {

// Far above any file system's limit, and low enough that sums of offsets and sizes cannot wrap.
constexpr uint64_t kMaxBytes = uint64_t{1} << 60;

std::string shape_text(const std::vector<uint64_t>& shape) {
  return fmt::format("{}", fmt::join(shape, " x "));
}

}  // namespace

Result<Tensor> Reader::read_tensor(Row& row) {
  row.row_at = cursor_.offset();
  Tensor tensor;
  INGLE_TRY(const std::string_view name, cursor_.name("tensor name", part_.version, kMaxTensorNameBytes));
  tensor.name = name;

  Status rest = read_shape(tensor);
  if (rest) rest = read_format(tensor, row);
  if (!rest) return std::unexpected(std::move(rest).error().within(shown(name)));
  return tensor;
}

Status Reader::read_shape(Tensor& tensor) {
  const uint64_t n_dims_at = cursor_.offset();
  INGLE_TRY(const uint32_t n_dims, cursor_.number<uint32_t>("n_dims"));
  if (n_dims == 0 || n_dims > kMaxDims) {
    return std::unexpected(
        Error::corrupt(fmt::format("n_dims at byte {}: {} is not one of 1 to {}", n_dims_at, n_dims, kMaxDims)));
  }
  uint64_t n_elements = 1;
  for (uint32_t i = 0; i < n_dims; ++i) {
    const uint64_t at = cursor_.offset();
    INGLE_TRY(const uint64_t dim, cursor_.wide("dimension", part_.version));
    if (dim == 0) return std::unexpected(Error::corrupt(fmt::format("dimension {} at byte {}: it is 0", i, at)));
    if (dim > kMaxBytes / n_elements) {
      return std::unexpected(Error::corrupt(
          fmt::format("dimension {} at byte {}: {} makes more numbers than any file holds", i, at, dim)));
    }
    n_elements *= dim;
    tensor.shape.push_back(dim);
  }
  return {};
}

Status Reader::read_format(Tensor& tensor, Row& row) {
  const uint64_t type_at = cursor_.offset();
  INGLE_TRY(const uint32_t type, cursor_.number<uint32_t>("tensor type"));
  tensor.format = quant::find_format(type);
  if (tensor.format == nullptr) {
    const std::string_view known = unread_type_name(type);
    if (known.empty()) {
      return std::unexpected(
          Error::corrupt(fmt::format("tensor type at byte {}: {} is not a known type", type_at, type))
              .hint("the file is damaged, or newer than this Inglenook"));
    }
    return std::unexpected(Error::unsupported(fmt::format("tensor type at byte {}: {} ({}) is not read by this build",
                                                          type_at, type, known))
                               .hint("get the model in another quantization, such as Q4_K_M or Q8_0"));
  }
  const quant::Format& format = *tensor.format;
  if (tensor.shape[0] % format.block_size != 0) {
    return std::unexpected(
        Error::corrupt(fmt::format("tensor type at byte {}: rows of {} numbers do not divide into {} blocks of {}",
                                   type_at, tensor.shape[0], format.name, format.block_size)));
  }
  const uint64_t n_blocks = tensor.n_elements() / format.block_size;
  if (n_blocks > kMaxBytes / format.block_bytes) {
    return std::unexpected(
        Error::corrupt(fmt::format("tensor type at byte {}: {} numbers of {} are more bytes than any "
                                   "file holds",
                                   type_at, shape_text(tensor.shape), format.name)));
  }
  row.n_bytes = n_blocks * format.block_bytes;
  row.offset_at = cursor_.offset();
  INGLE_TRY(row.offset, cursor_.number<uint64_t>("tensor offset"));
  return {};
}

/// The size of the whole file, by what the table says: no number in it is trusted, so the sum stops at the largest one.
uint64_t Reader::bytes_needed(uint64_t data_start) const {
  uint64_t needed = data_start;
  for (const Row& row : rows_) {
    uint64_t end = 0;
    if (__builtin_add_overflow(row.offset, row.n_bytes, &end) || __builtin_add_overflow(end, data_start, &end))
      return std::numeric_limits<uint64_t>::max();
    needed = std::max(needed, end);
  }
  return needed;
}

Status Reader::place_tensors(uint64_t alignment) {
  const uint64_t data_start = (cursor_.offset() + alignment - 1) / alignment * alignment;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    Tensor& tensor = part_.tensors[i];
    if (row.offset % alignment != 0) {
      return std::unexpected(
          Error::corrupt(fmt::format("tensor {}: offset at byte {}: {} is not a multiple of the alignment {}",
                                     shown(tensor.name), row.offset_at, row.offset, alignment)));
    }
    const bool fits = data_start <= bytes_.size() && row.offset <= bytes_.size() - data_start &&
                      row.n_bytes <= bytes_.size() - data_start - row.offset;
    if (!fits) {
      const uint64_t needed = bytes_needed(data_start);
      return std::unexpected(
          Error::corrupt(
              fmt::format(
                  "the file is cut short: {} bytes present, at least {} needed; tensor {}: offset at byte {}: its {} "
                  "bytes ({} of {}) at {} + {} end past the end of the file",
                  bytes_.size(), needed, shown(tensor.name), row.offset_at, row.n_bytes, shape_text(tensor.shape),
                  tensor.format->name, data_start, row.offset))
              .hint("the download may be incomplete; pull or copy the file again"));
    }
    tensor.file_offset = data_start + row.offset;
    tensor.bytes = bytes_.subspan(tensor.file_offset, row.n_bytes);
  }
  return check_overlap();
}

Status Reader::check_overlap() const {
  const std::vector<uint32_t> order = order_by(rows_, &Row::offset);
  for (size_t i = 1; i < order.size(); ++i) {
    const Row& before = rows_[order[i - 1]];
    const Row& row = rows_[order[i]];
    if (before.offset + before.n_bytes <= row.offset) continue;
    return std::unexpected(Error::corrupt(
        fmt::format("tensor {}: offset at byte {}: {} lies inside tensor {}, which takes {} to {}",
                    shown(part_.tensors[order[i]].name), row.offset_at, row.offset,
                    shown(part_.tensors[order[i - 1]].name), before.offset, before.offset + before.n_bytes)));
  }
  return {};
}

Status Reader::check_tensor_names() const {
  const auto& tensors = part_.tensors;
  const std::vector<uint32_t> order = order_by(tensors, &Tensor::name);
  for (size_t i = 1; i < order.size(); ++i) {
    if (tensors[order[i]].name != tensors[order[i - 1]].name) continue;
    return std::unexpected(
        Error::corrupt(fmt::format("tensor name at byte {}: {} stands already at byte {}", rows_[order[i]].row_at,
                                   shown(tensors[order[i]].name), rows_[order[i - 1]].row_at)));
  }
  return {};
}

}  // namespace ingle::gguf
