#include "net/http_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>

#include "net/http_framing.h"
#include "net/url.h"

namespace ingle::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

// A body must bring this much within each time limit, so that a client that drips single bytes does not hold memory.
constexpr uint64_t kBytesPerExtension = 64 * 1024;
constexpr size_t kFirstRead = 2048;              // an idle connection holds this much
constexpr int kEmptyLines = 4;                   // before a request, in one piece
constexpr size_t kReadAhead = 64 * 1024;         // of a body at a time
constexpr size_t kMaxLinger = size_t{64} << 20;  // as much as is taken anywhere
constexpr unsigned kLingerMs = 2'000;

}  // namespace

bool is_fault_of_form(const beast::error_code& code) {
  return code.category() == http::make_error_code(http::error::bad_method).category();
}

int status_of(const beast::error_code& code) {
  if (code == http::error::header_limit || code == http::error::buffer_overflow) return 431;
  if (code == http::error::body_limit) return 413;
  return 400;
}

void ExchangeState::end(std::string_view why_cut) {
  std::function<void()> callback;
  {
    const std::lock_guard lock(callback_mutex);
    cut_because = why_cut;
    gone = !complete;  // who has the whole answer may leave
    if (!complete) callback = std::move(on_gone);
    on_gone = nullptr;
  }
  if (callback) callback();
}

bool ExchangeState::is_complete() {
  const std::lock_guard lock(callback_mutex);
  return complete;
}

void SessionHost::add(const std::shared_ptr<Session>& session) {
  const std::lock_guard lock(sessions_mutex);
  sessions[session.get()] = session;
}

void SessionHost::remove(Session* session) {
  const std::lock_guard lock(sessions_mutex);
  sessions.erase(session);
  sessions_changed.notify_all();
  if (const auto room = std::exchange(on_room, nullptr)) room();
}

std::vector<std::shared_ptr<Session>> SessionHost::open_sessions() {
  std::vector<std::shared_ptr<Session>> open;  // outlives the lock: dropping the last one takes it again
  const std::lock_guard lock(sessions_mutex);
  for (const auto& [pointer, weak] : sessions)
    if (auto session = weak.lock()) open.push_back(std::move(session));
  return open;
}

std::shared_ptr<asio::ssl::context> SessionHost::current_tls() {
  const std::lock_guard lock(sessions_mutex);
  return tls_context;
}

void SessionHost::abort_all() {
  for (const auto& session : open_sessions())
    session->abort("drained");
}

bool SessionHost::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(sessions_mutex);
  return sessions_changed.wait_until(lock, deadline, [&] { return sessions.empty(); });
}

Session::Session(std::shared_ptr<SessionHost> host, int connected_fd)
    : host_(std::move(host)),
      socket_(asio::make_strand(host_->io.get_executor())),
      stream_(socket_),
      timer_(socket_.get_executor()),
      buffer_(host_->limits.max_header_bytes + kReadAhead),
      chunk_header_([this](uint64_t /*size*/, beast::string_view extension, Error& code) {
        extension_bytes_ += extension.size();
        if (extension_bytes_ > host_->limits.max_chunk_extension_bytes) code = http::error::bad_chunk_extension;
      }) {
  beast::error_code ignored;
  socket_.assign(tcp::v4(), connected_fd, ignored);
}

Session::~Session() {
  release_body_budget();
  end_handshake();
  host_->remove(this);
}

void Session::start() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    auto tls = self->host_->current_tls();
    if (!tls) return self->await_request();
    self->stream_.start_tls(std::move(tls));
    self->shake_hands();
  });
}

void Session::drain() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->keep_alive_ = false;
    if (!self->answering_ && !self->reading_request_) self->close();
  });
}

void Session::abort(std::string_view why) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), why] { self->close(why); });
}

void Session::limit_time(unsigned ms) {
  timed_out_ = false;
  timer_.expires_after(std::chrono::milliseconds(ms));
  timer_.async_wait([self = shared_from_this(), round = ++timer_round_](const Error& code) {
    if (code || round != self->timer_round_ || self->closed_) return;
    self->timed_out_ = true;
    Error ignored;
    self->socket_.cancel(ignored);
  });
}

void Session::unlimit_time() {
  timed_out_ = false;
  ++timer_round_;
  timer_.cancel();
}

void Session::await_request() {
  if (closed_) return;
  if (host_->draining) return close();
  if (buffer_.size() > 0) return read_header();
  limit_time(host_->limits.idle_ms);
  stream_.async_read_some(buffer_.prepare(kFirstRead), [self = shared_from_this()](const Error& code, size_t n_bytes) {
    if (code || self->closed_) return self->close();
    self->buffer_.commit(n_bytes);
    self->read_header();
  });
}

void Session::read_header() {
  reading_request_ = true;
  request_ = {};
  looked_at_ = 0;
  n_empty_lines_ = 0;
  limit_time(host_->limits.header_ms);
  skip_empty_lines();
}

/// Some clients end a body with an empty line, which then stands before the next request (RFC 9112, 2.2).
void Session::skip_empty_lines() {
  const auto bytes = [&] { return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size()); };
  for (; n_empty_lines_ < kEmptyLines && bytes().starts_with("\r\n"); ++n_empty_lines_)
    buffer_.consume(2);
  if (bytes().empty()) {
    reading_request_ = false;
    return await_request();
  }
  if (n_empty_lines_ < kEmptyLines && bytes() == "\r") return read_more(&Session::skip_empty_lines);
  look_for_head();
}

void Session::look_for_head() {
  const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  const auto length = head_length(bytes, looked_at_);
  const std::string_view head = bytes.substr(0, length.value_or(bytes.size()));
  if (head.size() > host_->limits.max_header_bytes)
    return refuse(431, fmt::format("the head of the request is larger than {} bytes", host_->limits.max_header_bytes));
  if (const auto fault = length ? check_head(head) : check_incoming(head, looked_at_))
    return refuse(fault->status, fault->what);
  if (length) return parse_head(*length);
  looked_at_ = bytes.size();
  read_more(&Session::look_for_head);
}

/// Of the head.
void Session::read_more(void (Session::*then)()) {
  stream_.async_read_some(buffer_.prepare(kFirstRead),
                          [self = shared_from_this(), then](const Error& code, size_t n_bytes) {
                            if (self->timed_out_) return self->refuse(408, "the request did not arrive in time");
                            if (code) return self->close();
                            self->buffer_.commit(n_bytes);
                            (*self.*then)();
                          });
}

void Session::parse_head(size_t n_bytes) {
  parser_.emplace();
  parser_->header_limit(host_->limits.max_header_bytes);
  parser_->body_limit(UINT64_MAX);  // decided when the header is known
  extension_bytes_ = 0;
  parser_->on_chunk_header(chunk_header_);
  Error code;
  const size_t n_used = parser_->put(asio::buffer(buffer_.data().data(), n_bytes), code);
  buffer_.consume(n_used);
  if (!code && !parser_->is_header_done()) code = http::error::partial_message;
  on_header(code);
}

void Session::on_header(const Error& code) {
  if (code) return refuse(status_of(code), "this is not a request of HTTP/1.1: " + code.message());
  if (const std::string problem = take_head(); !problem.empty()) return refuse(400, problem);
  if (request_.headers.size() > host_->limits.max_headers) return refuse(431, "too many header lines");
  const auto length = parser_->content_length();
  const bool has_body = length ? *length > 0 : parser_->chunked();
  verdict_ = host_->handler.on_head(request_);
  request_.caller = verdict_.caller;
  if (verdict_.refusal) {
    if (has_body) keep_alive_ = false;
    return refuse(std::move(*verdict_.refusal));
  }
  if (length && *length > verdict_.max_body_bytes)
    return refuse(
        413, fmt::format("the body has {} bytes, and at most {} are taken here", *length, verdict_.max_body_bytes));
  request_.receiver = std::move(verdict_.receiver);
  if (!has_body) return dispatch();
  if (request_.receiver) return begin_upload();
  begin_body();
}

std::string Session::take_head() {
  const auto& message = parser_->get();
  keep_alive_ = parser_->keep_alive() && !host_->draining;
  request_.method = std::string(message.method_string());
  request_.target = std::string(message.target());
  size_t n_hosts = 0;
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    request_.headers.push_back({lower_ascii({name.data(), name.size()}), {value.data(), value.size()}});
    if (request_.headers.back().name == "host") ++n_hosts;
  }
  http_1_1_ = message.version() == 11;
  if (message.version() != 10 && message.version() != 11) return "only HTTP/1.0 and HTTP/1.1 are spoken here";
  if (n_hosts > 1 || (n_hosts == 0 && message.version() == 11)) return "a request needs exactly one Host header";
  if (request_.target == "*" && request_.method == "OPTIONS") {
    request_.path = "*";
    return {};
  }
  if (!request_.target.starts_with('/')) return "the target of a request starts with '/'";
  const size_t mark = std::min(request_.target.find('?'), request_.target.size());
  request_.path = percent_decode(std::string_view(request_.target).substr(0, mark));
  if (mark < request_.target.size()) request_.query = request_.target.substr(mark + 1);
  if (request_.path.find('\0') != std::string::npos) return "a path holds no zero byte";
  return {};
}

void Session::begin_body() {
  // Chunked bodies name no size: what they take grows as they come.
  const auto length = parser_->content_length();
  if (!reserve_body(length ? *length : 0)) return refuse_body();
  bytes_since_extension_ = 0;
  parser_->body_limit(verdict_.max_body_bytes);
  continue_100(&Session::read_body);
}

void Session::continue_100(void (Session::*then)()) {
  limit_time(host_->limits.body_ms);
  if (!http_1_1_ || lower_ascii(request_.header("expect")) != "100-continue") return (this->*then)();
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                    [self = shared_from_this(), then](const Error& code, size_t) {
                      if (code) return self->close();
                      (self.get()->*then)();
                    });
}

bool Session::reserve_body(uint64_t n_bytes) {
  if (n_bytes <= body_budget_) return true;
  const uint64_t more = n_bytes - body_budget_;
  if (host_->body_bytes.fetch_add(more) + more > host_->limits.max_body_bytes_in_memory) {
    host_->body_bytes.fetch_sub(more);
    return false;
  }
  body_budget_ = n_bytes;
  return true;
}

void Session::refuse_body() {
  refuse(503, "too much is being uploaded at the moment; try again shortly");
}

void Session::read_body() {
  if (parser_->is_done()) {
    request_.body = std::move(parser_->get().body());
    host_->body_bytes -= body_budget_ - request_.body.size();
    body_budget_ = request_.body.size();
    return dispatch();
  }
  if (parser_->chunked()) {
    const uint64_t next = std::min(uint64_t{parser_->get().body().size()} + kReadAhead, verdict_.max_body_bytes);
    if (!reserve_body(next)) return refuse_body();
  }
  if (body_budget_ >= kReadAhead) buffer_.reserve(kReadAhead);
  http::async_read_some(stream_, buffer_, *parser_, [self = shared_from_this()](const Error& code, size_t n_bytes) {
    if (code == http::error::partial_message || code == http::error::end_of_stream) return self->close();
    if (code && !self->timed_out_ && !is_fault_of_form(code)) return self->close();
    if (self->timed_out_) return self->refuse(408, "the body did not arrive in time");
    if (code) return self->refuse(status_of(code), "the body breaks its form: " + code.message());
    self->bytes_since_extension_ += n_bytes;
    if (self->bytes_since_extension_ >= kBytesPerExtension) {
      self->bytes_since_extension_ = 0;
      self->limit_time(self->host_->limits.body_ms);
    }
    self->read_body();
  });
}

void Session::dispatch() {
  reading_request_ = false;
  unlimit_time();
  answering_ = std::make_shared<ExchangeState>();
  answer_ended_ = false;
  parser_.reset();
  upload_.reset();
  buffer_.shrink_to_fit();
  Workers& workers = host_->lanes.of(verdict_.lane);
  std::string unanswered = host_->handler.unanswered_body(request_);
  auto exchange = make_exchange(shared_from_this(), answering_, std::move(request_), http_1_1_, keep_alive_,
                                host_->limits.max_queued_bytes, std::move(unanswered), workers);
  request_ = {};
  watch();
  const void* owner = answering_.get();
  // Until somebody works at it, it ends with its client, and with it all that was sent.
  exchange->on_gone([&workers, owner] { workers.withdraw(owner); });
  const bool taken = workers.post({.run = [&handler = host_->handler, exchange] { handler.on_request(exchange); },
                                   .client = exchange->request().caller,
                                   .owner = owner});
  if (!taken) exchange->respond(host_->handler.on_overload(exchange->request()));
}

/// Reads on while an answer is being made: what comes is the next request, which waits for its turn, and the end means
/// that the client has gone. Who only says that he sends no more has gone, too, where his answer costs much; what is answered
/// he gets to the end.
void Session::watch() {
  stream_.read_ahead([self = shared_from_this()] {
    const bool is_complete = self->answering_ && self->answering_->is_complete();
    const bool may_listen = self->verdict_.costs_little && self->stream_.sends_no_more();
    if (!is_complete && !may_listen && !self->reading_request_) self->close();
  });
}

void Session::write(const std::shared_ptr<ExchangeState>& state, std::string bytes) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), state, bytes = std::move(bytes)]() mutable {
    if (self->answering_ != state || self->closed_) return;
    self->queue_.push_back(std::move(bytes));
    if (!self->writing_) self->write_next();
  });
}

void Session::end_answer(const std::shared_ptr<ExchangeState>& state, std::string_view why_cut) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), state, why_cut] {
    if (self->answering_ != state || self->closed_) return;
    if (!why_cut.empty()) return self->close(why_cut);
    self->answer_ended_ = true;
    if (!self->writing_) self->answer_complete();
  });
}

void Session::write_next() {
  writing_ = true;
  in_flight_.swap(queue_);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(in_flight_.size());
  for (const std::string& bytes : in_flight_)
    buffers.push_back(asio::buffer(bytes));
  limit_time(host_->limits.write_ms);
  asio::async_write(stream_, buffers, [self = shared_from_this()](const Error& code, size_t) {
    size_t n_bytes = 0;
    for (const std::string& bytes : self->in_flight_)
      n_bytes += bytes.size();
    self->in_flight_.clear();
    self->writing_ = false;
    self->unlimit_time();  // a stream may be silent for as long as its model thinks
    if (self->answering_) self->answering_->queued_bytes -= n_bytes;
    if (code) return self->close();
    if (!self->queue_.empty()) return self->write_next();
    if (self->closing_after_write_) return self->linger();
    if (self->answering_ && self->answer_ended_) self->answer_complete();
  });
}

void Session::answer_complete() {
  answering_.reset();
  release_body_budget();
  if (!keep_alive_ || host_->draining) return linger();
  await_request();
}

void Session::refuse(int status, std::string_view message) {
  keep_alive_ = false;
  refuse(host_->handler.on_fault(request_, status, message));
}

void Session::refuse(Reply reply) {
  release_body_budget();
  reading_request_ = false;
  const bool head_only = request_.method == "HEAD";
  answering_ = std::make_shared<ExchangeState>();
  answering_->complete = true;
  answer_ended_ = true;
  std::string bytes = head_bytes(reply, reply.body.size(), false, keep_alive_);
  if (!head_only) bytes += reply.body;
  answering_->queued_bytes = bytes.size();
  closing_after_write_ = !keep_alive_;
  queue_.push_back(std::move(bytes));
  write_next();
}

void Session::linger() {
  if (closed_) return;
  answering_.reset();
  if (stream_.has_ended()) return close();
  if (stream_.tls() != nullptr && !said_goodbye_) return say_goodbye();
  Error ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  limit_time(kLingerMs);
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(kReadAhead), [self = shared_from_this()](const Error& code, size_t n_bytes) {
    self->lingered_ += n_bytes;
    if (code || self->lingered_ > kMaxLinger) return self->close();
    self->linger();
  });
}

void Session::close(std::string_view why_cut) {
  if (closed_) return;
  closed_ = true;
  Error ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  unlimit_time();
  queue_.clear();
  release_body_budget();
  if (const auto state = std::exchange(answering_, nullptr)) state->end(why_cut);
}

void Session::release_body_budget() {
  host_->body_bytes -= std::exchange(body_budget_, 0);
}

}  // namespace ingle::net
