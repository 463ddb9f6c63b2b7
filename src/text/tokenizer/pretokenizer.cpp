#include "text/tokenizer/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <span>

#include "base/check.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/pretokenizer_table.h"
#include "text/tokenizer/unicode_class.h"

namespace ingle::text {
namespace {

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using MatchData = std::unique_ptr<pcre2_match_data, FreeMatchData>;

constexpr unsigned kClassBits = 3;
constexpr unsigned kClasses = 7;
constexpr size_t kMaxSets = 3;

// A code point beyond ASCII as one byte: its class, and one bit for each of the row's sets that has it.
uint8_t symbol_of(CharClass value, unsigned sets) {
  return static_cast<uint8_t>(0x80U | (sets << kClassBits) | static_cast<unsigned>(value));
}

template <typename Wanted>
std::string bytes_where(Wanted wanted) {
  std::string out;
  for (unsigned sets = 0; sets < (1U << kMaxSets); ++sets) {
    for (unsigned value = 0; value < kClasses; ++value) {
      if (wanted(static_cast<CharClass>(value), sets)) {
        out += fmt::format("\\x{:02X}", symbol_of(static_cast<CharClass>(value), sets));
      }
    }
  }
  return out;
}

std::string bytes_of(CharClass wanted) {
  return bytes_where([&](CharClass value, unsigned) { return value == wanted; });
}

/// What stands inside brackets for the property \p{name}.
std::string property(char name) {
  switch (name) {
    case 'L':
      return "A-Za-z" + bytes_of(CharClass::kLetter);
    case 'U':
      return "A-Z" + bytes_of(CharClass::kLetter);
    case 'W':
      return "a-z" + bytes_of(CharClass::kLetter);
    case 'M':
      return bytes_of(CharClass::kMark);
    case 'N':
      return "0-9" + bytes_of(CharClass::kNumber);
    case 'P':
      return R"(!-#%-*,-\/:;?@\[-\]_{})" + bytes_of(CharClass::kPunctuation);
    case 'S':
      return R"($+<->\^`|~)" + bytes_of(CharClass::kSymbol);
    default: {
      const unsigned bit = 1U << (name - '1');
      INGLE_CHECK(bit != 0 && bit < (1U << kMaxSets));
      return bytes_where([&](CharClass, unsigned sets) { return (sets & bit) != 0; });
    }
  }
}

/// The expression with \p{..}, \s, \S and \d written out as bytes.
std::string expand(std::string_view pattern) {
  const std::string whitespace = R"( \t-\r)" + bytes_of(CharClass::kWhitespace);
  std::string out;
  bool in_brackets = false;
  auto add_set = [&](const std::string& set) { out += in_brackets ? set : "[" + set + "]"; };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      const char kind = pattern[++i];
      if (kind == 'p') {
        add_set(property(pattern[i + 2]));
        i += 3;
      } else if (kind == 's') {
        add_set(whitespace);
      } else if (kind == 'S') {
        INGLE_CHECK(!in_brackets);
        out += "[^" + whitespace + "]";
      } else {
        out += c;
        out += kind;
      }
      continue;
    }
    if (c == '[' && !in_brackets) {
      in_brackets = true;
    } else if (c == ']' && in_brackets) {
      in_brackets = false;
    }
    out += c;
  }
  return out;
}

/// Owned by the caller.
pcre2_code* compile_splitter(std::string_view pattern) {
  const std::string bytes = expand(pattern);
  int error = 0;
  size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(bytes.data()), bytes.size(),
                                   PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE, &error, &offset, nullptr);
  INGLE_CHECK(code != nullptr);
  // Without JIT (an exotic processor) the interpreter gives the same matches.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  return code;
}

unsigned sets_with(std::span<const std::span<const CodePointRange>> sets, char32_t c) {
  unsigned result = 0;
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto after = std::ranges::upper_bound(sets[i], c, {}, &CodePointRange::first);
    if (after != sets[i].begin() && c <= std::prev(after)->last) result |= 1U << i;
  }
  return result;
}

}  // namespace

struct PreTokenizer::Compiled {
  struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  };
  using Code = std::unique_ptr<pcre2_code, FreeCode>;

  explicit Compiled(const PreTokenizerRow& from) : row(from) {
    for (const std::string_view pass : row.passes)
      passes.emplace_back(compile_splitter(pass));
  }

  /// One byte for each code point.
  std::string symbols(std::string_view text) const {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size();) {
      const CodePoint c = decode_code_point(text, i);
      i += c.size;
      if (c.value < 0x80) {
        out += static_cast<char>(c.value);
        continue;
      }
      const CharClass value = char_class(c.value);
      // Sets never win over white space: llama.cpp rewrites white space before it matches them.
      const unsigned sets = value == CharClass::kWhitespace ? 0 : sets_with(row.sets, c.value);
      out += static_cast<char>(symbol_of(value, sets));
    }
    return out;
  }

  const PreTokenizerRow& row;
  std::vector<Code> passes;
};

namespace {

/// Splits every piece of `ends` by the matches of `code` in it.
void split_pieces(const pcre2_code* code, std::string_view symbols, std::vector<uint32_t>& ends) {
  const MatchData data(pcre2_match_data_create(1, nullptr));
  INGLE_CHECK(data != nullptr);
  const size_t* match = pcre2_get_ovector_pointer(data.get());
  std::vector<uint32_t> result;
  result.reserve(ends.size());
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    // Each piece is a subject of its own: no expression may look beyond it.
    const auto subject = reinterpret_cast<PCRE2_SPTR>(symbols.data() + begin);
    const size_t size = end - begin;
    size_t at = 0;
    while (at < size && pcre2_match(code, subject, size, at, PCRE2_NO_UTF_CHECK, data.get(), nullptr) > 0) {
      if (match[0] > at) result.push_back(begin + static_cast<uint32_t>(match[0]));
      at = match[1];
      result.push_back(begin + static_cast<uint32_t>(at));
    }
    if (at < size) result.push_back(end);
    begin = end;
  }
  ends.swap(result);
}

/// Positions among code points become positions among bytes.
void to_byte_positions(std::string_view text, std::vector<uint32_t>& ends) {
  size_t byte = 0;
  uint32_t code_point = 0;
  for (uint32_t& end : ends) {
    for (; code_point < end; ++code_point)
      byte += claimed_length(text[byte]);
    end = static_cast<uint32_t>(byte);
  }
}

}  // namespace

PreTokenizer::PreTokenizer(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
PreTokenizer::~PreTokenizer() = default;

const PreTokenizer* PreTokenizer::find(std::string_view name) {
  static std::mutex compiled_mutex;
  static std::map<const PreTokenizerRow*, std::unique_ptr<const PreTokenizer>> compiled;
  for (const PreTokenizerRow& row : pretokenizer_rows()) {
    if (std::ranges::find(row.names, name) == row.names.end()) continue;
    const std::lock_guard lock(compiled_mutex);
    auto& entry = compiled[&row];
    if (!entry) entry.reset(new PreTokenizer(std::make_unique<const Compiled>(row)));
    return entry.get();
  }
  return nullptr;
}

std::string PreTokenizer::known_names() {
  std::vector<std::string_view> names;
  for (const PreTokenizerRow& row : pretokenizer_rows())
    names.insert(names.end(), row.names.begin(), row.names.end());
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, ", "));
}

void PreTokenizer::split(std::string_view text, std::vector<uint32_t>& ends) const {
  ends.clear();
  if (text.empty()) return;
  const bool is_ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const std::string held = is_ascii ? std::string() : compiled_->symbols(text);
  const std::string_view symbols = is_ascii ? text : std::string_view(held);
  ends.push_back(static_cast<uint32_t>(symbols.size()));
  for (const auto& pass : compiled_->passes)
    split_pieces(pass.get(), symbols, ends);
  if (!is_ascii) to_byte_positions(text, ends);
}

bool PreTokenizer::takes_whole_words() const {
  return compiled_->row.takes_whole_words;
}
bool PreTokenizer::adds_bos() const {
  return compiled_->row.adds_bos;
}

}  // namespace ingle::text
