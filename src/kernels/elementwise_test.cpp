#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/probe.h"
#include "kernels/registry.h"
#include "kernels/testing/samples.h"

namespace ingle::kernels {
namespace {

using testing::normals;

constexpr double kHalfUlp = 0x1p-24;  // relative error of one rounding

class Elementwise : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& table() const { return *GetParam(); }
};

double at(const std::vector<float>& values, size_t i) {
  return static_cast<double>(values[i]);
}

TEST_P(Elementwise, rms_norm_errs_by_a_few_roundings_for_any_length) {
  for (const uint32_t n : {1U, 7U, 16U, 17U, 63U, 64U, 576U, 1000U}) {
    const std::vector<float> x = normals(n, n), weight = normals(n, n + 1);
    std::vector<float> y(n), in_place = x;
    table().rms_norm(x.data(), weight.data(), n, 1e-5F, y.data());
    table().rms_norm(in_place.data(), weight.data(), n, 1e-5F, in_place.data());
    double sum = 0;
    for (uint32_t i = 0; i < n; ++i)
      sum += at(x, i) * at(x, i);
    const double factor = 1 / std::sqrt(sum / n + static_cast<double>(1e-5F));
    for (uint32_t i = 0; i < n; ++i) {
      const double expected = at(x, i) * factor * at(weight, i);
      // All squares are positive: n / 64 additions of one lane, halved by the root, and six more operations.
      ASSERT_NEAR(at(y, i), expected, std::fabs(expected) * (n / 64.0 + 16) * kHalfUlp) << n;
      ASSERT_EQ(y[i], in_place[i]);
    }
  }
}

TEST_P(Elementwise, layer_norm_errs_by_a_few_roundings_for_any_length) {
  for (const uint32_t n : {1U, 7U, 16U, 17U, 63U, 64U, 384U, 1000U}) {
    const std::vector<float> weight = normals(n, n + 1), bias = normals(n, n + 2);
    std::vector<float> x = normals(n, n);
    for (float& v : x)
      v += 3;
    std::vector<float> y(n), in_place = x;
    table().layer_norm(x.data(), weight.data(), bias.data(), n, 1e-5F, y.data());
    table().layer_norm(in_place.data(), weight.data(), bias.data(), n, 1e-5F, in_place.data());
    double sum = 0, size = 0;
    for (uint32_t i = 0; i < n; ++i) {
      sum += at(x, i);
      size += std::fabs(at(x, i));
    }
    const double mean = sum / n;
    double squares = 0;
    for (uint32_t i = 0; i < n; ++i)
      squares += (at(x, i) - mean) * (at(x, i) - mean);
    const double factor = 1 / std::sqrt(squares / n + static_cast<double>(1e-5F));
    // The mean errs by the additions of one lane relative to the mean magnitude; everything else is relative.
    const double mean_error = size / n * (n / 64.0 + 4) * kHalfUlp;
    for (uint32_t i = 0; i < n; ++i) {
      const double normed = (at(x, i) - mean) * factor;
      const double error = std::fabs(normed) * (n / 64.0 + 16) * kHalfUlp + 2 * mean_error * factor;
      const double expected = normed * at(weight, i) + at(bias, i);
      ASSERT_NEAR(at(y, i), expected, std::fabs(at(weight, i)) * error + std::fabs(expected) * 2 * kHalfUlp) << n;
      ASSERT_EQ(y[i], in_place[i]);
    }
  }
}

TEST_P(Elementwise, rms_norm_of_zeros_is_zero) {
  std::vector<float> x(40, 0.0F), weight(40, 1.0F);
  table().rms_norm(x.data(), weight.data(), 40, 1e-6F, x.data());
  EXPECT_EQ(x, std::vector<float>(40, 0.0F));
}

TEST_P(Elementwise, add_is_exact) {
  for (const uint32_t n : {1U, 15U, 33U}) {
    const std::vector<float> x = normals(n, 1), before = normals(n, 2);
    std::vector<float> y = before;
    table().add(x.data(), n, y.data());
    for (uint32_t i = 0; i < n; ++i)
      ASSERT_EQ(y[i], before[i] + x[i]);
  }
}

std::vector<float> gates() {
  std::vector<float> g = {0.0F, -0.0F, 1e-40F, -1e-40F, 20, -20, 60, -60, 87.5F, -87.5F, 100, -100, 1e30F, -1e30F};
  for (int i = -4000; i <= 4000; ++i)
    g.push_back(static_cast<float>(i) * 0.00371F);
  return g;
}

// exp_of errs by 2 ulp, then an addition, a division and a product. Where the true result is below e^-87 of the input a
// fast path stops at about that: far less than any activation notices.
void expect_activation(const std::vector<float>& g, const std::vector<float>& y, double (*truth)(double)) {
  for (size_t i = 0; i < g.size(); ++i) {
    const double expected = truth(at(g, i)) * 1.5;
    const double floor = std::fabs(at(g, i)) * 2e-38 + 1e-44;
    ASSERT_NEAR(at(y, i), expected, std::fabs(expected) * 10 * kHalfUlp + floor) << "gate " << g[i];
  }
}

TEST_P(Elementwise, silu_mul_follows_the_definition_everywhere) {
  const std::vector<float> g = gates();
  std::vector<float> y(g.size(), 1.5F);
  table().silu_mul(g.data(), y.data(), static_cast<uint32_t>(g.size()), y.data());
  expect_activation(g, y, [](double x) { return x / (1 + std::exp(-x)); });
}

TEST_P(Elementwise, gelu_tanh_mul_follows_the_definition_everywhere) {
  const std::vector<float> g = gates();
  std::vector<float> y(g.size());
  const std::vector<float> up(g.size(), 1.5F);
  table().gelu_tanh_mul(g.data(), up.data(), static_cast<uint32_t>(g.size()), y.data());
  for (size_t i = 0; i < g.size(); ++i) {
    const double x = at(g, i);
    const double u = 2 * 0.7978845608028653559 * (x + 0.044715 * x * x * x);
    const double expected = x / (1 + std::exp(-u)) * 1.5;
    // The exponent's own rounding error (3 operations) is multiplied by its size.
    const double relative = (10 + 4 * std::min(std::fabs(u), 90.0)) * kHalfUlp;
    ASSERT_NEAR(at(y, i), expected, std::fabs(expected) * relative + std::fabs(x) * 2e-38 + 1e-44) << "gate " << x;
  }
}

TEST_P(Elementwise, gelu_follows_the_definition_everywhere) {
  const std::vector<float> x = gates();
  std::vector<float> y(x.size()), in_place = x;
  table().gelu(x.data(), static_cast<uint32_t>(x.size()), y.data());
  table().gelu(in_place.data(), static_cast<uint32_t>(x.size()), in_place.data());
  EXPECT_EQ(y, in_place);
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = at(x, i);
    const double expected = v * 0.5 * std::erfc(-v * 0.70710678118654752440);
    // The tail's error is relative to the tail: 14 operations, and the exponent's own rounding times its size.
    const double tail = std::fabs(v) * 0.5 * std::erfc(std::fabs(v) * 0.70710678118654752440);
    const double tolerance = std::fabs(expected) * 2 * kHalfUlp + tail * (20 + std::min(v * v, 180.0)) * kHalfUlp;
    ASSERT_NEAR(at(y, i), expected, tolerance + std::fabs(v) * 2e-38 + 1e-44) << v;
  }
}

TEST_P(Elementwise, gelu_passes_a_nan_on) {
  std::vector<float> x(37, 1.0F);
  x[3] = x[36] = std::numeric_limits<float>::quiet_NaN();
  table().gelu(x.data(), 37, x.data());
  for (size_t i = 0; i < 37; ++i)
    ASSERT_EQ(std::isnan(x[i]), i == 3 || i == 36);
}

TEST_P(Elementwise, activations_pass_a_nan_on) {
  for (const auto activation : {table().silu_mul, table().gelu_tanh_mul}) {
    std::vector<float> g(37, 1.0F), up(37, 1.0F);
    g[3] = g[36] = std::numeric_limits<float>::quiet_NaN();
    activation(g.data(), up.data(), 37, up.data());
    for (size_t i = 0; i < 37; ++i)
      ASSERT_EQ(std::isnan(up[i]), i == 3 || i == 36);
  }
}

TEST_P(Elementwise, rope_turns_pairs_in_both_orders) {
  for (const uint32_t n : {2U, 6U, 16U, 30U, 64U, 96U, 128U}) {
    const std::vector<float> x = normals(n, n);
    std::vector<float> cos(n / 2), sin(n / 2);
    for (uint32_t i = 0; i < n / 2; ++i) {
      cos[i] = std::cos(static_cast<float>(i));
      sin[i] = std::sin(static_cast<float>(i));
    }
    std::vector<float> adjacent = x, halves = x;
    table().rope_adjacent(adjacent.data(), n, cos.data(), sin.data());
    table().rope_halves(halves.data(), n, cos.data(), sin.data());
    const auto expect_pair = [&](const std::vector<float>& y, uint32_t a, uint32_t b, uint32_t i) {
      const double size = std::fabs(at(x, a)) + std::fabs(at(x, b));
      ASSERT_NEAR(at(y, a), at(x, a) * at(cos, i) - at(x, b) * at(sin, i), 2 * size * kHalfUlp);
      ASSERT_NEAR(at(y, b), at(x, a) * at(sin, i) + at(x, b) * at(cos, i), 2 * size * kHalfUlp);
    };
    for (uint32_t i = 0; i < n / 2; ++i) {
      expect_pair(adjacent, 2 * i, 2 * i + 1, i);
      expect_pair(halves, i, i + n / 2, i);
    }
  }
}

TEST_P(Elementwise, argmax_is_the_first_of_the_largest) {
  for (const uint32_t n : {1U, 5U, 16U, 31U, 1000U}) {
    std::vector<float> x = normals(n, n);
    for (uint32_t where = 0; where < n; where += 1 + n / 7) {
      std::vector<float> marked = x;
      marked[where] = 100;
      marked[n - 1] = 100;
      ASSERT_EQ(table().argmax(marked.data(), n), where);
    }
    const std::vector<float> nothing(n, -std::numeric_limits<float>::infinity());
    ASSERT_EQ(table().argmax(nothing.data(), n), 0U);
  }
}

TEST_P(Elementwise, checksum_sees_every_byte) {
  const testing::AlignedBytes bytes(1003);
  std::fill_n(bytes.data(), bytes.size(), std::byte{0});
  for (size_t i = 0; i < bytes.size(); i += 13) {
    bytes.data()[i] = std::byte{1};
    ASSERT_NE(read_all(table(), bytes.data(), bytes.size()), 0U) << i;
    bytes.data()[i] = std::byte{0};
  }
}

TEST_P(Elementwise, has_a_measured_int8_peak_where_it_multiplies_int8_by_default) {
  EXPECT_EQ(int8_peak_gops(table(), 0.0) > 0, table().quantize_by_default);
}

TEST_P(Elementwise, has_a_measured_f32_peak_where_it_has_vectors) {
  EXPECT_EQ(f32_peak_gops(table(), 0.0) > 0, std::string_view(table().name) != "scalar");
}

INSTANTIATE_TEST_SUITE_P(Tables, Elementwise, ::testing::ValuesIn(available().begin(), available().end()),
                         [](const auto& row) { return std::string(row.param->name); });

}  // namespace
}  // namespace ingle::kernels
