#include "text/tokenizer/bert_splitter.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

#include "text/tokenizer/code_points.h"

namespace ingle::text {
namespace {

enum class BertClass : uint8_t { kOther, kDropped, kSpace, kPunctuation, kChinese, kAccent };

struct Run {
  char32_t first;
  BertClass value;
};

constexpr BertClass kO = BertClass::kOther;
constexpr BertClass kD = BertClass::kDropped;
constexpr BertClass kS = BertClass::kSpace;
constexpr BertClass kP = BertClass::kPunctuation;
constexpr BertClass kC = BertClass::kChinese;
constexpr BertClass kA = BertClass::kAccent;

constexpr Run kRuns[] = {
#include "text/tokenizer/wordpiece_table.inc"
};

BertClass bert_class(char32_t c) {
  return std::prev(std::ranges::upper_bound(kRuns, c, {}, &Run::first))->value;
}

/// Unlike the lenient reading that other families share: over-long forms and surrogates are no characters here.
CodePoint decode_strict(std::string_view text, size_t at) {
  CodePoint c = decode_code_point(text, at);
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c.value < kLeast[c.size] || (c.value >= 0xD800 && c.value < 0xE000)) return {0xFFFD, 1};
  return c;
}

class Splitting {
 public:
  Splitting(const BertSplitter& rules, std::string& words, std::vector<uint32_t>& ends)
      : rules_(rules), words_(words), ends_(ends) {}

  void run(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      const CodePoint c = decode_strict(text, at);
      at += c.size;
      const BertClass kind = bert_class(c.value);
      if (kind == BertClass::kDropped) continue;
      if (kind == BertClass::kSpace) {
        add(' ');
      } else if (kind == BertClass::kChinese) {
        add(' ');
        add(c.value);
        add(' ');
      } else {
        add(c.value);
      }
    }
    flush();
    end_word();
  }

 private:
  struct Mark {
    char32_t value;
    utf8proc_propval_t order;  // canonical combining class; 0: a character that nothing is moved across
  };

  void add(char32_t c) {
    if (!rules_.strip_accents) return write(c);
    if (c < 0x80) {
      flush();
      return write(c);
    }
    utf8proc_int32_t parts[32];  // the longest decomposition has 4
    int boundary = 0;
    const auto n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, std::size(parts),
                                           UTF8PROC_DECOMPOSE, &boundary);
    if (n <= 0 || n > static_cast<utf8proc_ssize_t>(std::size(parts))) return decomposed(c);
    for (utf8proc_ssize_t i = 0; i < n; ++i)
      decomposed(static_cast<char32_t>(parts[i]));
  }

  void decomposed(char32_t c) {
    const auto order = utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
    if (order == 0) {
      flush();
      if (bert_class(c) != BertClass::kAccent) write(c);
    } else {
      marks_.push_back({c, order});
    }
  }

  /// Marks stand in canonical order, and accents go. Those that stay are few: signs that became accents after Unicode 8.
  void flush() {
    if (marks_.empty()) return;
    std::ranges::stable_sort(marks_, {}, &Mark::order);
    for (const Mark& mark : marks_)
      if (bert_class(mark.value) != BertClass::kAccent) write(mark.value);
    marks_.clear();
  }

  void write(char32_t c) {
    if (c == ' ') return end_word();
    const bool alone = bert_class(c) == BertClass::kPunctuation;
    if (alone) end_word();
    if (rules_.lowercase && c == 0x130) {  // the one letter whose small form is two characters
      words_ += "i\xCC\x87";
    } else {
      append_utf8(rules_.lowercase ? static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))) : c,
                  words_);
    }
    if (alone) end_word();
  }

  void end_word() {
    const auto end = static_cast<uint32_t>(words_.size());
    if (end != (ends_.empty() ? 0 : ends_.back())) ends_.push_back(end);
  }

  const BertSplitter& rules_;
  std::string& words_;
  std::vector<uint32_t>& ends_;
  std::vector<Mark> marks_;
};

}  // namespace

void BertSplitter::split(std::string_view text, std::string& words, std::vector<uint32_t>& ends) const {
  words.clear();
  ends.clear();
  words.reserve(text.size());
  Splitting(*this, words, ends).run(text);
}

}  // namespace ingle::text
