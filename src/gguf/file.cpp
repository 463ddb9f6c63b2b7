#include "gguf/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "gguf/cursor.h"
#include "gguf/limits.h"
#include "gguf/order.h"
#include "gguf/reader.h"
#include "gguf/split_name.h"
#include "gguf/value_types.h"

namespace ingle::gguf {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSplitNo = "split.no";
constexpr std::string_view kSplitCount = "split.count";
constexpr std::string_view kSplitTensors = "split.tensors.count";

const Value* find_value(std::span<const Entry> entries, std::string_view key) {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &found->value;
}

Error wrong_type(std::string_view key, const Value& value, std::string_view expected) {
  std::string found(type_name(value.type()));
  if (value.is_array()) found = fmt::format("array of {} {}", value.size(), type_name(value.element_type()));
  if (const auto number = value.as_int(); number && !value.is_array()) found += fmt::format(" {}", *number);
  return Error::corrupt(fmt::format("'{}' at byte {}: {} is expected, found {}", key, value.offset(), expected, found));
}

/// A number about the split, `fallback` when the key is absent.
Result<uint64_t> split_number(std::span<const Entry> entries, std::string_view key, uint64_t fallback) {
  const Value* value = find_value(entries, key);
  if (value == nullptr) return fallback;
  const auto number = value->is_array() ? std::nullopt : value->as_uint();
  if (!number) return std::unexpected(wrong_type(key, *value, "an unsigned integer"));
  return *number;
}

/// Where the value of a key that is there lies.
uint64_t offset_of(std::span<const Entry> entries, std::string_view key) {
  const Value* value = find_value(entries, key);
  return value == nullptr ? 0 : value->offset();
}

}  // namespace

struct File::Index {
  std::vector<uint32_t> by_key;
  std::vector<uint32_t> by_tensor;
};

File::File() = default;
File::~File() = default;

Result<std::unique_ptr<File>> File::open(const fs::path& path) {
  std::unique_ptr<File> file(new File);
  file->name_ = path.string();
  INGLE_TRY(const base::FileDescriptor first, base::FileDescriptor::open_read(path));
  const auto split = parse_split_name(path);
  if (Status added = file->add_mapped(first, file->name_); !added) {
    Error error = std::move(added).error();
    if (split && split->part != 0) {
      error = std::move(error).hint(fmt::format("open the first part, '{}'", split->file_name(0)));
    }
    return std::unexpected(std::move(error));
  }
  if (file->n_parts_ > 1 && (!split || split->count != file->n_parts_)) {
    return std::unexpected(
        Error::corrupt(fmt::format("'{}': '{}' at byte {}: the model has {} parts, which the file name "
                                   "does not say",
                                   file->name_, kSplitCount, offset_of(file->entries_, kSplitCount), file->n_parts_))
            .hint(fmt::format("name the parts NAME-00001-of-{:05}.gguf and so on", file->n_parts_)));
  }
  for (uint64_t part = 1; part < file->n_parts_; ++part) {
    const fs::path sibling = path.parent_path() / split->file_name(part);
    auto fd = base::FileDescriptor::open_read(sibling);
    if (!fd) {
      return std::unexpected(std::move(fd)
                                 .error()
                                 .within(fmt::format("part {} of {}", part + 1, file->n_parts_))
                                 .hint("a split model needs all its parts in one folder"));
    }
    INGLE_TRY_VOID(file->add_mapped(*fd, sibling.string()));
  }
  INGLE_TRY_VOID(file->finish());
  return file;
}

Result<std::unique_ptr<File>> File::open(std::span<const base::FileDescriptor> parts, std::string_view name) {
  std::unique_ptr<File> file(new File);
  file->name_ = name;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string part_name =
        parts.size() == 1 ? file->name_ : fmt::format("{} (part {} of {})", name, i + 1, parts.size());
    INGLE_TRY_VOID(file->add_mapped(parts[i], part_name));
  }
  INGLE_TRY_VOID(file->finish());
  return file;
}

Result<std::unique_ptr<File>> File::parse(std::span<const std::byte> bytes, std::string_view name) {
  std::unique_ptr<File> file(new File);
  file->name_ = name;
  INGLE_TRY_VOID(file->add_part(bytes, name));
  INGLE_TRY_VOID(file->finish());
  return file;
}

Status File::add_mapped(const base::FileDescriptor& fd, std::string_view part_name) {
  INGLE_TRY(base::MappedFile map, base::MappedFile::map(fd, part_name));
  maps_.push_back(std::move(map));
  return add_part(maps_.back().bytes(), part_name);
}

Status File::add_part(std::span<const std::byte> bytes, std::string_view part_name) {
  const size_t index = parts_.size();
  const std::string where = shown(part_name);
  auto parsed = Reader(bytes).read();
  if (!parsed) return std::unexpected(std::move(parsed).error().within(where));
  Part& part = *parsed;

  auto number = split_number(part.entries, kSplitNo, 0);
  if (!number) return std::unexpected(std::move(number).error().within(where));
  // llama-gguf-split leaves a count of 0 in what it merged.
  auto count = split_number(part.entries, kSplitCount, 1);
  if (!count) return std::unexpected(std::move(count).error().within(where));
  const uint64_t n_parts = std::max<uint64_t>(*count, 1);
  if (n_parts > kMaxParts) {
    return std::unexpected(
        Error::refused(fmt::format("{}: '{}' at byte {}: {} parts are over the limit of {}", where, kSplitCount,
                                   offset_of(part.entries, kSplitCount), n_parts, kMaxParts)));
  }
  if (*number != index) {
    return std::unexpected(
        Error::corrupt(fmt::format("{}: '{}' at byte {}: this is part {} of {}, part {} is expected here", where,
                                   kSplitNo, offset_of(part.entries, kSplitNo), *number + 1, n_parts, index + 1))
            .hint("give the parts of a split model in their order, the first one first"));
  }
  if (index > 0 && n_parts != n_parts_) {
    return std::unexpected(
        Error::corrupt(fmt::format("{}: '{}' at byte {}: {} parts, and the first file says {}", where, kSplitCount,
                                   offset_of(part.entries, kSplitCount), n_parts, n_parts_))
            .hint("the parts belong to different models"));
  }
  if (index == 0) {
    version_ = part.version;
    metadata_end_ = part.metadata_end;
    n_parts_ = n_parts;
    entries_ = std::move(part.entries);
  }
  for (Tensor& tensor : part.tensors) {
    tensor.part = index;
    tensors_.push_back(std::move(tensor));
  }
  parts_.push_back(bytes);
  return {};
}

Status File::finish() {
  if (parts_.empty()) return std::unexpected(Error::usage(fmt::format("'{}': no file was given", name_)));
  if (parts_.size() != n_parts_) {
    return std::unexpected(
        Error::corrupt(fmt::format("'{}': '{}' at byte {}: the model has {} parts and {} are here", name_, kSplitCount,
                                   offset_of(entries_, kSplitCount), n_parts_, parts_.size()))
            .hint("a split model needs all its parts"));
  }
  auto n_tensors = split_number(entries_, kSplitTensors, tensors_.size());
  if (!n_tensors) return std::unexpected(std::move(n_tensors).error().within(shown(name_)));
  if (n_parts_ > 1 && *n_tensors != tensors_.size()) {
    return std::unexpected(
        Error::corrupt(fmt::format("'{}': '{}' at byte {}: {} tensors are announced, the parts hold {}", name_,
                                   kSplitTensors, offset_of(entries_, kSplitTensors), *n_tensors, tensors_.size())));
  }
  index_ = std::make_unique<Index>(Index{order_by(entries_, &Entry::key), order_by(tensors_, &Tensor::name)});
  const auto& order = index_->by_tensor;
  for (size_t i = 1; i < order.size(); ++i) {
    const Tensor& tensor = tensors_[order[i]];
    const Tensor& before = tensors_[order[i - 1]];
    if (tensor.name != before.name) continue;
    return std::unexpected(Error::corrupt(fmt::format(
        "'{}': tensor {}: part {} (data at byte {}) and part {} (data at byte "
        "{}) both have it",
        name_, shown(tensor.name), before.part + 1, before.file_offset, tensor.part + 1, tensor.file_offset)));
  }
  return {};
}

uint64_t File::total_bytes() const {
  return std::accumulate(parts_.begin(), parts_.end(), uint64_t{0},
                         [](uint64_t sum, const auto& part) { return sum + part.size(); });
}

const Value* File::find(std::string_view key) const {
  const auto& order = index_->by_key;
  const auto found =
      std::ranges::lower_bound(order, key, {}, [&](uint32_t i) -> std::string_view { return entries_[i].key; });
  return found == order.end() || entries_[*found].key != key ? nullptr : &entries_[*found].value;
}

const Tensor* File::find_tensor(std::string_view name) const {
  const auto& order = index_->by_tensor;
  const auto found =
      std::ranges::lower_bound(order, name, {}, [&](uint32_t i) -> std::string_view { return tensors_[i].name; });
  return found == order.end() || tensors_[*found].name != name ? nullptr : &tensors_[*found];
}

/// The mapping that a view lies in; nullptr when the file was parsed from memory.
const base::MappedFile* File::map_of(std::span<const std::byte> view) const {
  const auto holds = [&](const base::MappedFile& map) {
    const auto bytes = map.bytes();
    return std::less_equal<>()(bytes.data(), view.data()) &&
           std::less_equal<>()(view.data() + view.size(), bytes.data() + bytes.size());
  };
  const auto found = std::ranges::find_if(maps_, holds);
  return found == maps_.end() ? nullptr : &*found;
}

Status File::read(std::span<const std::byte> view, std::byte* to) const {
  if (const base::MappedFile* map = map_of(view)) {
    const auto offset = static_cast<size_t>(view.data() - map->bytes().data());
    if (Status done = map->read(offset, {to, view.size()}); !done)
      return std::unexpected(std::move(done).error().within(name_));
    return {};
  }
  std::ranges::copy(view, to);
  return {};
}

void File::expect(std::span<const std::byte> view) const {
  if (const base::MappedFile* map = map_of(view))
    map->expect(static_cast<size_t>(view.data() - map->bytes().data()), view.size());
}

template <typename T>
Result<T> File::get(std::string_view key, std::string_view expected,
                    std::optional<T> (Value::*accessor)(size_t) const) const {
  const Value* value = find(key);
  if (value == nullptr) {
    return std::unexpected(Error::not_found(fmt::format(
        "'{}': '{}' is missing; {} is expected in the metadata before byte {}", name_, key, expected, metadata_end_)));
  }
  const std::optional<T> found = value->is_array() ? std::nullopt : (value->*accessor)(0);
  if (!found) return std::unexpected(wrong_type(key, *value, expected).within(shown(name_)));
  return *found;
}

template <typename T>
Result<T> File::get_or(std::string_view key, T fallback, Result<T> (File::*getter)(std::string_view) const) const {
  return find(key) == nullptr ? Result<T>(fallback) : (this->*getter)(key);
}

Result<uint64_t> File::get_uint(std::string_view key) const {
  return get(key, "an unsigned integer", &Value::as_uint);
}
Result<double> File::get_float(std::string_view key) const {
  return get(key, "a number", &Value::as_float);
}
Result<bool> File::get_bool(std::string_view key) const {
  return get(key, "a bool", &Value::as_bool);
}
Result<std::string_view> File::get_string(std::string_view key) const {
  return get(key, "a string", &Value::as_string);
}

Result<uint64_t> File::uint_or(std::string_view key, uint64_t fallback) const {
  return get_or(key, fallback, &File::get_uint);
}
Result<double> File::float_or(std::string_view key, double fallback) const {
  return get_or(key, fallback, &File::get_float);
}
Result<bool> File::bool_or(std::string_view key, bool fallback) const {
  return get_or(key, fallback, &File::get_bool);
}
Result<std::string_view> File::string_or(std::string_view key, std::string_view fallback) const {
  return get_or(key, fallback, &File::get_string);
}

}  // namespace ingle::gguf
