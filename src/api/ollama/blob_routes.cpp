// Blobs from outside: /api/blobs/sha256:<hex>. The digest is all that a client says about where it goes.
#include <charconv>

#include "api/call.h"
#include "api/json_input.h"
#include "api/ollama/progress.h"
#include "api/ollama/routes.h"

namespace ingle::api::ollama {
namespace {

Answer<store::Digest> digest_of(std::string_view rest) {
  auto digest = store::Digest::parse(rest);
  if (digest && (rest.starts_with("sha256:") || rest.starts_with("sha256-"))) return *std::move(digest);
  return std::unexpected(
      Failure{.status = 400, .param = "digest", .error = Error::usage("invalid digest format")});  // Ollama's words
}

/// Writes what comes to the disk. Of a blob that is here already the bytes are let go by.
class BlobReceiver : public net::BodyReceiver {
 public:
  BlobReceiver(const Services& services, Answer<store::Digest> digest, uint64_t announced,
               std::function<Answer<void>()> allowed)
      : services_(services), digest_(std::move(digest)), announced_(announced), allowed_(std::move(allowed)) {}

  bool take(std::string_view piece) override {
    if (const auto allowed = allowed_(); !allowed) failure_ = allowed.error();
    if (failure_ || !begin()) return false;
    if (is_here_) return true;
    if (const Status written = upload_->write(piece); !written) failure_ = Failure::from(written.error());
    return !failure_;
  }

  /// 200: it was here, 201: it is here now.
  Answer<int> finish(const std::stop_token& stop) {
    if (!failure_) begin();  // nothing came: the empty blob
    if (failure_) return std::unexpected(*failure_);
    if (is_here_) return 200;
    const auto committed = upload_->commit(*digest_, stop);
    if (committed) return 201;
    Failure failure = Failure::from(committed.error());
    if (committed.error().code() == ErrorCode::kRefused) failure.code = "digest_mismatch";
    return std::unexpected(std::move(failure));
  }

 private:
  bool begin() {
    if (std::exchange(begun_, true)) return !failure_;
    if (!digest_) {
      failure_ = digest_.error();
      return false;
    }
    is_here_ = services_.has_blob(*digest_).has_value();
    if (is_here_) return true;
    auto upload = services_.begin_blob(announced_);
    if (!upload) {
      failure_ = Failure::from(std::move(upload).error());
      if (failure_->error.code() == ErrorCode::kExhausted) failure_->status = 507;
      return false;
    }
    upload_ = *std::move(upload);
    return true;
  }

  const Services& services_;
  const Answer<store::Digest> digest_;
  const uint64_t announced_;
  const std::function<Answer<void>()> allowed_;
  bool begun_ = false;
  bool is_here_ = false;
  std::unique_ptr<store::BlobUpload> upload_;
  std::optional<Failure> failure_;
};

}  // namespace

std::shared_ptr<net::BodyReceiver> receive_blob(const Services& services, const net::ServerRequest& head,
                                                std::string_view rest, std::function<Answer<void>()> allowed) {
  const std::string_view length = head.header("content-length");
  uint64_t announced = 0;
  std::from_chars(length.data(), length.data() + length.size(), announced);
  return std::make_shared<BlobReceiver>(services, digest_of(rest), announced, std::move(allowed));
}

void put_blob(const std::shared_ptr<Call>& call) {
  const auto receiver = std::dynamic_pointer_cast<BlobReceiver>(call->request().receiver);
  if (!receiver) return call->fail(Error::internal("a blob came without its receiver"));
  const auto status = receiver->finish(stop_when_gone(*call));
  if (!status) return call->fail(status.error());
  call->respond({.status = *status});
}

void has_blob(const std::shared_ptr<Call>& call) {
  const auto digest = digest_of(call->rest());
  if (!digest) return call->fail(digest.error());
  if (!call->services().has_blob(*digest))
    return call->fail(
        Failure{.status = 404, .error = Error::not_found("blob " + Json(call->rest()).dump() + " not found")});
  call->respond({.status = 200});
}

}  // namespace ingle::api::ollama
