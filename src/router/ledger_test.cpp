#include "router/ledger.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/testing/temp_folder.h"

namespace ingle::router {
namespace {

Decision sample(std::string id) {
  Decision d;
  d.id = std::move(id);
  d.unix_time = 100;
  d.model = "auto";
  d.local_model = "m";
  d.provider = "p";
  d.route = "pending";
  d.decided_by = "confidence";
  d.reason = "A sentence with \"quotes\" and an \xC3\xBC.";
  d.confidence = 0.25;
  d.findings = {{"email", 2}, {"iban", 1}};
  d.bytes_out = 10;
  d.cost_usd = 0.5;
  d.ms = 1.5;
  d.outcome = "pending";
  d.steps = {{"gate", "clear", "Nothing."}};
  return d;
}

TEST(Ledger, gives_back_what_was_written) {
  const base::testing::TempFolder folder;
  const auto ledger = *Ledger::open(folder / "a/ledger.db");
  Decision one = sample("one");
  ASSERT_TRUE(ledger->record(one));
  EXPECT_EQ(*ledger->find("one"), one);
  one.outcome = "answered";
  one.saved_usd = 1;
  ASSERT_TRUE(ledger->record(one));
  EXPECT_EQ(ledger->decisions(10)->size(), 1U) << "the same row";
  EXPECT_EQ(*ledger->find("one"), one);
}

TEST(Ledger, survives_being_opened_again_and_is_for_its_owner_only) {
  const base::testing::TempFolder folder;
  Decision one = sample("one");
  ASSERT_TRUE((*Ledger::open(folder / "ledger.db"))->record(one));
  EXPECT_EQ(*(*Ledger::open(folder / "ledger.db"))->find("one"), one);
  const auto mode = std::filesystem::status(folder / "ledger.db").permissions();
  EXPECT_EQ(mode & std::filesystem::perms::mask,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(Ledger, a_number_that_was_used_before_gets_a_row_of_its_own) {
  const base::testing::TempFolder folder;
  const auto ledger = *Ledger::open(folder / "ledger.db");
  Decision first = sample("one");
  Decision second = sample("one");
  second.route = "local";
  ASSERT_TRUE(ledger->record(first));
  ASSERT_TRUE(ledger->record(second));
  EXPECT_EQ(ledger->decisions(10)->size(), 2U);
  EXPECT_EQ(ledger->find("one")->route, "local");
}

TEST(Ledger, no_two_requests_share_the_rest_of_a_budget) {
  const base::testing::TempFolder folder;
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  std::atomic<int> n_allowed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      // A connection each, as processes have.
      const auto ledger = *Ledger::open(folder / "ledger.db");
      for (int i = 0; i < kEach; ++i) {
        Decision decision = sample(std::to_string(t * kEach + i));
        Egress egress{
            .unix_time = 100, .kind = "cloud request", .host = "h", .outcome = "pending", .request_id = decision.id};
        if (ledger->reserve(decision, egress, {.max_requests = 13, .max_cost_usd = {}}, 0)) ++n_allowed;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(n_allowed, 13);
  EXPECT_EQ((*Ledger::open(folder / "ledger.db"))->spent_since(0)->requests, 13U);
}

TEST(Ledger, settles_what_was_reserved) {
  const base::testing::TempFolder folder;
  const auto ledger = *Ledger::open(folder / "ledger.db");
  Decision decision = sample("one");
  Egress egress{.unix_time = 100,
                .kind = "cloud request",
                .host = "h",
                .bytes_out = 10,
                .outcome = "pending",
                .request_id = "one"};
  const Budget budget{.max_requests = {}, .max_cost_usd = 0.6};
  ASSERT_TRUE(ledger->reserve(decision, egress, budget, 0));
  EXPECT_EQ(ledger->spent_since(0)->cost_usd, 0.5);
  EXPECT_EQ(ledger->spent_since(101)->cost_usd, 0);
  Decision other = sample("two");
  Egress other_egress = egress;
  other_egress.row = 0;
  EXPECT_EQ(ledger->reserve(other, other_egress, budget, 0).error().code(), ErrorCode::kExhausted);
  EXPECT_FALSE(ledger->find("two")) << "nothing is written about what may not leave";
  decision.cost_usd = 0.05;
  egress.outcome = "answered";
  ASSERT_TRUE(ledger->settle(decision, egress));
  EXPECT_EQ(ledger->spent_since(0)->cost_usd, 0.05);
  EXPECT_EQ(ledger->egress(10)->size(), 1U);
  EXPECT_EQ(ledger->egress(10)->at(0), egress);
  EXPECT_EQ(ledger->totals()->bytes_out, 10U);
}

TEST(Ledger, refuses_a_file_that_is_none_or_newer) {
  const base::testing::TempFolder folder;
  base::testing::write(folder / "ledger.db", "this is a text and no database, and long enough to be looked at as one");
  const auto ledger = Ledger::open(folder / "ledger.db");
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace ingle::router
