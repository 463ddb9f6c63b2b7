#include "net/receipt.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

namespace ingle::net {
namespace {

struct MacDeleter {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

class Hmac {
 public:
  explicit Hmac(std::string_view key) : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)) {
    if (mac_ == nullptr) return;
    context_.reset(EVP_MAC_CTX_new(mac_.get()));
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    good_ = context_ != nullptr && EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                                                key.size(), parameters) == 1;
  }

  /// The length goes first, so that no two lists of fields give the same bytes.
  void field(std::string_view text) {
    raw(fmt::format("{}:", text.size()));
    raw(text);
  }

  Result<std::string> finish() {
    std::string mac(ReceiptKey::kBytes, '\0');
    size_t size = 0;
    if (!good_ || EVP_MAC_final(context_.get(), reinterpret_cast<unsigned char*>(mac.data()), &size, mac.size()) != 1 ||
        size != mac.size()) {
      return std::unexpected(Error::internal("OpenSSL cannot compute an HMAC"));
    }
    return mac;
  }

 private:
  void raw(std::string_view text) {
    good_ =
        good_ && EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  }

  std::unique_ptr<EVP_MAC, MacDeleter> mac_;
  std::unique_ptr<EVP_MAC_CTX, MacDeleter> context_;
  bool good_ = false;
};

}  // namespace

Result<ReceiptKey> ReceiptKey::create() {
  ReceiptKey key;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.bytes_.data()), static_cast<int>(key.bytes_.size())) != 1) {
    return std::unexpected(Error::internal("OpenSSL has no random bytes"));
  }
  return key;
}

Result<ReceiptKey> ReceiptKey::from_bytes(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::unexpected(Error::corrupt("a receipt key that is not 32 bytes long"));
  ReceiptKey key;
  std::ranges::copy(bytes, key.bytes_.begin());
  return key;
}

ReceiptKey::~ReceiptKey() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Result<Receipt> ReceiptKey::sign(const HttpRequest& request) const {
  Hmac hmac(bytes());
  hmac.field("ingle receipt 1");
  hmac.field(to_string(request.method));
  hmac.field(request.url.origin());
  hmac.field(request.url.user_info);
  hmac.field(request.url.target);
  hmac.field(request.range_from ? std::to_string(*request.range_from) : "");
  hmac.field(std::to_string(request.headers.size()));
  for (const HttpHeader& header : request.headers) {
    hmac.field(header.name);
    hmac.field(header.value);
  }
  hmac.field(request.body);
  INGLE_TRY(std::string mac, hmac.finish());
  return Receipt{std::move(mac)};
}

bool ReceiptKey::verify(const HttpRequest& request, const Receipt& receipt) const {
  const auto expected = sign(request);
  return expected && receipt.mac.size() == expected->mac.size() &&
         CRYPTO_memcmp(receipt.mac.data(), expected->mac.data(), receipt.mac.size()) == 0;
}

}  // namespace ingle::net
