#include "api/seats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <set>
#include <vector>

#include "api/registry.h"
#include "api/testing/api_fixture.h"
#include "net/workers.h"

namespace ingle::api {
namespace {

using Step = std::function<void()>;

struct Plan {
  std::string id;
  Step use = [] {};
  std::function<Answer<void>()> acquire = [] { return Answer<void>(); };
  bool waits = true;
  size_t bytes = 0;
  std::string client = "";
  std::string wish = "";
  std::function<void(const Failure& why)> refuse = [](const Failure&) { FAIL(); };
};

/// Workers are sent for when the test wants them.
struct Sent {
  std::list<Step> work;

  void run_all() {
    for (; !work.empty(); work.pop_front())
      work.front()();
  }
};

class PlannedGuest final : public Seats::Guest {
 public:
  PlannedGuest(Plan plan, Sent& sent) : plan_(std::move(plan)), sent_(sent) {}
  const std::string& id() const override { return plan_.id; }
  const std::string& client() const override { return plan_.client; }
  const std::string& wish() const override { return plan_.wish; }
  bool waits() const override { return plan_.waits; }
  size_t bytes() const override { return plan_.bytes; }
  Answer<void> acquire() override { return plan_.acquire(); }
  void use() override { plan_.use(); }
  void refuse(const Failure& why) override { plan_.refuse(why); }
  void send_worker(Step work) override { sent_.work.push_back(std::move(work)); }

 private:
  const Plan plan_;
  Sent& sent_;
};

class SeatsTest : public ::testing::Test {
 protected:
  void take(const std::string& model, Plan plan) {
    seats->take(model, std::make_shared<PlannedGuest>(std::move(plan), sent));
  }
  void set_seats(size_t n_seats, size_t max_waiting) { seats = std::make_shared<Seats>(n_seats, max_waiting); }
  Step note(std::string text) {
    return [this, text] { order += text; };
  }

  std::shared_ptr<Seats> seats = std::make_shared<Seats>(2, 10);
  Sent sent;
  std::string order;
};

TEST_F(SeatsTest, as_many_as_there_are_seats_wait_for_what_a_model_answers_and_then_the_next_one) {
  for (const char* id : {"a", "b", "c", "d"})
    take("silent", {.id = id, .use = note(id)});
  take("other", {.id = "o", .use = note("o")});
  EXPECT_EQ(order, "");
  EXPECT_EQ(sent.work.size(), 3U);  // a, b and o
  sent.work.front()();
  sent.work.pop_front();
  EXPECT_EQ(order, "a");
  EXPECT_EQ(sent.work.size(), 3U);
  sent.run_all();
  EXPECT_EQ(order, "abocd");
  take("silent", {.id = "e", .use = note("e")});
  sent.run_all();
  EXPECT_EQ(order, "abocde");
}

TEST_F(SeatsTest, who_hands_something_over_needs_none) {
  set_seats(1, 0);
  take("m", {.id = "a", .use = note("a")});
  take("m", {.id = "b", .use = note("b"), .waits = false});
  EXPECT_EQ(order, "b");
}

TEST_F(SeatsTest, the_next_seat_is_for_the_client_who_has_the_fewest) {
  for (const char* id : {"a1", "a2", "a3", "a4"})
    take("m", {.id = id, .use = note(id), .client = "a"});
  take("m", {.id = "b1", .use = note("b1"), .client = "b"});
  take("m", {.id = "b2", .use = note("b2"), .client = "b"});
  sent.run_all();
  EXPECT_EQ(order, "a1a2b1a3b2a4");
}

TEST_F(SeatsTest, while_one_gets_hold_of_a_model_others_who_want_it_so_wait_although_there_are_seats) {
  set_seats(5, 10);
  take("m", {.id = "a", .use = note("a"), .acquire = [&]() -> Answer<void> {
               take("m", {.id = "b", .use = note("b")});
               take("m", {.id = "c", .use = note("c"), .waits = false});
               take("m", {.id = "d", .use = note("otherwise "), .waits = false, .wish = "otherwise"});
               EXPECT_EQ(order, "otherwise ");
               return {};
             }});
  EXPECT_EQ(order, "otherwise ");  // the first one's worker is for nobody else
  sent.run_all();
  EXPECT_EQ(order, "otherwise acb");
}

TEST_F(SeatsTest, who_came_first_hands_over_first) {
  take("m", {.id = "a",
             .use =
                 [&] {
                   EXPECT_TRUE(sent.work.empty());
                   take("m", {.id = "c", .use = note("c"), .waits = false});
                   order += "a";
                 },
             .acquire = [&]() -> Answer<void> {
               take("m", {.id = "b", .use = note("b"), .waits = false});
               return {};
             },
             .waits = false});
  EXPECT_EQ(order, "a");
  sent.run_all();
  EXPECT_EQ(order, "abc");
}

TEST_F(SeatsTest, one_more_than_may_wait_is_refused_until_there_is_room_and_who_gives_up_makes_some) {
  set_seats(1, 1);
  take("m", {.id = "a", .use = note("a")});
  take("m", {.id = "b", .use = note("b")});
  bool is_refused = false;
  take("m", {.id = "c", .use = note("c"), .refuse = [&](const Failure& why) { is_refused = why.is_overload(); }});
  EXPECT_TRUE(is_refused);
  take("n", {.id = "d", .use = note("d")});
  seats->give_up("m", "unknown");
  seats->give_up("unknown", "b");
  seats->give_up("m", "b");
  take("m", {.id = "e", .use = note("e")});
  sent.run_all();
  EXPECT_EQ(order, "ade");
}

TEST_F(SeatsTest, what_all_who_wait_keep_is_limited_and_who_needs_not_wait_is_not_looked_at) {
  seats = std::make_shared<Seats>(1, 10, 1000);
  bool is_refused = false;
  const auto refuse = [&](const Failure& why) { is_refused = why.is_overload(); };
  take("m", {.id = "a", .use = note("a"), .bytes = 2000});
  take("n", {.id = "b", .use = note("b"), .bytes = 2000});
  take("m", {.id = "c", .use = note("c"), .bytes = 600});
  take("n", {.id = "d", .use = note("d"), .bytes = 600, .refuse = refuse});
  EXPECT_TRUE(is_refused);
  take("n", {.id = "e", .use = note("e"), .bytes = 400});
  sent.run_all();
  EXPECT_EQ(order, "abce");
}

TEST_F(SeatsTest, who_waits_can_be_turned_away_and_who_is_served_cannot) {
  set_seats(1, 10);
  std::string told;
  take("m", {.id = "a", .use = note("a")});
  take("m", {.id = "b", .refuse = [&](const Failure& why) { told = why.param; }});
  const Failure why = Failure::bad_field("token", "is revoked");
  EXPECT_FALSE(seats->turn_away("m", "a", why));
  EXPECT_FALSE(seats->turn_away("n", "b", why));
  EXPECT_TRUE(seats->turn_away("m", "b", why));
  EXPECT_EQ(told, "token");
  EXPECT_FALSE(seats->turn_away("m", "b", why));
}

TEST_F(SeatsTest, those_who_wait_for_what_cannot_be_had_are_told_so_and_it_is_not_tried_again) {
  int n_refused = 0;
  const auto refuse = [&](const Failure& why) { n_refused += why.param == "model" ? 1 : 0; };
  take("m", {.id = "a",
             .acquire = [&]() -> Answer<void> {
               for (const char* id : {"b", "c"})
                 take("m", {.id = id,
                            .acquire = []() -> Answer<void> {
                              ADD_FAILURE();
                              return {};
                            },
                            .refuse = refuse});
               take("m", {.id = "d", .use = note("d"), .wish = "otherwise"});
               return std::unexpected(Failure::bad_field("model", "is broken"));
             },
             .refuse = refuse});
  EXPECT_EQ(n_refused, 3);
  sent.run_all();
  EXPECT_EQ(order, "d");
}

using SeatsOfRequests = testing::ApiTest;

constexpr std::string_view kChat = R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}]})";

TEST_F(SeatsOfRequests, all_spellings_of_a_model_share_its_seats) {
  services.seats = std::make_shared<Seats>(1, 1);
  models.spellings = {{"M:1", "m:1"}, {"library/m:1", "m:1"}};
  models.now_loaded.emplace_back().name = "m:1";  // which is what is meant where none is named
  int n_waited = 0;
  bool is_first = true;
  models.loading = [&] {
    if (!std::exchange(is_first, false)) return;
    for (const char* model : {"M:1", "library/m:1", "m:1", ""}) {
      const std::string body = R"({"content":"x","model":")" + std::string(model) + "\"}";
      n_waited += ask("POST", "/tokenize", body).answered ? 0 : 1;
      const auto waiting = exchange;
      EXPECT_EQ(ask("POST", "/tokenize", body).reply.status, 429) << model;
      waiting->go_away();
    }
  };
  EXPECT_EQ(ask("POST", "/tokenize", R"({"model":"m:1","content":"x"})").reply.status, 200);
  EXPECT_EQ(n_waited, 4);
}

TEST_F(SeatsOfRequests, who_goes_away_leaves_nothing_of_what_he_sent) {
  const std::string text(1'000'000, 'x');
  bool is_first = true;
  models.loading = [&] {
    if (!std::exchange(is_first, false)) return;
    for (const char* path : {"/tokenize", "/apply-template", "/completion", "/v1/chat/completions", "/v1/embeddings"}) {
      const std::string body = R"({"model":"m:1","content":")" + text + R"(","prompt":"x","input":")" + text +
                               R"(","messages":[{"role":"user","content":")" + text + "\"}]}";
      EXPECT_FALSE(ask("POST", path, body).answered) << path;
      EXPECT_TRUE(exchange->request().body.empty()) << path;  // it was read
      exchange->go_away();
      std::weak_ptr<testing::FakeExchange> kept = exchange;  // by whoever holds the call and what was read of it
      exchange.reset();
      EXPECT_TRUE(kept.expired()) << path;
    }
  };
  EXPECT_EQ(ask("POST", "/tokenize", R"({"model":"m:1","content":"x"})").reply.status, 200);
  EXPECT_EQ(models.acquired.size(), 1U);
}

/// Of an engine that hears nothing any more. Counts who waits for it.
class SilentCompleter final : public testing::ScriptedCompleter {
 public:
  Result<std::string> render(const chat::ChatPrompt& /*prompt*/) override { return wait(); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& /*request*/) override { return wait(); }
  Result<std::string> detokenize(std::span<const int32_t> /*tokens*/) override { return wait(); }
  Status complete(chat::CompleteRequest /*request*/, chat::EventSink /*events*/) override {
    ++n_handed_over;
    return {};
  }
  Status embed(chat::EmbedRequest /*request*/, chat::EventSink /*events*/) override { return {}; }

  std::unexpected<Error> wait() {
    std::unique_lock lock(mutex);
    ++n_waiting;
    changed.notify_all();
    changed.wait(lock, [&] { return is_dead; });
    return std::unexpected(Error::unavailable("the engine ended"));
  }

  std::mutex mutex;
  std::condition_variable changed;
  size_t n_waiting = 0;
  std::atomic<size_t> n_handed_over = 0;
  bool is_dead = false;
};

class SilentModels final : public runtime::Models {
 public:
  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model, const runtime::AcquireOptions&) override {
    if (model != "silent:1") return std::make_shared<testing::ScriptedCompleter>();
    is_asked = true;
    if (is_loading) return silent->wait();
    return silent;
  }
  void unload(std::string_view /*model*/) override {}
  void let_go(std::string_view /*model*/, std::string_view /*client*/) override {}
  std::vector<runtime::LoadedModel> loaded() const override { return {}; }

  bool is_loading = false;
  std::atomic<bool> is_asked = false;
  std::shared_ptr<SilentCompleter> silent = std::make_shared<SilentCompleter>();
};

/// What all routes but one find their fields in: to Responses `prompt` is one that is stored.
constexpr std::string_view kAnything =
    R"({"model":"silent:1","messages":[{"role":"user","content":"x"}],"max_tokens":9,"prompt":"x","input":"x",
        "content":"x","tokens":[1],"query":"x","documents":["x"],"input_prefix":"x","input_suffix":"x"})";
constexpr std::string_view kResponse = R"({"model":"silent:1","input":"x"})";

TEST_F(SeatsOfRequests, no_route_lets_a_model_that_does_not_answer_keep_more_workers_than_it_has_seats) {
  constexpr size_t kRequests = 64;
  constexpr unsigned kWorkers = 48;
  services.remove = [](std::string_view) -> Result<store::RemoveReport> {
    return std::unexpected(Error::not_found("x"));
  };
  services.copy = [](std::string_view, std::string_view, std::stop_token) { return Status(); };
  std::set<std::string_view> asked;
  for (const bool is_loading : {true, false}) {
    for (const Route& route : routes()) {
      if (route.scope != Scope::kInference && route.scope != Scope::kManage) continue;
      if (route.body != BodyKind::kJson || route.lane != net::Lane::kSlow) continue;
      SilentModels silent;
      silent.is_loading = is_loading;
      services.models = &silent;
      SilentCompleter& completer = *silent.silent;
      size_t n_returned = 0;
      std::vector<std::shared_ptr<testing::FakeExchange>> exchanges;
      net::Workers workers({.n_threads = kWorkers, .max_waiting = kRequests + 2});
      for (size_t i = 0; i < kRequests; ++i) {
        exchanges.push_back(std::make_shared<testing::FakeExchange>(
            request(std::string(route.method), path_with(route.pattern, "x"),
                    std::string(route.pattern == "/v1/responses" ? kResponse : kAnything)),
            std::make_shared<testing::Seen>()));
        workers.post({.run = [&, mine = exchanges.back()] {
          api.on_request(mine);
          const std::lock_guard lock(completer.mutex);
          ++n_returned;
          completer.changed.notify_all();
        }});
      }
      {
        std::unique_lock lock(completer.mutex);
        completer.changed.wait(
            lock, [&] { return completer.n_waiting == kWorkers || completer.n_waiting + n_returned == kRequests; });
        EXPECT_LE(completer.n_waiting, is_loading ? 1 : kSeatsOfModel) << route.pattern;
        if (silent.is_asked) asked.insert(route.pattern);
        if (completer.n_waiting < kWorkers) {
          lock.unlock();
          EXPECT_TRUE(ask("GET", "/api/tags").answered);
          EXPECT_EQ(ask("POST", "/tokenize", R"({"model":"other:1","content":"x"})").reply.status, 200);
          if (!is_loading) {  // a chat with the silent model itself needs nobody's place
            const size_t n_before = completer.n_handed_over;
            ask("POST", "/v1/chat/completions", std::string(kAnything));
            EXPECT_EQ(completer.n_handed_over, n_before + 1) << route.pattern;
          }
          lock.lock();
        }
        completer.is_dead = true;
        completer.changed.notify_all();
      }
      workers.stop();
      for (const auto& exchange_of_one : exchanges)
        exchange_of_one->go_away();
      services.models = &models;
    }
  }
  for (const char* path : {"/v1/chat/completions",
                           "/v1/completions",
                           "/v1/responses",
                           "/v1/embeddings",
                           "/v1/messages",
                           "/v1/messages/count_tokens",
                           "/completion",
                           "/infill",
                           "/embedding",
                           "/rerank",
                           "/models/load",
                           "/tokenize",
                           "/detokenize",
                           "/apply-template",
                           "/api/v1/chat",
                           "/api/v1/models/load",
                           "/api/v0/chat/completions",
                           "/api/v0/embeddings",
                           "/api/chat",
                           "/api/generate",
                           "/api/embed",
                           "/api/embeddings"})
    EXPECT_TRUE(asked.contains(path)) << path;
}

}  // namespace
}  // namespace ingle::api
