#include "roles/pulse.h"

#include <gtest/gtest.h>

namespace ingle::roles {
namespace {

TEST(Pulse, an_engine_that_says_nothing_is_silent_after_some_looks) {
  Pulse pulse;
  for (uint32_t i = 0; i < Pulse::kSilentLooks; ++i)
    EXPECT_EQ(pulse.look(), Pulse::Finding::kAlive);
  EXPECT_EQ(pulse.look(), Pulse::Finding::kSilent);
}

TEST(Pulse, one_that_answers_at_the_last_moment_is_alive) {
  Pulse pulse;
  for (uint64_t steps = 0; steps < 100; ++steps) {
    for (uint32_t i = 0; i < Pulse::kSilentLooks; ++i)
      ASSERT_EQ(pulse.look(), Pulse::Finding::kAlive);
    pulse.heard(steps);
  }
}

TEST(Pulse, one_that_answers_and_gets_nothing_done_is_stuck_after_many) {
  Pulse pulse;
  pulse.heard(7);
  for (uint32_t i = 0; i < Pulse::kStuckLooks; ++i) {
    ASSERT_EQ(pulse.look(), Pulse::Finding::kAlive);
    pulse.heard(7);
  }
  EXPECT_EQ(pulse.look(), Pulse::Finding::kStuck);
}

TEST(Pulse, answers_are_work_too) {
  Pulse pulse;
  for (uint32_t i = 0; i < 3 * Pulse::kStuckLooks; ++i) {
    ASSERT_EQ(pulse.look(), Pulse::Finding::kAlive);
    pulse.heard(7);
    if (i % Pulse::kStuckLooks == 10) pulse.worked();
  }
}

}  // namespace
}  // namespace ingle::roles
