#include "net/http_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <semaphore>
#include <thread>

#include "net/listener.h"
#include "net/testing/raw_client.h"

namespace ingle::net {
namespace {

using testing::RawClient;

class FunctionHandler : public RequestHandler {
 public:
  std::function<void(std::shared_ptr<Exchange>)> answer = [](const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(
        {.body = exchange->request().method + " " + exchange->request().path + " [" + exchange->request().body + "]"});
  };
  std::function<HeadVerdict(const ServerRequest&)> judge = [](const ServerRequest&) {
    return HeadVerdict{.max_body_bytes = 1000};
  };

  HeadVerdict on_head(const ServerRequest& head) override { return judge(head); }
  void on_request(std::shared_ptr<Exchange> exchange) override { answer(std::move(exchange)); }
  Reply on_overload(const ServerRequest& request) override {
    refused.release();
    return {.status = 429, .body = "later, " + request.path};
  }
  std::counting_semaphore<> refused{0};

  Reply on_fault(const ServerRequest& head, int status, std::string_view message) override {
    return {.status = status, .headers = {{"x-fault-of", head.path}}, .body = std::string(message)};
  }
  std::string unanswered_body(const ServerRequest& head) override {
    ++n_unanswered_bodies;
    return "no answer to " + head.path;
  }
  std::atomic<int> n_unanswered_bodies = 0;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void start(ServerLimits limits = {}) {
    auto listener = open_listener({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(listener.has_value());
    port = listener->address.port;
    auto started = HttpServer::start(std::move(listener->socket), handler, limits);
    ASSERT_TRUE(started.has_value());
    server = std::move(*started);
  }
  std::string ask(std::string_view bytes) {
    RawClient client(port);
    client.send(bytes);
    return client.read_answer();
  }

  FunctionHandler handler;
  std::vector<std::shared_ptr<Exchange>> held;
  std::counting_semaphore<> n_held{0};
  std::unique_ptr<HttpServer> server;
  uint16_t port = 0;
};

constexpr std::string_view kGet = "GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(HttpServerTest, answers_several_requests_on_one_connection_in_their_order) {
  start();
  RawClient client(port);
  client.send(std::string(kGet) + "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody" + std::string(kGet));
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nGET /a b []"));
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nPOST /2 [body]"));
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nGET /a b []"));
}

TEST_F(HttpServerTest, a_head_request_gets_the_header_only) {
  start();
  const std::string answer = ask("HEAD / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_NE(answer.find("content-length: 9\r\n"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, a_stream_arrives_piece_by_piece) {
  std::promise<std::shared_ptr<Exchange>> asked;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) { asked.set_value(exchange); };
  start();
  RawClient client(port);
  client.send(kGet);
  auto exchange = asked.get_future().get();
  exchange->start_stream({.headers = {{"content-type", "text/plain"}}});
  EXPECT_NE(client.read_until("\r\n\r\n").find("transfer-encoding: chunked\r\n"), std::string::npos);
  EXPECT_TRUE(exchange->send("first"));
  EXPECT_EQ(client.read_until("first\r\n"), "5\r\nfirst\r\n");
  EXPECT_TRUE(exchange->send("0123456789abcdef"));
  exchange->finish();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

TEST_F(HttpServerTest, a_stream_for_an_old_client_ends_with_the_connection) {
  handler.answer = [](const std::shared_ptr<Exchange>& exchange) {
    exchange->start_stream({});
    exchange->send("all");
    exchange->finish();
  };
  start();
  RawClient client(port);
  client.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("connection: close\r\n\r\nall"));
}

TEST_F(HttpServerTest, a_client_that_goes_away_is_noticed_while_nothing_is_sent) {
  std::promise<void> noticed;
  std::promise<std::shared_ptr<Exchange>> asked;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    exchange->on_gone([&] { noticed.set_value(); });
    asked.set_value(exchange);
  };
  start();
  RawClient client(port);
  client.send(kGet);
  const auto exchange = asked.get_future().get();
  EXPECT_FALSE(exchange->gone());
  client.close();
  noticed.get_future().get();
  EXPECT_TRUE(exchange->gone());
  exchange->start_stream({});
  EXPECT_FALSE(exchange->send("too late"));
  EXPECT_EQ(exchange->cut_because(), "");
  bool called_at_once = false;
  exchange->on_gone([&] { called_at_once = true; });
  EXPECT_TRUE(called_at_once);
}

TEST_F(HttpServerTest, a_client_that_sends_on_and_then_goes_away_is_noticed_too) {
  std::counting_semaphore<> noticed(0);
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    exchange->on_gone([&] { noticed.release(); });
    held.push_back(exchange);
    n_held.release();
  };
  start();
  for (const std::string& behind : {std::string("\r\n"), std::string(kGet), "GET /" + std::string(20'000, 'a')}) {
    RawClient client(port);
    client.send(kGet);
    n_held.acquire();
    client.send(behind);
    client.close();
    noticed.acquire();
    EXPECT_TRUE(held.back()->gone());
  }
  held.clear();
}

TEST_F(HttpServerTest, a_client_that_sends_no_more_gets_the_rest_of_what_is_answered) {
  handler.answer = [](const std::shared_ptr<Exchange>& exchange) {
    exchange->respond({.body = std::string(20'000'000, 'x')});
  };
  start();
  RawClient client(port);
  client.send(kGet);
  client.read_until("HTTP");
  client.end_sending();
  EXPECT_TRUE(client.read_all().ends_with("\r\n\r\n" + std::string(20'000'000, 'x')));
}

TEST_F(HttpServerTest, a_client_that_sends_no_more_gets_what_costs_little) {
  handler.judge = [](const ServerRequest&) { return HeadVerdict{.costs_little = true}; };
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    if (exchange->request().path != "/held") return exchange->respond({.body = "mine"});
    held.push_back(exchange);
    n_held.release();
  };
  start();
  RawClient client(port);
  client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  client.send(kGet);
  client.end_sending();
  n_held.acquire();
  // Its end was most likely seen when another one's was; the answer is the same where it was not.
  RawClient other(port);
  other.send("GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  other.end_sending();
  EXPECT_TRUE(other.read_all().ends_with("mine"));
  held[0]->respond({.body = "late"});
  held.clear();
  const std::string answers = client.read_all();
  EXPECT_TRUE(answers.contains("\r\n\r\nlateHTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answers.ends_with("mine"));
}

TEST_F(HttpServerTest, requests_that_come_while_one_is_answered_wait_however_they_are_cut) {
  std::promise<std::shared_ptr<Exchange>> asked;
  handler.judge = [](const ServerRequest&) { return HeadVerdict{.max_body_bytes = 200'000}; };
  const auto answer = handler.answer;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    if (exchange->request().path != "/first") return answer(exchange);
    asked.set_value(exchange);
  };
  start();
  const std::string large(100'000, 'x');
  const std::string requests[] = {
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
      "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
      "POST /4 HTTP/1.1\r\nHost: x\r\nA: " + std::string(3000, 'a') + "\r\nContent-Length: 100000\r\n\r\n" + large,
      "POST /5 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nend",
  };
  std::string all;
  for (const std::string& request : requests)
    all += request;
  // Cut in the head, in the body, in a chunk's size, beyond what is read ahead, and not at all.
  for (const size_t cut : {1UL, 20UL, 53UL, 110UL, 120UL, 125UL, 40'000UL, all.size()}) {
    asked = {};
    RawClient client(port);
    client.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    auto first = asked.get_future().get();
    client.send(std::string_view(all).substr(0, cut));
    first->start_stream({});
    first->send("first");
    EXPECT_TRUE(client.read_until("first\r\n").ends_with("5\r\nfirst\r\n"));
    first->finish();
    first.reset();
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
    client.send(std::string_view(all).substr(cut));
    EXPECT_TRUE(client.read_answer().ends_with("POST /2 [body]")) << cut;
    EXPECT_TRUE(client.read_answer().ends_with("POST /3 [abcde]")) << cut;
    EXPECT_TRUE(client.read_answer().ends_with("POST /4 [" + large + "]")) << cut;
    EXPECT_TRUE(client.read_answer().ends_with("POST /5 [end]")) << cut;
  }
}

TEST_F(HttpServerTest, to_cut_an_exchange_that_was_answered_leaves_the_next_one_of_its_connection) {
  handler.answer = [this](const std::shared_ptr<Exchange>& exchange) {
    held.push_back(exchange);
    n_held.release();
  };
  start();
  RawClient client(port);
  client.send(kGet);
  n_held.acquire();
  held[0]->respond({.body = "first"});
  EXPECT_TRUE(client.read_answer().ends_with("first"));
  client.send(kGet);
  n_held.acquire();
  held[0]->cut("late");
  held[1]->start_stream({});
  held[1]->send("second");
  EXPECT_TRUE(client.read_until("second").ends_with("second"));
  std::promise<void> gone;
  held[1]->on_gone([&] { gone.set_value(); });
  held[1]->cut("in time");
  gone.get_future().wait();
  EXPECT_EQ(held[1]->cut_because(), "in time");
  held.clear();
}

TEST_F(HttpServerTest, nobody_is_told_to_have_gone_after_a_whole_answer) {
  std::atomic<bool> told = false;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    exchange->on_gone([&] { told = true; });
    exchange->respond({.body = "done"});
  };
  start();
  {
    RawClient client(port);
    client.send(kGet);
    client.read_answer();
  }
  EXPECT_TRUE(server->drain(HttpServer::Clock::time_point::max()));
  EXPECT_FALSE(told);
}

TEST_F(HttpServerTest, a_client_that_does_not_read_is_cut_when_too_much_is_queued_and_no_other_notices) {
  std::promise<std::shared_ptr<Exchange>> asked;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    if (exchange->request().path == "/other") return exchange->respond({.body = "mine"});
    asked.set_value(exchange);
  };
  start({.max_queued_bytes = 100'000});
  RawClient client(port);
  client.send(kGet);
  const auto exchange = asked.get_future().get();
  exchange->start_stream({});
  size_t n_sent = 0;
  while (n_sent < 1'000'000 && exchange->send(std::string(10'000, 'x')))
    ++n_sent;
  EXPECT_LT(n_sent, 1'000'000U);
  EXPECT_TRUE(ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("mine"));
  while (!exchange->gone())
    std::this_thread::yield();
  EXPECT_EQ(exchange->cut_because(), "backlog");
}

TEST_F(HttpServerTest, an_exchange_that_is_dropped_answers_500_and_in_a_stream_cuts_it) {
  handler.answer = [](const std::shared_ptr<Exchange>& exchange) {
    if (exchange->request().path == "/stream") {
      exchange->start_stream({});
      exchange->send("part");
    }
  };
  start();
  EXPECT_TRUE(ask(kGet).starts_with("HTTP/1.1 500 "));
  RawClient client(port);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_all().find("0\r\n\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, an_exchange_that_is_dropped_does_not_need_the_handler_which_may_have_ended) {
  std::promise<std::shared_ptr<Exchange>> asked;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) { asked.set_value(exchange); };
  start();
  RawClient client(port);
  client.send(kGet);
  auto exchange = asked.get_future().get();
  const int n_before = handler.n_unanswered_bodies;
  exchange.reset();
  EXPECT_TRUE(client.read_answer().ends_with("no answer to /a b"));
  EXPECT_EQ(handler.n_unanswered_bodies, n_before);
}

TEST_F(HttpServerTest, chunked_bodies_hold_no_more_than_they_brought_while_they_are_answered) {
  handler.judge = [](const ServerRequest&) { return HeadVerdict{.max_body_bytes = 100'000}; };
  handler.answer = [this](const std::shared_ptr<Exchange>& exchange) {
    exchange->start_stream({});
    exchange->send(exchange->request().body);
    held.push_back(exchange);
    n_held.release();
  };
  start({.max_body_bytes_in_memory = 150'000});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
    ASSERT_TRUE(clients.back()->read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ")) << i;
    n_held.acquire();  // one after the other: `held` needs no lock
  }
  ASSERT_TRUE(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'))
                  .starts_with("HTTP/1.1 200 "));
  n_held.acquire();
  held.clear();
}

TEST_F(HttpServerTest, bodies_over_the_limit_are_refused_and_the_client_sees_why) {
  start();
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(ask("POST /of HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n").contains("x-fault-of: /of\r\n"));
  const std::string chunk = "258\r\n" + std::string(600, 'x') + "\r\n";
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
                  .starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(
      ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "0\r\n\r\n").ends_with("x]"));
}

TEST_F(HttpServerTest, a_refusal_comes_before_the_body_is_read) {
  handler.judge = [](const ServerRequest& head) {
    HeadVerdict verdict{.max_body_bytes = 1000};
    if (head.has_header("origin")) verdict.refusal = Reply{.status = 403, .body = "no"};
    return verdict;
  };
  start();
  const std::string answer = ask("POST / HTTP/1.1\r\nHost: x\r\nOrigin: y\r\nContent-Length: 900\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos);
}

TEST_F(HttpServerTest, says_continue_to_a_client_that_waits_for_it) {
  start();
  RawClient client(port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_TRUE(client.read_answer().ends_with("POST / [ok]"));
  // HTTP/1.0 has no such answer.
  EXPECT_TRUE(
      ask("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, empty_lines_before_a_request_are_skipped) {
  start({});
  EXPECT_TRUE(ask("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
  RawClient client(port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("POST / [ok]"));
  EXPECT_TRUE(client.read_answer().contains("GET /b"));
}

TEST_F(HttpServerTest, headers_over_the_limits_are_refused) {
  start({.max_header_bytes = 4096, .max_headers = 10});
  EXPECT_TRUE(
      ask("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(5000, 'a') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 10; ++i)
    many += "A: b\r\n";
  EXPECT_TRUE(ask(many + "\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, what_is_ambiguous_or_no_http_is_refused_and_the_connection_ends) {
  start();
  for (const std::string_view bytes : {
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
           "nonsense\r\n\r\n",
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
       }) {
    RawClient client(port);
    client.send(bytes);
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << bytes << " -> " << answer;
  }
  EXPECT_TRUE(ask(kGet).starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, slow_headers_and_bodies_run_into_time_limits) {
  start({.header_ms = 30, .body_ms = 30});
  RawClient head(port);
  head.send("GET / HTTP/1.1\r\nHost");
  EXPECT_TRUE(head.read_all().starts_with("HTTP/1.1 408 "));
  RawClient body(port);
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(body.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, more_connections_than_allowed_wait_for_room) {
  start({.max_connections = 2});
  auto first = std::make_unique<RawClient>(port);
  RawClient second(port);
  first->send(kGet);
  first->read_answer();
  second.send(kGet);
  second.read_answer();
  RawClient third(port);
  third.send(kGet);
  first.reset();
  EXPECT_TRUE(third.read_answer().ends_with("GET /a b []"));
}

TEST_F(HttpServerTest, more_requests_than_may_wait_for_a_worker_are_refused_at_once) {
  std::counting_semaphore<> let_go(0);
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    n_held.release();
    let_go.acquire();
    exchange->respond({.body = "done"});
  };
  start({.quick_lane = {.n_threads = 1, .max_waiting = 1}});
  constexpr std::string_view kAsk = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  RawClient running(port);
  running.send(kAsk);
  n_held.acquire();
  // One of the two waits for the worker, and the other is refused; which one is not known.
  RawClient a(port);
  RawClient b(port);
  a.send(kAsk);
  b.send(kAsk);
  handler.refused.acquire();
  let_go.release(2);
  EXPECT_TRUE(running.read_answer().ends_with("done"));
  const std::string answers[] = {a.read_answer(), b.read_answer()};
  EXPECT_EQ(std::ranges::count_if(answers, [](const std::string& text) { return text.ends_with("done"); }), 1);
  EXPECT_EQ(std::ranges::count_if(answers, [](const std::string& text) { return text.starts_with("HTTP/1.1 429 "); }),
            1);
}

/// Says when the request that has it is destroyed.
class Farewell final : public BodyReceiver {
 public:
  explicit Farewell(std::counting_semaphore<>& told) : told_(told) {}
  ~Farewell() override { told_.release(); }
  bool take(std::string_view /*piece*/) override { return true; }

 private:
  std::counting_semaphore<>& told_;
};

TEST_F(HttpServerTest, what_takes_long_has_threads_and_a_queue_of_its_own_and_who_leaves_it_makes_room) {
  constexpr LaneLimits one = {.n_threads = 1, .max_waiting = 1};
  std::counting_semaphore<> let_go(0);
  std::counting_semaphore<> ended(0);
  handler.judge = [&](const ServerRequest& head) {
    if (head.path != "/long") return HeadVerdict{.lane = head.path == "/store" ? Lane::kStore : Lane::kSlow};
    return HeadVerdict{.lane = Lane::kLong, .receiver = std::make_shared<Farewell>(ended)};
  };
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    const std::string path = exchange->request().path;
    if (path == "/long") {
      n_held.release();
      let_go.acquire();
    }
    exchange->respond({.body = "done " + path});
  };
  start({.slow_lane = one, .long_lane = one, .store_lane = one});
  constexpr std::string_view kLong = "POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  RawClient running(port);
  running.send(kLong);
  n_held.acquire();
  RawClient a(port);
  RawClient b(port);
  a.send(kLong);
  b.send(kLong);
  handler.refused.acquire();  // one of them; the other waits
  EXPECT_TRUE(ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("done /slow"));
  EXPECT_TRUE(ask("GET /store HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("done /store"));
  a.close();
  b.close();
  ended.acquire();
  ended.acquire();
  RawClient third(port);
  third.send(kLong);
  let_go.release(2);
  EXPECT_TRUE(running.read_answer().ends_with("done /long"));
  EXPECT_TRUE(third.read_answer().ends_with("done /long"));
  ended.acquire();
  ended.acquire();
}

TEST_F(HttpServerTest, draining_lets_an_answer_end_and_closes_idle_connections) {
  std::promise<std::shared_ptr<Exchange>> asked;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) { asked.set_value(exchange); };
  start();
  RawClient idle(port);
  RawClient busy(port);
  busy.send(kGet);
  auto exchange = asked.get_future().get();
  exchange->start_stream({});
  exchange->send("a");
  std::thread stopper([&] { EXPECT_TRUE(server->drain(HttpServer::Clock::time_point::max())); });
  EXPECT_EQ(idle.read_all(), "");
  exchange->send("b");
  exchange->finish();
  exchange.reset();
  EXPECT_TRUE(busy.read_all().ends_with("1\r\nb\r\n0\r\n\r\n"));
  stopper.join();
}

TEST_F(HttpServerTest, a_request_that_cannot_end_is_told_of_and_waited_for_at_the_end) {
  std::promise<void> asked;
  std::promise<void> gone;
  std::promise<void> let_go;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    exchange->on_gone([&] { gone.set_value(); });
    asked.set_value();
    let_go.get_future().wait();  // for something that takes no notice of its client
  };
  start();
  RawClient client(port);
  client.send(kGet);
  asked.get_future().wait();
  EXPECT_FALSE(server->drain(HttpServer::Clock::now(), {}));
  gone.get_future().wait();
  let_go.set_value();
  server->stop();
}

TEST_F(HttpServerTest, hundreds_of_open_streams_and_idle_connections_need_no_threads) {
  std::mutex mutex;
  std::vector<std::shared_ptr<Exchange>> streams;
  std::promise<void> all;
  handler.answer = [&](const std::shared_ptr<Exchange>& exchange) {
    exchange->start_stream({});
    const std::lock_guard lock(mutex);
    streams.push_back(exchange);
    if (streams.size() == 300) all.set_value();
  };
  start({.quick_lane = {.n_threads = 1, .max_waiting = 300}});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->send(kGet);
  }
  all.get_future().get();
  for (const auto& stream : streams) {
    stream->send("token");
    stream->finish();
  }
  streams.clear();
  for (const auto& client : clients)
    EXPECT_NE(client->read_until("0\r\n\r\n").find("token"), std::string::npos);
}

}  // namespace
}  // namespace ingle::net
