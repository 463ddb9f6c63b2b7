#include "gguf/writer.h"

#include <bit>

#include "base/check.h"
#include "gguf/limits.h"

namespace ingle::gguf {
namespace {

constexpr uint32_t kVersion = 3;

void pad(std::string& bytes, size_t alignment) {
  bytes.append((alignment - bytes.size() % alignment) % alignment, '\0');
}

}  // namespace

static_assert(std::endian::native == std::endian::little);

Writer::Writer(uint32_t alignment) : alignment_(alignment) {
  INGLE_CHECK(alignment >= kMinAlignment && std::has_single_bit(alignment));
  if (alignment != kDefaultAlignment) add("general.alignment", alignment);
}

void Writer::append_string(std::string& out, std::string_view text) {
  append(out, uint64_t{text.size()});
  out += text;
}

void Writer::begin_entry(std::string_view key, ValueType type) {
  ++n_entries_;
  append_string(metadata_, key);
  append(metadata_, static_cast<uint32_t>(type));
}

void Writer::begin_array(std::string_view key, ValueType element_type, size_t size) {
  begin_entry(key, ValueType::kArray);
  append(metadata_, static_cast<uint32_t>(element_type));
  append(metadata_, uint64_t{size});
}

void Writer::add(std::string_view key, std::string_view value) {
  begin_entry(key, ValueType::kString);
  append_string(metadata_, value);
}

void Writer::add(std::string_view key, const std::vector<std::string>& values) {
  begin_array(key, ValueType::kString, values.size());
  for (const std::string& value : values)
    append_string(metadata_, value);
}

uint64_t Writer::declare_tensor(std::string_view name, quant::FormatId format_id, const std::vector<uint64_t>& shape) {
  const quant::Format& format = quant::format(format_id);
  INGLE_CHECK(!shape.empty() && shape[0] % format.block_size == 0);
  uint64_t n_rows = 1;
  for (size_t i = 1; i < shape.size(); ++i)
    n_rows *= shape[i];
  const uint64_t bytes = n_rows * format.row_bytes(shape[0]);

  ++n_tensors_;
  append_string(table_, name);
  append(table_, static_cast<uint32_t>(shape.size()));
  for (const uint64_t dim : shape)
    append(table_, dim);
  append(table_, static_cast<uint32_t>(format_id));
  append(table_, data_size_);
  data_size_ += bytes + (alignment_ - bytes % alignment_) % alignment_;
  return bytes;
}

void Writer::add_tensor(std::string_view name, quant::FormatId format_id, std::vector<uint64_t> shape,
                        std::span<const std::byte> bytes) {
  INGLE_CHECK(bytes.size() == declare_tensor(name, format_id, shape));
  data_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  pad(data_, alignment_);
}

void Writer::add_tensor(std::string_view name, quant::FormatId format_id, std::vector<uint64_t> shape,
                        std::span<const float> values) {
  const quant::Format& format = quant::format(format_id);
  INGLE_CHECK(values.size() % format.block_size == 0);
  std::vector<std::byte> bytes(format.row_bytes(values.size()));
  format.quantize(values.data(), bytes.data(), values.size() / format.block_size);
  add_tensor(name, format_id, std::move(shape), bytes);
}

std::string Writer::header() const {
  std::string file = "GGUF";
  append(file, kVersion);
  append(file, n_tensors_);
  append(file, n_entries_);
  file += metadata_;
  file += table_;
  pad(file, alignment_);
  return file;
}

std::string Writer::finish() const {
  INGLE_CHECK(data_.size() == data_size_);
  return header() + data_;
}

}  // namespace ingle::gguf
