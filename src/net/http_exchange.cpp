#include <fmt/format.h>

#include <algorithm>

#include "net/http_session.h"

namespace ingle::net {
namespace {

class SessionExchange : public Exchange {
 public:
  SessionExchange(std::shared_ptr<Session> session, std::shared_ptr<ExchangeState> state, ServerRequest request,
                  bool http_1_1, bool keep_alive, size_t max_queued, std::string unanswered, Workers& workers)
      : session_(std::move(session)),
        state_(std::move(state)),
        request_(std::move(request)),
        head_only_(request_.method == "HEAD"),
        chunked_(http_1_1),
        keep_alive_(keep_alive),
        max_queued_(max_queued),
        unanswered_(std::move(unanswered)),
        workers_(workers) {}

  ~SessionExchange() override {
    if (phase_ == Phase::kStreaming) {
      complete();
      session_->end_answer(state_, "unfinished");
    } else if (phase_ == Phase::kWaiting) {
      SessionExchange::respond(
          {.status = 500, .headers = {{"content-type", "application/json"}}, .body = std::move(unanswered_)});
    }
  }

  ServerRequest& request() override { return request_; }

  void respond(Reply reply) override {
    if (!advance(Phase::kWaiting, Phase::kDone)) return;
    std::string bytes = head_bytes(reply, reply.body.size(), false, keep_alive_);
    if (!head_only_) bytes += reply.body;
    complete();  // before its bytes are out: who has read them may leave
    push(std::move(bytes));
    session_->end_answer(state_);
  }

  void start_stream(Reply reply) override {
    if (!advance(Phase::kWaiting, Phase::kStreaming)) return;
    // HTTP/1.0 knows no chunks: there the end of the connection is the end of the answer.
    push(head_bytes(reply, std::nullopt, chunked_, keep_alive_ && chunked_));
    if (!reply.body.empty()) send(std::move(reply.body));
  }

  bool send(std::string piece) override {
    if (phase_ != Phase::kStreaming || state_->gone) return false;
    if (head_only_ || piece.empty()) return true;
    if (state_->queued_bytes + piece.size() > max_queued_) {
      cut("backlog");  // nobody reads; memory is not for that
      return false;
    }
    push(chunked_ ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : std::move(piece));
    return true;
  }

  void finish() override {
    if (!advance(Phase::kStreaming, Phase::kDone)) return;
    complete();
    if (chunked_ && !head_only_) push("0\r\n\r\n");
    session_->end_answer(state_);
  }

  void cut(std::string_view why) override { session_->end_answer(state_, why); }

  size_t queued_bytes() const override { return state_->queued_bytes; }

  void on_gone(std::function<void()> callback) override {
    {
      const std::lock_guard lock(state_->callback_mutex);
      if (state_->complete) return;
      if (!state_->gone) {
        state_->on_gone = std::move(callback);
        return;
      }
    }
    callback();
  }

  bool gone() const override { return state_->gone; }
  void run_again(std::function<void()> work) override {
    workers_.post_again({.run = std::move(work), .client = request_.caller});
  }
  std::string_view cut_because() const override { return gone() ? state_->cut_because : std::string_view(); }

 private:
  enum class Phase : uint8_t { kWaiting, kStreaming, kDone };

  bool advance(Phase from, Phase to) { return phase_.compare_exchange_strong(from, to); }

  void push(std::string bytes) {
    state_->queued_bytes += bytes.size();
    session_->write(state_, std::move(bytes));
  }

  /// What is destroyed with the callback may be this exchange's last owner: not under the lock.
  void complete() {
    std::function<void()> dropped;
    const std::lock_guard lock(state_->callback_mutex);
    state_->complete = true;
    dropped = std::move(state_->on_gone);
    state_->on_gone = nullptr;
  }

  const std::shared_ptr<Session> session_;
  const std::shared_ptr<ExchangeState> state_;
  ServerRequest request_;
  const bool head_only_;
  const bool chunked_;
  const bool keep_alive_;
  const size_t max_queued_;
  std::string unanswered_;
  Workers& workers_;
  std::atomic<Phase> phase_{Phase::kWaiting};
};

/// Header values come from us, but request ids and model names in them from clients.
std::string clean_value(std::string_view value) {
  std::string text(value);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

std::shared_ptr<Exchange> make_exchange(std::shared_ptr<Session> session, std::shared_ptr<ExchangeState> state,
                                        ServerRequest request, bool http_1_1, bool keep_alive, size_t max_queued,
                                        std::string unanswered, Workers& workers) {
  return std::make_shared<SessionExchange>(std::move(session), std::move(state), std::move(request), http_1_1,
                                           keep_alive, max_queued, std::move(unanswered), workers);
}

std::string head_bytes(const Reply& reply, std::optional<size_t> length, bool chunked, bool keep_alive) {
  std::string bytes = fmt::format("HTTP/1.1 {} {}\r\n", reply.status, reason_phrase(reply.status));
  for (const HttpHeader& header : reply.headers)
    bytes += fmt::format("{}: {}\r\n", header.name, clean_value(header.value));
  const bool has_no_body = reply.status == 204 || reply.status == 304;
  if (length && !has_no_body) bytes += fmt::format("content-length: {}\r\n", *length);
  if (chunked) bytes += "transfer-encoding: chunked\r\n";
  bytes += keep_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n";
  return bytes;
}

std::string_view reason_phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  static constexpr Row kRows[] = {
      {200, "OK"},
      {201, "Created"},
      {204, "No Content"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {529, "Overloaded"},
      {507, "Insufficient Storage"},
  };
  const auto* row = std::ranges::find(kRows, status, &Row::status);
  return row == std::end(kRows) ? "Answer" : row->phrase;
}

}  // namespace ingle::net
