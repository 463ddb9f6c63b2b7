// The functions that every template can call by name: jinja2's own and the two that transformers adds.
#include <fmt/format.h>

#include <array>
#include <ctime>

#include "text/template/arguments.h"
#include "text/template/evaluator.h"
#include "text/template/natives.h"
#include "text/template/operators.h"

namespace ingle::text::jinja {
namespace global_function {
namespace {

constexpr uint64_t kMaxRange = 100'000;  // jinja2's sandbox: MAX_RANGE

Result<Value> range(Call& call) {
  int64_t bounds[3] = {0, 0, 1};
  const size_t count = call.positional.size();
  if (count < 1 || count > 3) return std::unexpected(type_error("range takes one to three arguments"));
  for (size_t i = 0; i < count; ++i) {
    if (!call.positional[i].is_integer()) return wrong_type(call.positional[i], "an integer");
    bounds[count == 1 ? 1 : i] = call.positional[i].as_integer();
  }
  const auto [start, stop, step] = std::to_array(bounds);
  if (step == 0) return std::unexpected(Error::corrupt("range: the step must not be zero"));
  uint64_t length = 0;
  if (step > 0 ? start < stop : start > stop) {
    const uint64_t distance = step > 0 ? uint64_t(stop) - uint64_t(start) : uint64_t(start) - uint64_t(stop);
    const uint64_t stride = step > 0 ? uint64_t(step) : uint64_t{0} - uint64_t(step);
    length = (distance - 1) / stride + 1;
  }
  if (length > kMaxRange) {
    return std::unexpected(Error::exhausted(fmt::format("range() of more than {} numbers", kMaxRange)));
  }
  INGLE_TRY_VOID(call.heap.spend_bytes(length * sizeof(Value)));
  List* list = call.heap.list(List::Type::kRange);
  for (uint64_t i = 0; i < length; ++i) {
    list->items.push_back(Value::of(static_cast<int64_t>(uint64_t(start) + i * uint64_t(step))));
  }
  return Value::of(list);
}

Result<Dict*> make_dict(Call& call) {
  Dict* dict = call.heap.dict();
  if (call.positional.size() > 1) return std::unexpected(type_error("dict takes at most one argument"));
  if (call.positional.size() == 1 && call.positional[0].is(Kind::kDict)) {
    for (const Dict::Entry& entry : call.positional[0].dict->entries) {
      INGLE_TRY_VOID(put(call.heap, *dict, entry.key, entry.value));
    }
  } else if (call.positional.size() == 1) {
    INGLE_TRY(const std::vector<Value> pairs, call.eval.items(call.positional[0]));
    for (const Value& pair : pairs) {
      INGLE_TRY(const std::vector<Value> sides, call.eval.items(pair));
      if (sides.size() != 2) return std::unexpected(type_error("dict wants pairs"));
      INGLE_TRY_VOID(put(call.heap, *dict, sides[0], sides[1]));
    }
  }
  for (const NamedValue& entry : call.named) {
    INGLE_TRY_VOID(put(call.heap, *dict, Value::of(entry.name), entry.value));
  }
  return dict;
}

Result<Value> dict_function(Call& call) {
  INGLE_TRY(Dict * dict, make_dict(call));
  return Value::of(dict);
}

Result<Value> namespace_function(Call& call) {
  INGLE_TRY(Dict * dict, make_dict(call));
  return Value::namespace_of(dict);
}

Result<Value> raise_exception(Call& call) {
  INGLE_TRY(const Value message, to_str(call.heap, *call.arg[0]));
  return std::unexpected(Error::refused(std::string(message.bytes())));
}

// One directive at a time, each known: the C library's strftime also has widths, which a template must not choose.
Result<Value> strftime_now(Call& call) {
  INGLE_TRY(const auto format, text_arg(call, 0));
  if (!format) return wrong_type(*call.arg[0], "a string");
  const std::time_t now = call.eval.now_unix();
  std::tm parts{};
  if (gmtime_r(&now, &parts) == nullptr) return std::unexpected(Error::corrupt("strftime_now: no such time"));
  INGLE_TRY_VOID(call.heap.spend(format->size()));
  const MarkedText& text = call.arg[0]->str->text;
  MarkedText out;
  for (size_t at = 0; at < format->size();) {
    const size_t percent = std::min(format->find('%', at), format->size());
    out.append(text, at, percent);
    if (percent == format->size()) break;
    at = percent + 1;
    std::string directive = "%";
    if (at < format->size() && (*format)[at] == '-') directive += (*format)[at++];
    constexpr std::string_view kKnown = "aAbBcdDeFHIjklmMnpPrRsStTuUVwWxXyYzZGgChs%";
    if (at == format->size() || kKnown.find((*format)[at]) == std::string_view::npos) {
      out.append(directive, true);
      continue;
    }
    directive += (*format)[at++];
    char shown[128];
    const size_t size = std::strftime(shown, sizeof shown, directive.c_str(), &parts);
    out.append(std::string_view(shown, size), true);
  }
  return call.heap.text(std::move(out));
}

constexpr Native kGlobals[] = {
    {"dict", dict_function, {}, 0, true},
    {"namespace", namespace_function, {}, 0, true},
    {"raise_exception", raise_exception, {"message"}, 1},
    {"range", range, {}, 0, true},
    {"strftime_now", strftime_now, {"format"}, 1},
};

}  // namespace
}  // namespace global_function

std::span<const Native> global_functions() {
  return global_function::kGlobals;
}

}  // namespace ingle::text::jinja
