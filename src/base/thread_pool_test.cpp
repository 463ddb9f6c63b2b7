#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace ingle::base {
namespace {

TEST(ThreadPool, runs_every_task_exactly_once_whatever_the_counts) {
  for (unsigned threads : {1U, 2U, 3U, 8U}) {
    const auto owner = ThreadPool::create(threads);
    ThreadPool& pool = **owner;
    for (uint32_t n : {0U, 1U, 2U, 7U, 64U, 1000U}) {
      std::vector<std::atomic<int>> hits(n);
      pool.run(n, [&](uint32_t task, uint32_t thread) {
        ASSERT_LT(thread, threads);
        hits[task].fetch_add(1);
      });
      for (const auto& hit : hits)
        EXPECT_EQ(hit.load(), 1);
    }
  }
}

TEST(ThreadPool, a_run_sees_what_the_run_before_it_wrote) {
  const auto owner = ThreadPool::create(4);
  ThreadPool& pool = **owner;
  std::vector<int> values(101, 0);
  for (int round = 1; round <= 3000; ++round) {
    pool.run(101, [&](uint32_t task, uint32_t) {
      // Plain ints: the sanitizer and the count both notice a task of one run that overlaps the next.
      EXPECT_EQ(values[100 - task] >= round - 1, true);
    });
    pool.run(101, [&](uint32_t task, uint32_t) { values[task] += 1; });
  }
  for (int value : values)
    EXPECT_EQ(value, 3000);
}

TEST(ThreadPool, only_the_active_threads_take_part_and_the_others_come_back) {
  const auto owner = ThreadPool::create(4);
  ThreadPool& pool = **owner;
  for (int round = 0; round < 400; ++round) {
    const unsigned active = 1 + static_cast<unsigned>(round) % 4;
    pool.set_active(active);
    std::atomic<uint32_t> sum{0};
    pool.run(37, [&](uint32_t task, uint32_t) { sum.fetch_add(task); });
    EXPECT_EQ(sum.load(), 37U * 36U / 2U);
  }
  pool.set_active(1);
  pool.run(9, [&](uint32_t, uint32_t thread) { EXPECT_EQ(thread, 0U); });
}

TEST(ThreadPool, two_pools_on_one_machine_do_not_block_each_other) {
  const auto owners = std::array{ThreadPool::create(3), ThreadPool::create(3)};
  ThreadPool& a = **owners[0];
  ThreadPool& b = **owners[1];
  std::atomic<int> sum{0};
  for (int i = 0; i < 500; ++i) {
    a.run(10, [&](uint32_t, uint32_t) { sum.fetch_add(1); });
    b.run(10, [&](uint32_t, uint32_t) { sum.fetch_add(1); });
  }
  EXPECT_EQ(sum.load(), 10000);
}

/// Keeps this thread busy for longer than anybody spins.
void let_others_fall_asleep() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(400);
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST(ThreadPool, runs_of_every_size_follow_each_other_on_more_threads_than_cores) {
  const auto owner = ThreadPool::create(16);
  ThreadPool& pool = **owner;
  std::vector<uint32_t> hits(67, 0);
  std::vector<uint32_t> expected(67, 0);
  uint32_t random = 1;
  for (int round = 0; round < 4000; ++round) {
    random = random * 1664525 + 1013904223;  // Numerical Recipes
    const uint32_t n_tasks = (random >> 16) % 68;
    if (round % 7 == 0) pool.set_active(1 + (random >> 8) % 16);
    // Plain numbers: a task that runs twice at once, or beside the next run, is a race.
    pool.run(n_tasks, [&](uint32_t task, uint32_t) { ++hits[task]; });
    for (uint32_t task = 0; task < n_tasks; ++task)
      ++expected[task];
    ASSERT_EQ(hits, expected) << round;
  }
}

TEST(ThreadPool, the_share_of_a_thread_that_is_held_up_is_done_by_others) {
  const auto owner = ThreadPool::create(2);
  for (uint32_t held_up = 0; held_up < 8; ++held_up) {
    std::atomic<uint32_t> others{0};
    (*owner)->run(8, [&](uint32_t task, uint32_t) {
      if (task != held_up) {
        others.fetch_add(1);
        return;
      }
      while (others.load() < 7)
        std::this_thread::yield();
    });
    EXPECT_EQ(others.load(), 7U);
  }
}

TEST(ThreadPool, threads_that_have_fallen_asleep_wake_for_a_run_and_for_its_end) {
  const auto owner = ThreadPool::create(3);
  ThreadPool& pool = **owner;
  for (int round = 0; round < 20; ++round) {
    let_others_fall_asleep();
    std::array<int, 6> hits{};
    pool.run(6, [&](uint32_t task, uint32_t thread) {
      if (thread == 1) let_others_fall_asleep();  // the owner among them
      ++hits[task];
    });
    for (const int hit : hits)
      EXPECT_EQ(hit, 1);
  }
}

TEST(ThreadPool, ends_while_its_threads_spin_sleep_or_have_no_part) {
  for (int round = 0; round < 30; ++round) {
    auto owner = ThreadPool::create(4);
    (*owner)->set_active(1 + static_cast<unsigned>(round) % 4);
    (*owner)->run(9, [](uint32_t, uint32_t) {});
    if (round % 2 == 0) let_others_fall_asleep();
  }
}

}  // namespace
}  // namespace ingle::base
