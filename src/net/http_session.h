// One connection of the HTTP server; internal to net, included by its .cpp files only.
//
// All state is touched on the connection's strand only, except what is atomic. A session lives as long as an operation
// or an Exchange holds it.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "net/server_stream.h"
#include "net/workers.h"

namespace ingle::net {

class Session;

/// The threads that run requests.
class Lanes {
 public:
  explicit Lanes(const ServerLimits& limits)
      : lanes_{Workers(limits.quick_lane), Workers(limits.slow_lane), Workers(limits.long_lane),
               Workers(limits.store_lane)} {}

  Workers& of(Lane lane) { return lanes_[static_cast<size_t>(lane)]; }
  void stop() {
    for (Workers& workers : lanes_)
      workers.stop();
  }

 private:
  std::array<Workers, 4> lanes_;  // in the order of Lane
};

/// What sessions share. The server and every session own it together: the last answer may be dropped by an engine's
/// thread after the server has ended. Handler and workers are used from event threads and workers only, which end before them.
struct SessionHost {
  SessionHost(RequestHandler& the_handler, const ServerLimits& the_limits, Lanes& the_lanes)
      : handler(the_handler), limits(the_limits), lanes(the_lanes) {}

  /// Any thread.
  void add(const std::shared_ptr<Session>& session);
  void remove(Session* session);
  std::vector<std::shared_ptr<Session>> open_sessions();
  std::shared_ptr<boost::asio::ssl::context> current_tls();
  /// More handshakes than the limit at a time: the oldest is ended, so that who only begins them keeps nobody out.
  uint64_t begin_handshake(const std::shared_ptr<Session>& session);
  void end_handshake(uint64_t number);
  void abort_all();
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);

  boost::asio::io_context io;
  RequestHandler& handler;
  const ServerLimits limits;
  Lanes& lanes;
  std::atomic<uint64_t> body_bytes{0};
  std::atomic<bool> draining{false};

  std::mutex sessions_mutex;
  std::condition_variable sessions_changed;
  std::map<Session*, std::weak_ptr<Session>> sessions;
  std::map<uint64_t, std::weak_ptr<Session>> handshakes;  // in their order; guarded by sessions_mutex
  uint64_t n_handshakes = 0;
  std::function<void()> on_room;                           // set while the server is full
  std::shared_ptr<boost::asio::ssl::context> tls_context;  // null: plain HTTP; guarded by sessions_mutex
};

/// What an Exchange and its session share about one request.
struct ExchangeState {
  std::atomic<bool> gone{false};
  std::string_view cut_because;  // set before gone
  std::atomic<size_t> queued_bytes{0};
  std::mutex callback_mutex;
  std::function<void()> on_gone;
  bool complete = false;  // guarded by callback_mutex
  bool is_complete();
  void end(std::string_view why_cut);
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<SessionHost> host, int connected_fd);
  ~Session();

  void start();
  /// Closes it now if it is between requests; otherwise after the answer under way.
  void drain();
  /// Ends it now. `why`: Exchange::cut_because().
  void abort(std::string_view why);

  // For the Exchange; any thread. Bytes are accounted in `state` by the caller.
  void write(const std::shared_ptr<ExchangeState>& state, std::string bytes);
  void end_answer(const std::shared_ptr<ExchangeState>& state, std::string_view why_cut = {});

 private:
  using Error = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using UploadParser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  /// From now on, until the next call: operations end after this time, and timed_out_ says so.
  void limit_time(unsigned ms);
  void unlimit_time();
  // TLS (http_session_tls.cpp).
  void shake_hands();
  void end_handshake();
  /// Tells the client that no more comes, then lingers.
  void say_goodbye();
  void await_request();
  void read_header();
  void skip_empty_lines();
  void look_for_head();
  void read_more(void (Session::*then)());
  void parse_head(size_t n_bytes);
  void on_header(const Error& code);
  /// The message in our form; an error text when it breaks a rule of ours.
  std::string take_head();
  void begin_body();
  /// Has at least so much of what all bodies together may take. false: there is not enough left.
  bool reserve_body(uint64_t n_bytes);
  void refuse_body();
  void read_body();
  // A body that a receiver takes (http_upload.cpp).
  void begin_upload();
  void read_upload();
  void on_upload(const Error& code, size_t n_bytes);
  void hand_over_piece();
  /// Goes on with `then`, and tells a client that waits for it that it may send.
  void continue_100(void (Session::*then)());
  void dispatch();
  void watch();
  void write_next();
  void answer_complete();
  void refuse(int status, std::string_view message);
  void refuse(Reply reply);
  /// Ends politely: the client may still be sending what nobody reads, and must get to see the answer.
  void linger();
  /// `why_cut`: empty where the client ended it.
  void close(std::string_view why_cut = {});
  void release_body_budget();

  const std::shared_ptr<SessionHost> host_;  // first: the socket needs its io_context to the end
  boost::asio::ip::tcp::socket socket_;
  ServerStream stream_;
  boost::asio::steady_timer timer_;
  uint64_t timer_round_ = 0;
  bool timed_out_ = false;
  boost::beast::flat_buffer buffer_;
  size_t looked_at_ = 0;   // of the head that is coming
  int n_empty_lines_ = 0;  // before it
  size_t extension_bytes_ = 0;
  std::function<void(uint64_t, boost::beast::string_view, Error&)> chunk_header_;
  std::optional<Parser> parser_;
  std::optional<UploadParser> upload_;
  std::string piece_;  // of an upload, on its way to the receiver
  size_t piece_bytes_ = 0;
  bool http_1_1_ = false;
  ServerRequest request_;
  HeadVerdict verdict_;
  uint64_t body_budget_ = 0;
  uint64_t bytes_since_extension_ = 0;
  bool keep_alive_ = false;
  bool reading_request_ = false;
  bool closed_ = false;
  uint64_t handshake_ = 0;  // its number while it goes on; 0: none
  bool said_goodbye_ = false;
  bool closing_after_write_ = false;

  std::shared_ptr<ExchangeState> answering_;
  std::vector<std::string> queue_;
  std::vector<std::string> in_flight_;
  bool writing_ = false;
  bool answer_ended_ = false;
  size_t lingered_ = 0;
};

/// Whether the client broke HTTP, and not the connection; and what it is answered then.
bool is_fault_of_form(const boost::beast::error_code& code);
int status_of(const boost::beast::error_code& code);

/// An answer's header as bytes. `length`: absent for an answer in pieces.
std::string head_bytes(const Reply& reply, std::optional<size_t> length, bool chunked, bool keep_alive);

/// Makes the Exchange of a request. `unanswered`: the body for one that is dropped without an answer, given here because
/// the handler may have ended by then. `workers`: whose request it is; used by them only.
std::shared_ptr<Exchange> make_exchange(std::shared_ptr<Session> session, std::shared_ptr<ExchangeState> state,
                                        ServerRequest request, bool http_1_1, bool keep_alive, size_t max_queued,
                                        std::string unanswered, Workers& workers);

}  // namespace ingle::net
