// StepCost: how long a step will take, learned from those that ran.
//
// A step reads the weights once and multiplies every row with them, and every row's attention reads the keys before it. The
// first part is no straight line (a few rows cost as much as one), so it is kept as a point for every power of two of rows;
// the second is a price a key. What others do on the machine changes both, so old measurements fade and are forgotten. A plain value without
// clock: whoever owns it says what was measured. Decides only how long steps are, never what they compute.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace ingle::engine {

class StepCost {
 public:
  struct Work {
    uint32_t n_rows = 0;
    uint64_t n_keys = 0;  // that the rows' attention reads, all together
    Work& operator+=(const Work& other) {
      n_rows += other.n_rows;
      n_keys += other.n_keys;
      return *this;
    }
  };
  /// Of `n` tokens that follow `pos` others.
  static Work of_prompt(uint32_t pos, uint32_t n) { return {n, uint64_t{n} * pos + uint64_t{n} * (n + 1) / 2}; }

  void learn(const Work& work, std::chrono::nanoseconds took);
  /// max() while nothing is known.
  std::chrono::nanoseconds expected(const Work& work) const;

  /// How many tokens of a prompt, the first after `pos` others, a step may take beside `fixed` to end within `target`: at
  /// least `least`, at most `most`.
  uint32_t rows_within(const Work& fixed, uint32_t pos, std::chrono::nanoseconds target, uint32_t least,
                       uint32_t most) const;

  /// The most rows about which something is known.
  uint32_t reach() const;

 private:
  struct Point {
    double rows = 0;
    double seconds = 0;  // without attention
    uint64_t measured_at = 0;
  };
  double linear(double rows) const;
  double seconds_of_keys(uint64_t n_keys) const;

  std::array<Point, 16> points_ = {};  // by the power of two at or below the rows; rows 0: unknown
  double keys_of_a_row_ = 8000;        // that cost as much as a row of the largest step
  uint64_t n_learned_ = 0;
};

}  // namespace ingle::engine
