// Bodies that a receiver takes: read into one piece of memory, handed to a worker, and no more is read until it is done.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/read.hpp>

#include "net/http_session.h"

namespace ingle::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr size_t kPieceBytes = 256 * 1024;          // the most of one upload that is in memory
constexpr uint64_t kBytesPerExtension = 64 * 1024;  // as for other bodies

}  // namespace

void Session::begin_upload() {
  if (!reserve_body(kPieceBytes)) return refuse_body();
  bytes_since_extension_ = 0;
  upload_.emplace(std::move(*parser_));
  parser_.reset();
  upload_->on_chunk_header(chunk_header_);
  upload_->body_limit(verdict_.max_body_bytes);
  piece_.resize(kPieceBytes);
  piece_bytes_ = 0;
  continue_100(&Session::read_upload);
}

void Session::read_upload() {
  auto& body = upload_->get().body();
  body.data = piece_.data() + piece_bytes_;
  body.size = kPieceBytes - piece_bytes_;
  body.more = true;
  buffer_.reserve(kBytesPerExtension);
  http::async_read_some(stream_, buffer_, *upload_, [self = shared_from_this()](const Error& code, size_t n_bytes) {
    self->on_upload(code, n_bytes);
  });
}

void Session::on_upload(const Error& code, size_t n_bytes) {
  if (closed_) return;
  piece_bytes_ = kPieceBytes - upload_->get().body().size;
  if (code && code != http::error::need_buffer) {
    if (code == http::error::partial_message || code == http::error::end_of_stream) return close();
    if (timed_out_) return refuse(408, "the body did not arrive in time");
    if (!is_fault_of_form(code)) return close();
    return refuse(status_of(code), "the body breaks its form: " + code.message());
  }
  bytes_since_extension_ += n_bytes;
  if (bytes_since_extension_ >= kBytesPerExtension) {
    bytes_since_extension_ = 0;
    limit_time(host_->limits.body_ms);
  }
  if (piece_bytes_ == kPieceBytes || upload_->is_done()) return hand_over_piece();
  read_upload();
}

void Session::hand_over_piece() {
  unlimit_time();  // the disk may take its time
  auto hand_over = [self = shared_from_this(), receiver = request_.receiver] {
    const auto piece = std::string_view(self->piece_).substr(0, self->piece_bytes_);
    const bool wants_more = piece.empty() || receiver->take(piece);
    asio::post(self->socket_.get_executor(), [self, wants_more] {
      if (self->closed_) return;
      self->piece_bytes_ = 0;
      if (wants_more && !self->upload_->is_done()) {
        self->limit_time(self->host_->limits.body_ms);
        return self->read_upload();
      }
      if (!self->upload_->is_done()) self->keep_alive_ = false;
      self->piece_ = {};
      self->release_body_budget();
      self->dispatch();
    });
  };
  const bool taken = host_->lanes.of(Lane::kSlow).post({.run = std::move(hand_over), .client = request_.caller});
  if (!taken) refuse(503, "too many requests are waiting");
}

}  // namespace ingle::net
