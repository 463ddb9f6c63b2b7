#include "text/grammar/text_machine.h"

#include <array>
#include <map>
#include <vector>

namespace ingle::text::grammar {
namespace {

enum State : uint8_t {
  kStart,
  kOneMore,  // continuation bytes to come
  kTwoMore,
  kThreeMore,
  kAfterE0,
  kAfterEd,
  kAfterF0,
  kAfterF4,
  kBackslash,
  kHex1,  // \u
  kHex2,
  kHex3,
  kHex4,
  kHexD,  // \uD: a surrogate or not
  kHigh3,
  kHigh4,
  kLowBackslash,  // a high surrogate is complete
  kLowU,
  kLow1,
  kLow2,
  kLow3,
  kLow4,
  kStates,
};

struct Edge {
  State from;
  uint8_t first;
  uint8_t last;
  State to;
};

// Hexadecimal digits are three ranges.
#define INGLE_HEX(from, to)                     \
  {from, '0', '9', to}, {from, 'A', 'F', to}, { \
    from, 'a', 'f', to                          \
  }
constexpr Edge kEdges[] = {
    {kStart, 0x20, 0x21, kStart},     {kStart, 0x23, 0x5B, kStart},       {kStart, 0x5D, 0x7F, kStart},
    {kStart, 0xC2, 0xDF, kOneMore},   {kStart, 0xE0, 0xE0, kAfterE0},     {kStart, 0xE1, 0xEC, kTwoMore},
    {kStart, 0xED, 0xED, kAfterEd},   {kStart, 0xEE, 0xEF, kTwoMore},     {kStart, 0xF0, 0xF0, kAfterF0},
    {kStart, 0xF1, 0xF3, kThreeMore}, {kStart, 0xF4, 0xF4, kAfterF4},     {kOneMore, 0x80, 0xBF, kStart},
    {kTwoMore, 0x80, 0xBF, kOneMore}, {kThreeMore, 0x80, 0xBF, kTwoMore}, {kAfterE0, 0xA0, 0xBF, kOneMore},
    {kAfterEd, 0x80, 0x9F, kOneMore}, {kAfterF0, 0x90, 0xBF, kTwoMore},   {kAfterF4, 0x80, 0x8F, kTwoMore},
    {kStart, '\\', '\\', kBackslash}, {kBackslash, '"', '"', kStart},     {kBackslash, '\\', '\\', kStart},
    {kBackslash, '/', '/', kStart},   {kBackslash, 'b', 'b', kStart},     {kBackslash, 'f', 'f', kStart},
    {kBackslash, 'n', 'n', kStart},   {kBackslash, 'r', 'r', kStart},     {kBackslash, 't', 't', kStart},
    {kBackslash, 'u', 'u', kHex1},    {kHex1, '0', '9', kHex2},           {kHex1, 'A', 'C', kHex2},
    {kHex1, 'E', 'F', kHex2},         {kHex1, 'a', 'c', kHex2},           {kHex1, 'e', 'f', kHex2},
    {kHex1, 'D', 'D', kHexD},         {kHex1, 'd', 'd', kHexD},           INGLE_HEX(kHex2, kHex3),
    INGLE_HEX(kHex3, kHex4),          INGLE_HEX(kHex4, kStart),           {kHexD, '0', '7', kHex3},
    {kHexD, '8', '9', kHigh3},        {kHexD, 'A', 'B', kHigh3},          {kHexD, 'a', 'b', kHigh3},
    INGLE_HEX(kHigh3, kHigh4),        INGLE_HEX(kHigh4, kLowBackslash),   {kLowBackslash, '\\', '\\', kLowU},
    {kLowU, 'u', 'u', kLow1},         {kLow1, 'D', 'D', kLow2},           {kLow1, 'd', 'd', kLow2},
    {kLow2, 'C', 'F', kLow3},         {kLow2, 'c', 'f', kLow3},           INGLE_HEX(kLow3, kLow4),
    INGLE_HEX(kLow4, kStart),
};
#undef INGLE_HEX

constexpr uint8_t kShortest[kStates] = {0, 1, 2, 3, 2, 2, 3, 3, 1, 4, 3, 2, 1, 3, 8, 7, 6, 5, 4, 3, 2, 1};

using Table = std::array<std::array<uint8_t, 256>, kStates>;

const Table& table() {
  static const Table made = [] {
    Table steps;
    for (auto& row : steps)
      row.fill(kNoCharacter);
    for (const Edge& edge : kEdges) {
      for (unsigned byte = edge.first; byte <= edge.last; ++byte)
        steps[edge.from][byte] = edge.to;
    }
    return steps;
  }();
  return made;
}

}  // namespace

uint8_t character_step(uint8_t state, uint8_t byte) {
  return table()[state][byte];
}

uint32_t character_distance(uint8_t state) {
  return kShortest[state];
}

std::span<const std::bitset<256>> text_byte_classes() {
  static const std::vector<std::bitset<256>> made = [] {
    std::map<std::vector<uint8_t>, std::bitset<256>> by_column;
    for (size_t byte = 0; byte < 256; ++byte) {
      std::vector<uint8_t> column;
      for (size_t state = 0; state < kStates; ++state)
        column.push_back(table()[state][byte]);
      by_column[column].set(byte);
    }
    std::vector<std::bitset<256>> sets;
    for (const auto& [column, set] : by_column)
      sets.push_back(set);
    return sets;
  }();
  return made;
}

}  // namespace ingle::text::grammar
