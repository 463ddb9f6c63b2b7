#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
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

}  // namespace
}  // namespace ingle::base
