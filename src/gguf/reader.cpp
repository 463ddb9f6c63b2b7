// The header and the metadata; tensors follow in reader_tensors.cpp.
#include "gguf/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "gguf/limits.h"
#include "gguf/order.h"
#include "gguf/value_types.h"

namespace ingle::gguf {
namespace {

// The format has seen 3 versions in its life; a number far beyond is no version.
constexpr uint32_t kPlausibleVersion = 100;

std::string_view text_at_start(std::span<const std::byte> bytes, size_t n) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min(n, bytes.size())};
}

/// What people have in their hands when it is not a GGUF file.
struct KnownStart {
  std::string_view start;
  std::string_view is;
  std::string_view hint;
};

constexpr std::array kKnownStarts = {
    KnownStart{"version https://git-lfs", "a Git LFS pointer",
               "fetch the file itself, for example with 'git lfs pull'"},
    KnownStart{"<", "a web page", "the download link led to a page and not to the file"},
    KnownStart{"{", "a JSON text", "the server sent a message in place of the file; read it"},
    KnownStart{"PK\x03\x04", "a zip archive", "unpack it; the model is a .gguf file inside"},
    KnownStart{"FUGG", "a GGUF file of a big-endian machine",
               "convert it to little endian with gguf-py's gguf-convert-endian"},
    KnownStart{"tjgg", "a GGJT file of 2023", "get the model as GGUF; older formats are not read"},
    KnownStart{"fmgg", "a GGMF file of 2023", "get the model as GGUF; older formats are not read"},
    KnownStart{"lmgg", "a GGML file of 2023", "get the model as GGUF; older formats are not read"},
};

Error not_gguf(std::span<const std::byte> bytes) {
  for (const KnownStart& known : kKnownStarts) {
    if (text_at_start(bytes, known.start.size()) != known.start) continue;
    return Error::unsupported(fmt::format("magic at byte 0: this is {}, not a GGUF file", known.is))
        .hint(std::string(known.hint));
  }
  return Error::corrupt(
             fmt::format("magic at byte 0: found {}, a GGUF file begins with 'GGUF'", shown(text_at_start(bytes, 4))))
      .hint("this is not a GGUF file, or its download is damaged");
}

}  // namespace

Result<Part> Reader::read() {
  INGLE_TRY_VOID(read_header());
  for (uint64_t i = 0; i < n_entries_; ++i) {
    key_offsets_.push_back(cursor_.offset());
    auto entry = read_entry();
    if (!entry) {
      return std::unexpected(std::move(entry).error().within(fmt::format("metadata {} of {}", i + 1, n_entries_)));
    }
    part_.entries.push_back(std::move(*entry));
  }
  part_.metadata_end = cursor_.offset();
  INGLE_TRY_VOID(check_keys());
  INGLE_TRY(const uint64_t alignment, this->alignment());

  for (uint64_t i = 0; i < n_tensors_; ++i) {
    Row row;
    auto tensor = read_tensor(row);
    if (!tensor) {
      return std::unexpected(std::move(tensor).error().within(fmt::format("tensor {} of {}", i + 1, n_tensors_)));
    }
    part_.tensors.push_back(std::move(*tensor));
    rows_.push_back(row);
  }
  INGLE_TRY_VOID(check_tensor_names());
  INGLE_TRY_VOID(place_tensors(alignment));
  return std::move(part_);
}

Status Reader::read_header() {
  if (bytes_.empty()) {
    return std::unexpected(Error::corrupt("magic at byte 0: the file is empty")
                               .hint("the download may be incomplete; pull or copy the file again"));
  }
  if (text_at_start(bytes_, 4) != "GGUF") return std::unexpected(not_gguf(bytes_));
  INGLE_TRY_VOID(cursor_.skip("magic", 1, 4));

  INGLE_TRY(part_.version, cursor_.number<uint32_t>("version"));
  const uint32_t version = part_.version;
  if (version == 0 || version > kMaxVersion) {
    const uint32_t swapped = __builtin_bswap32(version);
    if (swapped >= 1 && swapped <= kMaxVersion) {
      return std::unexpected(
          Error::unsupported(fmt::format("version at byte 4: this is a big-endian file of version {}", swapped))
              .hint("convert it to little endian with gguf-py's gguf-convert-endian"));
    }
    return std::unexpected(Error::unsupported(fmt::format("version at byte 4: {} is not one of the versions 1 to {}",
                                                          version, kMaxVersion))
                               .hint(version > kPlausibleVersion ? "the file is damaged: pull or copy it again"
                                                                 : "a newer Inglenook may read it"));
  }

  const uint64_t counts_at = cursor_.offset();
  const uint64_t count_bytes = version == 1 ? 4 : 8;
  INGLE_TRY(n_tensors_, cursor_.wide("n_tensors", version));
  INGLE_TRY(n_entries_, cursor_.wide("n_kv", version));

  struct Count {
    std::string_view field;
    uint64_t at;
    uint64_t count;
    uint64_t limit;
    uint64_t smallest;  // bytes of the smallest possible item
  };
  const uint64_t smallest_entry = count_bytes + 1 + 4 + 1;                  // key of one byte, type, a byte
  const uint64_t smallest_tensor = count_bytes + 1 + 4 + count_bytes + 12;  // name, one dimension, type and offset
  for (const Count& c : {Count{"n_tensors", counts_at, n_tensors_, kMaxTensors, smallest_tensor},
                         Count{"n_kv", counts_at + count_bytes, n_entries_, kMaxEntries, smallest_entry}}) {
    if (c.count > cursor_.remaining() / c.smallest) {
      return std::unexpected(
          Error::corrupt(fmt::format("{} at byte {}: {} announced, more than the {} bytes that follow "
                                     "can hold",
                                     c.field, c.at, c.count, cursor_.remaining()))
              .hint("the file is damaged or its download is incomplete; pull or copy it again"));
    }
    if (c.count > c.limit) {
      return std::unexpected(
          Error::refused(fmt::format("{} at byte {}: {} is over the limit of {}", c.field, c.at, c.count, c.limit)));
    }
  }
  return {};
}

Result<Entry> Reader::read_entry() {
  INGLE_TRY(const std::string_view key, cursor_.name("key", part_.version, kMaxKeyBytes));
  auto value = read_value();
  if (!value) return std::unexpected(std::move(value).error().within(shown(key)));
  return Entry{std::string(key), std::move(*value)};
}

Result<ValueType> Reader::read_type(std::string_view field) {
  const uint64_t at = cursor_.offset();
  INGLE_TRY(const uint32_t type, cursor_.number<uint32_t>(field));
  if (find_type(type) == nullptr) {
    return std::unexpected(
        Error::corrupt(fmt::format("{} at byte {}: {} is not a metadata type of GGUF (0 to 12)", field, at, type)));
  }
  return static_cast<ValueType>(type);
}

Result<Value> Reader::read_value() {
  Value value;
  INGLE_TRY(value.type_, read_type("value type"));
  value.offset_ = cursor_.offset();
  if (value.type_ == ValueType::kArray) return read_array(std::move(value));

  value.element_type_ = value.type_;
  value.data_ = cursor_.here();
  if (value.type_ == ValueType::kString) {
    INGLE_TRY(const std::string_view text, cursor_.string("string", part_.version, kMaxStringBytes));
    value.strings_.push_back(text);
    return value;
  }
  INGLE_TRY_VOID(cursor_.skip(type_name(value.type_), 1, find_type(static_cast<uint32_t>(value.type_))->size));
  if (value.type_ == ValueType::kBool) INGLE_TRY_VOID(check_bools(value.offset_, value.data_, 1));
  return value;
}

Result<Value> Reader::read_array(Value value) {
  INGLE_TRY(value.element_type_, read_type("array element type"));
  INGLE_TRY(const uint64_t count, cursor_.wide("array length", part_.version));
  value.size_ = count;
  value.data_ = cursor_.here();
  if (value.element_type_ == ValueType::kString) {
    INGLE_TRY(value.strings_, read_strings(count));
    return value;
  }
  if (value.element_type_ == ValueType::kArray) {
    INGLE_TRY_VOID(skip_nested(ValueType::kArray, count, 1));
    return value;
  }
  const uint64_t at = cursor_.offset();
  INGLE_TRY_VOID(cursor_.skip("array", count, find_type(static_cast<uint32_t>(value.element_type_))->size));
  if (value.element_type_ == ValueType::kBool) INGLE_TRY_VOID(check_bools(at, value.data_, count));
  return value;
}

Status Reader::check_items(ValueType element_type, uint64_t count) {
  const uint64_t wide = part_.version == 1 ? 4 : 8;
  const uint64_t smallest = element_type == ValueType::kString ? wide : 4 + wide;
  const uint64_t at = cursor_.offset() - wide;
  if (count > cursor_.remaining() / smallest) {
    return std::unexpected(
        Error::corrupt(
            fmt::format("array length at byte {}: {} items of type {} are announced, more than the {} bytes that "
                        "follow can hold",
                        at, count, type_name(element_type), cursor_.remaining()))
            .hint("the file is damaged or its download is incomplete; pull or copy it again"));
  }
  n_items_ += count;
  if (n_items_ > kMaxItems) {
    return std::unexpected(Error::refused(fmt::format(
        "array length at byte {}: with its {} items the file has more strings and nested arrays than the limit of {}",
        at, count, kMaxItems)));
  }
  return {};
}

Result<std::vector<std::string_view>> Reader::read_strings(uint64_t count) {
  INGLE_TRY_VOID(check_items(ValueType::kString, count));
  std::vector<std::string_view> strings;
  // Not the whole of `count` at once: it may still be a lie, and a view takes twice a length's bytes.
  strings.reserve(std::min<uint64_t>(count, kStringsReserved));
  for (uint64_t i = 0; i < count; ++i) {
    auto text = cursor_.string("string", part_.version, kMaxStringBytes);
    if (!text) return std::unexpected(std::move(text).error().within(fmt::format("element {}", i)));
    strings.push_back(*text);
  }
  return strings;
}

Status Reader::skip_nested(ValueType element_type, uint64_t count, int depth) {
  if (element_type != ValueType::kArray && element_type != ValueType::kString) {
    return cursor_.skip("nested array", count, find_type(static_cast<uint32_t>(element_type))->size);
  }
  INGLE_TRY_VOID(check_items(element_type, count));
  for (uint64_t i = 0; i < count; ++i) {
    if (element_type == ValueType::kString) {
      INGLE_TRY_VOID(cursor_.string("string", part_.version, kMaxStringBytes));
      continue;
    }
    if (depth == kMaxArrayDepth) {
      return std::unexpected(Error::refused(
          fmt::format("array at byte {}: nested deeper than the limit of {}", cursor_.offset(), kMaxArrayDepth)));
    }
    INGLE_TRY(const ValueType inner, read_type("nested array element type"));
    INGLE_TRY(const uint64_t inner_count, cursor_.wide("nested array length", part_.version));
    INGLE_TRY_VOID(skip_nested(inner, inner_count, depth + 1));
  }
  return {};
}

Status Reader::check_bools(uint64_t at, const std::byte* data, uint64_t count) const {
  for (uint64_t i = 0; i < count; ++i) {
    if (data[i] <= std::byte{1}) continue;
    return std::unexpected(
        Error::corrupt(fmt::format("bool at byte {}: {} is neither 0 nor 1", at + i, std::to_integer<int>(data[i]))));
  }
  return {};
}

Status Reader::check_keys() const {
  const auto& entries = part_.entries;
  const std::vector<uint32_t> order = order_by(entries, &Entry::key);
  for (size_t i = 1; i < order.size(); ++i) {
    if (entries[order[i]].key != entries[order[i - 1]].key) continue;
    return std::unexpected(
        Error::corrupt(fmt::format("key at byte {}: {} stands already at byte {}", key_offsets_[order[i]],
                                   shown(entries[order[i]].key), key_offsets_[order[i - 1]])));
  }
  return {};
}

Result<uint64_t> Reader::alignment() const {
  const auto found = std::ranges::find(part_.entries, "general.alignment", &Entry::key);
  if (found == part_.entries.end()) return kDefaultAlignment;
  const Value& value = found->value;
  const auto alignment = value.is_array() ? std::nullopt : value.as_uint();
  if (!alignment) {
    return std::unexpected(
        Error::corrupt(fmt::format("'general.alignment' at byte {}: an unsigned integer is expected, "
                                   "found {}",
                                   value.offset(), type_name(value.type()))));
  }
  if (!std::has_single_bit(*alignment) || *alignment < kMinAlignment || *alignment > kMaxAlignment) {
    return std::unexpected(
        Error::corrupt(fmt::format("'general.alignment' at byte {}: {} is not a power of two from {} "
                                   "to {}",
                                   value.offset(), *alignment, kMinAlignment, kMaxAlignment)));
  }
  return *alignment;
}

}  // namespace ingle::gguf
