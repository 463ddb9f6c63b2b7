#include "text/template/json_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "text/template/operators.h"

namespace ingle::text::jinja {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTrustedRoles[] = {"system",  "user",  "assistant", "tool", "developer", "function",
                                              "ipython", "model", "human",     "gpt",  "tool_call", "tool_response"};

// Builds values as the parser reads: no second tree, and no recursion.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(Heap& heap, JsonRole role, uint32_t depth) : heap_(heap), role_(role), depth_(depth) {}

  std::optional<Error> error;
  size_t bad_byte = 0;
  Value root = Value::none();

  bool null() override { return add(Value::none()); }
  bool boolean(bool value) override { return add(Value::of(value)); }
  bool number_integer(number_integer_t value) override { return add(Value::of(int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return add(Value::of(static_cast<double>(value)));
    }
    return add(Value::of(static_cast<int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(Value::of(value)); }
  bool string(string_t& value) override {
    const bool is_role = role_ == JsonRole::kMessages && open_.size() == 2 && open_[0].value.is(Kind::kList) &&
                         open_[1].value.is(Kind::kDict) && open_[1].key.bytes() == "role";
    const bool trusted =
        is_role && std::find(std::begin(kTrustedRoles), std::end(kTrustedRoles), value) != std::end(kTrustedRoles);
    return add(heap_.text(value, trusted));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Value::of(heap_.dict())); }
  bool start_array(std::size_t) override { return open(Value::of(heap_.list())); }
  bool key(string_t& value) override {
    open_.back().key = heap_.text(value, false);
    return true;
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    bad_byte = position;
    return false;
  }

 private:
  struct Open {
    Value value;
    Value key;
  };

  bool open(const Value& value) {
    if (open_.size() >= depth_) {
      error = Error::exhausted(fmt::format("nested more than {} levels deep", depth_));
      return false;
    }
    if (!add(value)) return false;
    open_.push_back({value, {}});
    return true;
  }

  bool add(const Value& value) {
    Status status;
    if (open_.empty()) {
      root = value;
    } else if (Open& top = open_.back(); top.value.is(Kind::kList)) {
      status = heap_.spend_bytes(sizeof(Value));
      top.value.list->items.push_back(value);
    } else {
      status = put(heap_, *top.value.dict, top.key, value);
    }
    if (!status) error = std::move(status).error();
    return status.has_value();
  }

  Heap& heap_;
  JsonRole role_;
  uint32_t depth_;
  std::vector<Open> open_;
};

}  // namespace

Result<Value> read_json(Heap& heap, std::string_view json, std::string_view what, JsonRole role, uint32_t depth) {
  Builder builder(heap, role, depth);
  try {
    if (Json::sax_parse(json, &builder)) return builder.root;
  } catch (const std::exception&) {
    return std::unexpected(Error::usage(fmt::format("{}: not valid JSON", what)));
  }
  if (builder.error) return std::unexpected(std::move(*builder.error).within(what));
  return std::unexpected(Error::usage(fmt::format("{}: not valid JSON at byte {}", what, builder.bad_byte)));
}

}  // namespace ingle::text::jinja
