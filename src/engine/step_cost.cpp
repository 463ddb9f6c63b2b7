#include "engine/step_cost.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ingle::engine {
namespace {

constexpr double kNew = 0.25;              // weight of a measurement
constexpr double kElsewhere = 0.1;         // and for numbers of rows that were not measured now
constexpr uint64_t kForgottenAfter = 256;  // steps without one of about so many rows
constexpr double kMostSurprise = 4;        // a step that was interrupted says little
constexpr double kGrowth = 2;              // beyond what was measured
constexpr uint32_t kFirstRows = 64;        // when nothing was

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

/// Between two points a line, outside of them the rate of the last and the time of the first.
double StepCost::linear(double rows) const {
  const Point* below = nullptr;
  double floor = 0;  // more rows never take less time, whatever was measured when
  for (const Point& point : points_) {
    if (point.rows == 0) continue;
    const double here = std::max(point.seconds, floor);
    if (rows <= point.rows) {
      if (below == nullptr) return here;
      return floor + (here - floor) * (rows - below->rows) / (point.rows - below->rows);
    }
    below = &point;
    floor = here;
  }
  return below == nullptr ? 0 : floor * rows / below->rows;
}

double StepCost::seconds_of_keys(uint64_t n_keys) const {
  const Point* largest = nullptr;
  for (const Point& point : points_)
    if (point.rows > 0) largest = &point;
  if (largest == nullptr) return 0;
  return static_cast<double>(n_keys) / keys_of_a_row_ * largest->seconds / largest->rows;
}

void StepCost::learn(const Work& work, std::chrono::nanoseconds took) {
  if (work.n_rows == 0 || took.count() <= 0) return;
  ++n_learned_;
  const double rows = work.n_rows;
  const double by_rows = linear(rows);
  const double by_keys = seconds_of_keys(work.n_keys);
  const double known = by_rows + by_keys;
  const double measured = by_rows == 0 ? seconds(took) : std::min(seconds(took), kMostSurprise * known);
  const double ratio = by_rows == 0 ? 1 : measured / known;

  // Each part answers for its share of the error.
  Point& point = points_[std::min<size_t>(std::bit_width(work.n_rows) - 1, points_.size() - 1)];
  const double rest = std::max(measured - by_keys * ratio, measured * 0.1);
  const double weight = point.rows == 0 ? 1 : kNew;
  point.rows += weight * (rows - point.rows);
  point.seconds += weight * (rest * point.rows / rows - point.seconds);
  point.measured_at = n_learned_;
  for (Point& other : points_) {
    if (&other == &point || other.rows == 0) continue;
    other.seconds *= std::pow(ratio, kElsewhere);
    if (other.measured_at + kForgottenAfter < n_learned_) other = {};
  }
  if (known > 0) keys_of_a_row_ /= 1 + kNew * (ratio - 1) * by_keys / known;
}

std::chrono::nanoseconds StepCost::expected(const Work& work) const {
  const double by_rows = linear(work.n_rows);
  if (by_rows == 0) return std::chrono::nanoseconds::max();
  return std::chrono::nanoseconds(static_cast<int64_t>((by_rows + seconds_of_keys(work.n_keys)) * 1e9));
}

uint32_t StepCost::rows_within(const Work& fixed, uint32_t pos, std::chrono::nanoseconds target, uint32_t least,
                               uint32_t most) const {
  const auto fits = [&](uint32_t n) {
    const Work prompt = of_prompt(pos, n);
    return expected({fixed.n_rows + n, fixed.n_keys + prompt.n_keys}) <= target;
  };
  uint32_t low = std::min(least, most);
  uint32_t high = most;
  if (linear(1) == 0) return high;
  while (low < high) {
    const uint32_t middle = low + (high - low + 1) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

uint32_t StepCost::reach() const {
  double most = 0;
  for (const Point& point : points_)
    most = std::max(most, point.rows);
  return static_cast<uint32_t>(std::max<double>(kFirstRows, most * kGrowth));
}

}  // namespace ingle::engine
