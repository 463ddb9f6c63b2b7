#include "text/tokenizer/unicode_class.h"

#include <array>
#include <cstddef>
#include <map>
#include <vector>

namespace ingle::text {
namespace {

struct Run {
  char32_t first;
  CharClass value;
};

constexpr CharClass kC = CharClass::kOther;  // control, format, surrogate, private, unassigned; and Z, see below
constexpr CharClass kL = CharClass::kLetter;
constexpr CharClass kM = CharClass::kMark;
constexpr CharClass kN = CharClass::kNumber;
constexpr CharClass kP = CharClass::kPunctuation;
constexpr CharClass kS = CharClass::kSymbol;

constexpr Run kRuns[] = {
#include "text/tokenizer/unicode_table.inc"
};

// White_Space of PropList.txt.
constexpr Run kWhitespace[] = {
    {0x09, CharClass::kWhitespace},   {0x0E, kC},   {0x20, CharClass::kWhitespace},   {0x21, kC},
    {0x85, CharClass::kWhitespace},   {0x86, kC},   {0xA0, CharClass::kWhitespace},   {0xA1, kC},
    {0x1680, CharClass::kWhitespace}, {0x1681, kC}, {0x2000, CharClass::kWhitespace}, {0x200B, kC},
    {0x2028, CharClass::kWhitespace}, {0x202A, kC}, {0x202F, CharClass::kWhitespace}, {0x2030, kC},
    {0x205F, CharClass::kWhitespace}, {0x2060, kC}, {0x3000, CharClass::kWhitespace}, {0x3001, kC},
};

constexpr char32_t kEnd = 0x110000;
constexpr size_t kPageBits = 8;
using Page = std::array<CharClass, size_t{1} << kPageBits>;

// Two stages: most pages of 256 code points are equal to another one, so the whole table stays near 60 KiB.
struct Pages {
  std::array<uint16_t, (kEnd >> kPageBits)> index{};
  std::vector<Page> pages;
};

Pages build() {
  std::vector<CharClass> flat(kEnd, CharClass::kOther);
  auto fill = [&](auto& runs, bool only_whitespace) {
    for (size_t i = 0; i < std::size(runs); ++i) {
      const char32_t end = i + 1 < std::size(runs) ? runs[i + 1].first : kEnd;
      if (only_whitespace && runs[i].value != CharClass::kWhitespace) continue;
      for (char32_t c = runs[i].first; c < end; ++c)
        flat[c] = runs[i].value;
    }
  };
  fill(kRuns, false);
  fill(kWhitespace, true);

  Pages result;
  std::map<Page, uint16_t> seen;
  for (size_t p = 0; p < result.index.size(); ++p) {
    Page page;
    for (size_t i = 0; i < page.size(); ++i)
      page[i] = flat[(p << kPageBits) + i];
    const auto [it, is_new] = seen.try_emplace(page, static_cast<uint16_t>(result.pages.size()));
    if (is_new) result.pages.push_back(page);
    result.index[p] = it->second;
  }
  return result;
}

}  // namespace

CharClass char_class(char32_t code_point) {
  static const Pages pages = build();
  if (code_point >= kEnd) return CharClass::kOther;
  const size_t page = pages.index[code_point >> kPageBits];
  return pages.pages[page][code_point & ((1U << kPageBits) - 1)];
}

}  // namespace ingle::text
