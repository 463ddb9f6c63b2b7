// Value: what a template computes with, as Python has it; Heap: owner of all values of one rendering, and its fuel.
//
// A Value is small and copied freely; what it points to belongs to a Heap or, for literals, to the compiled template.
// Nothing is freed before the rendering ends: fuel bounds it, and cycles cannot leak. One thread per Heap.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/template/marked_text.h"

namespace ingle::text::jinja {

class Evaluator;
class Heap;
struct Dict;
struct Function;
struct List;
struct Loop;
struct Str;

enum class Kind : uint8_t { kUndefined, kNone, kBool, kInt, kFloat, kStr, kList, kDict, kNamespace, kFunction, kLoop };

struct Value {
  Kind kind = Kind::kUndefined;
  Kind owner = Kind::kUndefined;  // of an undefined value: whose attribute it would have been; kUndefined: a variable
  bool markup = false;            // of a string: came from `safe` or `escape`, which makes `+` escape the other side
  union {
    const Str* str = nullptr;  // of an undefined value: its name, or null
    bool boolean;
    int64_t integer;
    double real;
    List* list;
    Dict* dict;
    Function* function;
    Loop* loop;
  };

  static Value none() { return of_kind(Kind::kNone); }
  static Value of(bool value);
  static Value of(int64_t value);
  static Value of(double value);
  static Value of(const Str* value);
  static Value of(List* value);
  static Value of(Dict* value);
  static Value of(Function* value);
  static Value of(Loop* value);
  static Value namespace_of(Dict* value);
  static Value undefined(const Str* name = nullptr, Kind owner = Kind::kUndefined);

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_undefined() const { return kind == Kind::kUndefined; }
  bool is_none() const { return kind == Kind::kNone; }
  bool is_str() const { return kind == Kind::kStr; }
  /// bool, int and float: Python's numbers.
  bool is_number() const { return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kFloat; }
  /// bool counts as int, as in Python.
  bool is_integer() const { return kind == Kind::kBool || kind == Kind::kInt; }
  int64_t as_integer() const { return kind == Kind::kBool ? int64_t{boolean} : integer; }
  double as_real() const { return kind == Kind::kFloat ? real : static_cast<double>(as_integer()); }
  inline std::string_view bytes() const;  // of a string

 private:
  static Value of_kind(Kind kind);
};

struct Str {
  explicit Str(MarkedText marked);
  MarkedText text;
  size_t length;  // in code points
  bool ascii() const { return length == text.size(); }
};

inline std::string_view Value::bytes() const {
  return str->text.bytes();
}

struct List {
  /// Generators are what map, select and their like return: true, without length or items, gone after one iteration.
  enum class Type : uint8_t { kList, kTuple, kGenerator, kKeys, kValues, kItems, kRange };
  Type type = Type::kList;
  std::vector<Value> items{};
};

/// Keeps the order of insertion. Keys are hashable values; text is found by its bytes, whatever its marks.
struct Dict {
  struct Entry {
    Value key;
    Value value;
  };
  std::vector<Entry> entries;

  const Value* find(std::string_view key) const;
  const Value* find(const Value& key) const;
  void set(const Value& key, const Value& value);
  bool erase(const Value& key);

 private:
  size_t position(const Value& key) const;
  void index_all();

  // Only built once there are enough entries to make a scan slow.
  std::unordered_map<std::string_view, size_t> index_;
};

struct NamedValue {
  const Str* name;
  Value value;
};

/// One call of a filter, test, method or function. `arg` holds the arguments of the native's parameters by position,
/// null where the caller gave none.
struct Call {
  Evaluator& eval;
  Heap& heap;
  Value self{};
  std::span<const Value> positional;
  std::span<const NamedValue> named;
  std::array<const Value*, 5> arg{};

  bool has(size_t i) const { return arg[i] != nullptr && !arg[i]->is_none(); }
};

/// A row of the tables of filters, tests, methods and functions.
struct Native {
  std::string_view name;
  Result<Value> (*run)(Call&);
  std::array<std::string_view, 5> params{};
  uint8_t required = 0;
  bool variadic = false;  // takes `positional` and `named` as they are
};

struct Macro;
struct Stmt;

struct Scope {
  Scope* parent = nullptr;
  bool captured = false;  // a macro remembers it: it must not be used again
  std::vector<std::pair<uint32_t, Value>> variables;
};

/// What `loop` is inside a for; calling it runs the loop again (recursive).
struct Loop {
  const Stmt* node = nullptr;
  Scope* scope = nullptr;  // around the for
  std::vector<Value> items{};
  size_t index = 0;
  int64_t depth = 0;  // of recursion, from 0
  std::vector<Value> last_changed{};
  bool changed_asked = false;
};

struct Function {
  const Native* native = nullptr;
  Value self{};
  const Macro* macro = nullptr;
  Scope* scope = nullptr;  // where the macro was defined
};

/// "str", "int", "dict", "Undefined" ...
std::string_view type_name(const Value& value);
/// Python's truth.
bool truthy(const Value& value);
/// "'x' is undefined" and its variants; `value` must be undefined.
Error undefined_error(const Value& value);
Error type_error(std::string message);

class Heap {
 public:
  Heap(uint64_t fuel, uint64_t memory_bytes) : fuel_(fuel), memory_(memory_bytes) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// Pays for `steps` now; an error once the fuel or the memory is gone.
  Status spend(uint64_t steps);
  /// Pays before `bytes` are read or made.
  Status spend_bytes(uint64_t bytes) {
    hold(bytes);
    return spend(bytes / kBytesPerStep);
  }
  /// Pays for memory alone. That it is gone shows at the next spend.
  void hold(uint64_t bytes) {
    out_of_memory_ = out_of_memory_ || bytes > memory_;
    memory_ -= out_of_memory_ ? 0 : bytes;
  }

  // What these make is paid for.
  Value text(MarkedText text);
  Value text(std::string_view bytes, bool trusted = true) { return this->text(MarkedText(bytes, trusted)); }
  List* list(List::Type type = List::Type::kList, std::vector<Value> items = {});
  Value pair(const Value& first, const Value& second);
  Dict* dict();
  Function* function(Function function);
  Loop* loop(Loop loop);
  Scope* scope(Scope* parent);
  /// Takes back a scope that nothing captured.
  void release(Scope* scope);
  /// Takes back what a loop that has ended went over; `loop`, if a template has kept it, is empty from then on.
  void release(Loop& loop);

 private:
  static constexpr uint64_t kBytesPerStep = 16;

  uint64_t fuel_;
  uint64_t memory_;  // bytes that may still be taken; nothing is given back before the end
  bool out_of_memory_ = false;
  std::deque<Str> strings_;
  std::deque<List> lists_;
  std::deque<Dict> dicts_;
  std::deque<Function> functions_;
  std::deque<Loop> loops_;
  std::deque<Scope> scopes_;
  std::vector<Scope*> free_scopes_;
};

}  // namespace ingle::text::jinja
