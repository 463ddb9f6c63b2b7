#include "convert/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace ingle::convert {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kLongestName = 1024;

struct Dtype {
  std::string_view name;
  uint64_t bytes;
};
constexpr Dtype kDtypes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
    {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"I64", 8},     {"U64", 8}, {"F64", 8},
};

Error wrong(std::string what) {
  return Error::corrupt("safetensors: " + std::move(what)).hint("the file is damaged; get it again");
}

std::string in_quotes(std::string_view name) {
  return fmt::format("'{}'", name.substr(0, 80));
}

/// Reads the header while it is parsed, so that nothing but what the format allows is ever built. Each handler answers
/// whether to go on; `error` says why not.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  struct Entry {
    std::string name;
    std::string dtype;
    std::vector<uint64_t> shape;
    std::vector<uint64_t> offsets;
    bool has_shape = false;
    bool has_offsets = false;
  };

  std::vector<Entry> entries;
  std::string error;

  bool null() override { return unexpected_value("null"); }
  bool boolean(bool) override { return unexpected_value("true or false"); }
  bool number_integer(number_integer_t) override { return unexpected_value("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    return unexpected_value("a number that is no whole one");
  }
  bool binary(binary_t&) override { return unexpected_value("bytes"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::kShape) {
      if (entries.back().shape.size() == kMaxDimensions)
        return stop(
            fmt::format("tensor {} has more than {} dimensions", in_quotes(entries.back().name), kMaxDimensions));
      entries.back().shape.push_back(value);
      return true;
    }
    if (place_ == Place::kOffsets) {
      if (entries.back().offsets.size() == 2)
        return stop(fmt::format("tensor {}: data_offsets are not two numbers", in_quotes(entries.back().name)));
      entries.back().offsets.push_back(value);
      return true;
    }
    return unexpected_value("a number");
  }

  bool string(string_t& value) override {
    if (place_ == Place::kMetadata) return true;
    if (place_ != Place::kTensor || key_ != "dtype") return unexpected_value("a text");
    entries.back().dtype = std::move(value);
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::kStart) {
      place_ = Place::kFile;
      return true;
    }
    if (place_ != Place::kFile) return unexpected_value("an object");
    if (key_ == "__metadata__") {
      place_ = Place::kMetadata;
      return true;
    }
    if (entries.size() == kMaxSafetensors) return stop(fmt::format("more than {} tensors", kMaxSafetensors));
    entries.emplace_back().name = key_;
    place_ = Place::kTensor;
    return true;
  }

  bool key(string_t& name) override {
    const bool in_metadata = place_ == Place::kMetadata;
    if (!in_metadata && name.size() > kLongestName)
      return stop(fmt::format("a name of {} bytes, at most {} are accepted", name.size(), kLongestName));
    if (place_ == Place::kFile) {
      if (!names_.insert(name).second) return stop(in_quotes(name) + " stands twice");
    } else if (place_ == Place::kTensor || in_metadata) {
      if (!inner_names_.insert(name).second) return stop(in_quotes(name) + " stands twice in " + where());
    }
    key_ = std::move(name);
    return true;
  }

  bool end_object() override {
    inner_names_.clear();
    place_ = place_ == Place::kFile ? Place::kEnd : Place::kFile;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::kTensor && key_ == "shape") {
      entries.back().has_shape = true;
      place_ = Place::kShape;
      return true;
    }
    if (place_ == Place::kTensor && key_ == "data_offsets") {
      entries.back().has_offsets = true;
      place_ = Place::kOffsets;
      return true;
    }
    return unexpected_value("an array");
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return stop(fmt::format("the header is not valid JSON at byte {}", kLengthBytes + position));
  }

 private:
  enum class Place : uint8_t { kStart, kFile, kMetadata, kTensor, kShape, kOffsets, kEnd };

  std::string where() const {
    return place_ == Place::kMetadata ? "__metadata__" : "tensor " + in_quotes(entries.back().name);
  }
  bool unexpected_value(std::string_view what) {
    if (place_ == Place::kMetadata)
      return stop(fmt::format("__metadata__: {} is {} and not a text", in_quotes(key_), what));
    if (place_ == Place::kFile) return stop(fmt::format("{} is {} and not an object", in_quotes(key_), what));
    if (place_ == Place::kStart) return stop(fmt::format("the header is {} and not an object", what));
    return stop(fmt::format("{}: {} holds {}", where(), in_quotes(key_), what));
  }
  bool stop(std::string why) {
    if (error.empty()) error = std::move(why);
    return false;
  }

  Place place_ = Place::kStart;
  std::string key_;
  std::set<std::string, std::less<>> names_;
  std::set<std::string, std::less<>> inner_names_;
};

/// Number of bytes that dtype and shape say; nothing where they do not fit 64 bits.
std::optional<uint64_t> bytes_of(uint64_t element, std::span<const uint64_t> shape) {
  if (std::ranges::find(shape, uint64_t{0}) != shape.end()) return 0;
  uint64_t bytes = element;
  for (const uint64_t n : shape) {
    if (bytes > std::numeric_limits<uint64_t>::max() / n) return std::nullopt;
    bytes *= n;
  }
  return bytes;
}

Status check_entry(const HeaderReader::Entry& entry, uint64_t data_size) {
  const auto refuse = [&](std::string what) {
    return std::unexpected(wrong(fmt::format("tensor {}: {}", in_quotes(entry.name), what)));
  };
  if (entry.dtype.empty()) return refuse("has no dtype");
  const auto dtype = std::ranges::find(kDtypes, entry.dtype, &Dtype::name);
  if (dtype == std::end(kDtypes)) return refuse(fmt::format("the dtype '{:.20}' is not known", entry.dtype));
  if (!entry.has_shape) return refuse("has no shape");
  if (entry.offsets.size() != 2) return refuse("data_offsets are not two numbers");
  const uint64_t begin = entry.offsets[0];
  const uint64_t end = entry.offsets[1];
  if (begin > end) return refuse(fmt::format("data_offsets {} to {} are the wrong way round", begin, end));
  if (end > data_size) {
    return refuse(fmt::format("its bytes {} to {} end past the end of the data, which has {}", begin, end, data_size));
  }
  const auto bytes = bytes_of(dtype->bytes, entry.shape);
  if (!bytes || *bytes != end - begin) {
    return refuse(fmt::format("{} bytes do not hold its shape [{}] of {}", end - begin, fmt::join(entry.shape, ", "),
                              entry.dtype));
  }
  return {};
}

}  // namespace

Result<Safetensors> Safetensors::parse(std::span<const std::byte> file) {
  if (file.size() < kLengthBytes + 2)
    return std::unexpected(wrong(fmt::format("the file has {} bytes, too few for a header", file.size())));
  uint64_t length;
  std::memcpy(&length, file.data(), sizeof length);
  if (length > kMaxSafetensorsHeader)
    return std::unexpected(
        wrong(fmt::format("a header of {} bytes, at most {} are accepted", length, kMaxSafetensorsHeader)));
  if (length > file.size() - kLengthBytes)
    return std::unexpected(wrong(fmt::format("a header of {} bytes in a file of {}", length, file.size())));
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (!header.starts_with('{')) return std::unexpected(wrong("the header does not begin with '{'"));

  HeaderReader reader;
  if (!nlohmann::json::sax_parse(header, &reader))
    return std::unexpected(wrong(reader.error.empty() ? "the header is not valid JSON" : std::move(reader.error)));

  const std::span<const std::byte> data = file.subspan(kLengthBytes + length);
  Safetensors out;
  for (HeaderReader::Entry& entry : reader.entries) {
    INGLE_TRY_VOID(check_entry(entry, data.size()));
    out.tensors_.push_back({.name = std::move(entry.name),
                            .dtype = std::move(entry.dtype),
                            .shape = std::move(entry.shape),
                            .begin = kLengthBytes + length + entry.offsets[0],
                            .bytes = data.subspan(entry.offsets[0], entry.offsets[1] - entry.offsets[0])});
  }
  // Where two begin at one place, one of them is empty and comes first, or they overlap.
  std::ranges::sort(out.tensors_, {}, [](const SafetensorsTensor& t) { return std::pair(t.begin, t.bytes.size()); });
  uint64_t at = kLengthBytes + length;
  for (const SafetensorsTensor& tensor : out.tensors_) {
    if (tensor.begin != at) {
      return std::unexpected(wrong(fmt::format("tensor {} begins at byte {} and the one before it ends at {}",
                                               in_quotes(tensor.name), tensor.begin, at)));
    }
    at += tensor.bytes.size();
  }
  if (at != file.size())
    return std::unexpected(wrong(fmt::format("{} bytes after the last tensor belong to none", file.size() - at)));
  out.by_name_.resize(out.tensors_.size());
  std::iota(out.by_name_.begin(), out.by_name_.end(), 0U);
  std::ranges::sort(out.by_name_, {}, [&](uint32_t i) -> std::string_view { return out.tensors_[i].name; });
  return out;
}

const SafetensorsTensor* Safetensors::find(std::string_view name) const {
  const auto name_of = [&](uint32_t i) -> std::string_view { return tensors_[i].name; };
  const auto at = std::ranges::lower_bound(by_name_, name, {}, name_of);
  return at != by_name_.end() && name_of(*at) == name ? &tensors_[*at] : nullptr;
}

}  // namespace ingle::convert
