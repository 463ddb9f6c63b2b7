#include "net/server_stream.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <string_view>

namespace ingle::net {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kOurProtocol = "\x08http/1.1";

/// A client that names protocols and not ours is told so in the handshake (RFC 7301, section 3.2).
int choose_protocol(SSL* /*connection*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned n_offered, void* /*nothing*/) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kOurProtocol.data());
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, ours, kOurProtocol.size(), offered, n_offered) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_server_context(const TlsIdentity& identity) {
  INGLE_TRY_VOID(check_identity(identity));
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  boost::system::error_code code;
  context->use_certificate_chain(asio::buffer(identity.certificate_pem), code);
  if (!code) context->use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem, code);
  if (code) return std::unexpected(Error::corrupt("the certificate of the server: " + code.message()));
  SSL_CTX* raw = context->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  // Thousands of streams wait most of the time: their buffers are given back.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  return context;
}

}  // namespace ingle::net
