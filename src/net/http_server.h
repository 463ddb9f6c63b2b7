// The HTTP/1.1 server: an event loop on a few threads, requests answered by worker threads, streams by whoever has data.
//
// A connection that waits, and a stream that waits for its next token, hold memory only, no thread. The listening socket
// is made by open_listener() and handed in: after start() the server opens no socket of its own, it only accepts.
// Limits on everything that a client decides: see ServerLimits. Who owns what: the composition root owns an HttpServer and
// its handler, which must outlive it; an Exchange is shared by the connection and by whoever still has to answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "net/certificate.h"
#include "net/http_client.h"

namespace ingle::net {

/// Of one lane. A client has at most 1/client_part of the threads and of the places to wait, rounded up; those of others pass.
struct LaneLimits {
  unsigned n_threads;
  size_t max_waiting;  // beyond it: RequestHandler::on_overload()
  unsigned client_part = 1;
};

struct ServerLimits {
  size_t max_connections = 4096;  // more wait in the kernel's queue until one ends
  uint32_t max_header_bytes = 32 * 1024;
  size_t max_headers = 100;
  size_t max_chunk_extension_bytes = 4096;                  // of one body; nobody reads them
  uint64_t max_body_bytes_in_memory = uint64_t{512} << 20;  // of all requests together; then 503
  size_t max_queued_bytes = size_t{8} << 20;  // of one answer that its client does not read; then it is cut
  unsigned idle_ms = 120'000;                 // between requests
  unsigned handshake_ms = 10'000;             // of TLS, from the connection on
  size_t max_handshakes = 512;                // at a time; the oldest makes room
  unsigned header_ms = 15'000;                // from a request's first byte to the end of its header
  unsigned body_ms = 30'000;                  // for each 64 KiB of a body
  unsigned write_ms = 300'000;                // for what is queued at a time
  unsigned n_io_threads = 2;
  LaneLimits quick_lane = {.n_threads = 4, .max_waiting = 1024};
  LaneLimits slow_lane = {.n_threads = 48, .max_waiting = 1024};
  LaneLimits long_lane = {.n_threads = 8, .max_waiting = 64, .client_part = 2};
  LaneLimits store_lane = {.n_threads = 4, .max_waiting = 32, .client_part = 2};
};

/// Takes a body that is too large for memory piece by piece, as it arrives.
class BodyReceiver {
 public:
  virtual ~BodyReceiver() = default;
  /// From a worker, one call at a time, in order. false: no more is wanted; the request is then handled as it is, and its
  /// connection ends with the answer. Destroyed without a request that has it when the client goes away on the way.
  virtual bool take(std::string_view piece) = 0;
};

struct ServerRequest {
  std::string method;
  std::string target;               // as sent
  std::string path;                 // percent-decoded, without the query
  std::string query;                // as sent
  std::vector<HttpHeader> headers;  // names in lower case
  std::string body;
  std::shared_ptr<BodyReceiver> receiver = {};  // what took the body, where the handler wanted that; `body` is empty
  std::string caller = {};                      // who asks, as on_head() said

  /// Value of the first header of that name (lower case); empty when absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
};

struct Reply {
  int status = 200;
  std::vector<HttpHeader> headers = {};
  std::string body = {};
};

/// One request and the way back. Any thread; after the first of respond() and start_stream() only send() and finish()
/// mean anything. Destroyed without an answer it answers 500, in the middle of a stream it cuts the connection.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual ServerRequest& request() = 0;

  /// A whole answer.
  virtual void respond(Reply reply) = 0;
  /// Header of an answer in pieces; `reply.body` is its first piece.
  virtual void start_stream(Reply reply) = 0;
  /// Never blocks. false: nobody reads any more, and producing should end.
  virtual bool send(std::string piece) = 0;
  virtual void finish() = 0;
  /// Ends the connection now, whatever was answered; on_gone() is called. For an answer that may not go on.
  /// `why`: a word for the log, a literal.
  virtual void cut(std::string_view why) = 0;
  /// Bytes that the client has not taken yet: producers that can wait, or leave something out, look at it.
  virtual size_t queued_bytes() const = 0;

  /// Called once, from a thread of the server, when the client goes away before the answer is complete; at once when
  /// it has gone already. Must be quick.
  virtual void on_gone(std::function<void()> callback) = 0;
  virtual bool gone() const = 0;
  /// Of a connection that is gone: why the server itself ended it; empty where its client did.
  virtual std::string_view cut_because() const = 0;

  /// Runs `work` on a worker, behind those who wait for one: for who was left to wait without. From a worker. Dropped when the
  /// server has stopped.
  virtual void run_again(std::function<void()> work) = 0;
};

/// Which threads run a request: quick ones must not wait for slow ones, which may wait for a disk or a model, and these not
/// for what takes minutes: long ones wait for a model's answers, those of the store for the network and the disk.
enum class Lane : uint8_t { kQuick, kSlow, kLong, kStore };

struct HeadVerdict {
  uint64_t max_body_bytes = 0;
  Lane lane = Lane::kQuick;
  std::shared_ptr<BodyReceiver> receiver = {};  // shared with the request, which may outlive the connection
  std::string caller = {};                      // who asks; stands in the request from then on
  bool costs_little = false;                    // is answered also to who has said that he sends no more
  std::optional<Reply> refusal = {};            // the body is not read
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// From an event thread, before the body is read: must be quick.
  virtual HeadVerdict on_head(const ServerRequest& head) = 0;
  /// From a worker.
  virtual void on_request(std::shared_ptr<Exchange> exchange) = 0;
  /// The answer to one that came when as many waited for a worker as may. From an event thread.
  virtual Reply on_overload(const ServerRequest& request) = 0;
  /// The answer to what the server itself refuses (400, 408, 413, 431, 503). `head`: as far as it was understood. From an
  /// event thread.
  virtual Reply on_fault(const ServerRequest& head, int status, std::string_view message) = 0;
  /// The body of the 500 to a request that is dropped without an answer, as JSON. From an event thread.
  virtual std::string unanswered_body(const ServerRequest& head) = 0;
};

class HttpServer {
 public:
  using Clock = std::chrono::steady_clock;
  /// `listener` is bound and listening. Starts threads.
  /// `tls`: null for plain HTTP.
  static Result<std::unique_ptr<HttpServer>> start(base::FileDescriptor listener, RequestHandler& handler,
                                                   const ServerLimits& limits, const TlsIdentity* tls = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// How long those whose client was cut off may take to notice it.
  static constexpr std::chrono::seconds kLastAnswers{5};
  /// Accepts no more, lets answers under way end until `deadline` and cuts the rest. false: `grace` later somebody holds a
  /// request all the same, and stop() would wait for him.
  bool drain(Clock::time_point deadline, Clock::duration grace = kLastAnswers);
  /// Cuts what is still answered and ends all threads; requests that workers run are waited for.
  void stop();
  size_t connections() const;
  /// For connections from now on: a renewed certificate.
  Status set_identity(const TlsIdentity& identity);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "OK", "Not Found"
std::string_view reason_phrase(int status);

}  // namespace ingle::net
