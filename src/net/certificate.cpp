#include "net/certificate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "net/url.h"

namespace ingle::net {
namespace {

constexpr int64_t kDay = 24 * 3600;
constexpr int64_t kAuthorityDays = 10 * 365;
// What browsers take of a server's certificate at most (CA/Browser Forum, ballot SC31).
constexpr int64_t kServerDays = 397;
constexpr int64_t kClockSkew = kDay;

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error openssl_error(std::string_view doing) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return Error::corrupt(fmt::format("{}: {}", doing, reason == nullptr ? "OpenSSL refuses it" : reason));
}

Owned<BIO> reading(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<Owned<X509>> certificate_of(std::string_view pem) {
  Owned<X509> certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) return std::unexpected(openssl_error("reading a certificate"));
  return certificate;
}

Result<Owned<EVP_PKEY>> key_of(std::string_view pem) {
  // An empty password instead of a question on the terminal.
  static char none[] = "";
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, nullptr, none));
  if (!key)
    return std::unexpected(
        openssl_error("reading a private key").hint("keys are taken in PEM form and without a password"));
  return key;
}

template <typename Write>
Result<std::string> written(Write write) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  char* bytes = nullptr;
  if (!out || write(out.get()) != 1) return std::unexpected(openssl_error("writing a certificate"));
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(::timegm(&parts)) : 0;
}

/// Names stand in a configuration line of OpenSSL, where commas and colons mean something.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
}

std::string alternative_names(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) {
    if (!is_address(name) && !is_plain_name(name)) continue;
    text += (text.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  return text;
}

/// RFC 5280, section 4.2.1.10. Names first that nobody can own in public, then addresses that are not routed.
std::string permitted_names(std::span<const std::string> names) {
  std::string text =
      "critical,permitted;DNS:localhost,permitted;DNS:local,permitted;DNS:lan,permitted;DNS:internal,"
      "permitted;DNS:home.arpa,permitted;IP:127.0.0.0/255.0.0.0,permitted;IP:10.0.0.0/255.0.0.0,"
      "permitted;IP:172.16.0.0/255.240.0.0,permitted;IP:192.168.0.0/255.255.0.0,permitted;IP:169.254.0.0/255.255.0.0,"
      "permitted;IP:100.64.0.0/255.192.0.0,permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,"
      "permitted;IP:fe80::/ffc0::,permitted;IP:fc00::/fe00::";
  for (const std::string& name : names) {
    if (!is_address(name)) {
      if (is_plain_name(name)) text += ",permitted;DNS:" + name;
    } else if (name.find(':') == std::string::npos) {
      text += ",permitted;IP:" + name + "/255.255.255.255";
    } else {
      text += ",permitted;IP:" + name + "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    }
  }
  return text;
}

Status add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
    return std::unexpected(openssl_error(fmt::format("making a certificate ({})", OBJ_nid2sn(kind))));
  return {};
}

struct Extension {
  int kind;
  std::string value;
};

/// Signed by `issuer` with `issuer_key`; by itself where there is no issuer.
Result<TlsIdentity> make(const std::string& common_name, int64_t days, int64_t now_unix, X509* issuer,
                         EVP_PKEY* issuer_key, std::span<const Extension> extensions) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate(X509_new());
  if (!key || !certificate) return std::unexpected(openssl_error("making a key"));
  X509* made = certificate.get();
  X509_set_version(made, 2);
  BIGNUM* serial = BN_new();
  const bool has_serial = serial != nullptr && BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                          BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(made)) != nullptr;
  BN_free(serial);
  if (!has_serial) return std::unexpected(openssl_error("making a serial number"));
  ASN1_TIME_set(X509_getm_notBefore(made), now_unix - kClockSkew);
  ASN1_TIME_set(X509_getm_notAfter(made), now_unix + days * kDay);
  X509_NAME* name = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(made, issuer == nullptr ? name : X509_get_subject_name(issuer));
  X509_set_pubkey(made, key.get());
  for (const Extension& extension : extensions)
    INGLE_TRY_VOID(add_extension(made, issuer == nullptr ? made : issuer, extension.kind, extension.value));
  if (X509_sign(made, issuer_key == nullptr ? key.get() : issuer_key, EVP_sha256()) == 0)
    return std::unexpected(openssl_error("signing a certificate"));
  TlsIdentity identity;
  INGLE_TRY(identity.certificate_pem, written([&](BIO* out) { return PEM_write_bio_X509(out, made); }));
  INGLE_TRY(identity.key_pem, written([&](BIO* out) {
              return PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            }));
  return identity;
}

/// What everyone who trusts the authority will check, name constraints among it.
Status verify(X509* certificate, X509* authority, int64_t now_unix) {
  const Owned<X509_STORE> store(X509_STORE_new());
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (!store || !context || X509_STORE_add_cert(store.get(), authority) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr) != 1)
    return std::unexpected(openssl_error("checking a certificate"));
  X509_STORE_CTX_set_time(context.get(), 0, now_unix);
  if (X509_verify_cert(context.get()) == 1) return {};
  return std::unexpected(
      Error::refused(fmt::format("the local authority may not sign this certificate: {}",
                                 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())))));
}

}  // namespace

bool can_be_certified(const std::string& name) {
  return is_address(name) || is_plain_name(name);
}

Result<CertificateFacts> read_certificate(std::string_view pem) {
  INGLE_TRY(const auto certificate, certificate_of(pem));
  CertificateFacts facts{.names = {},
                         .not_before_unix = unix_time(X509_get0_notBefore(certificate.get())),
                         .not_after_unix = unix_time(X509_get0_notAfter(certificate.get())),
                         .sha256 = {}};
  const Owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      facts.names.push_back(lower_ascii({text, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))}));
    } else if (name->type == GEN_IPADD) {
      char text[INET6_ADDRSTRLEN] = {};
      const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
      if (family == AF_INET6 && ASN1_STRING_length(name->d.iPAddress) != 16) continue;
      if (::inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text) != nullptr)
        facts.names.emplace_back(text);
    }
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest, &size) != 1)
    return std::unexpected(openssl_error("reading a certificate"));
  for (unsigned i = 0; i < size; ++i)
    facts.sha256 += fmt::format("{:02x}", digest[i]);
  return facts;
}

Status check_identity(const TlsIdentity& identity) {
  INGLE_TRY(const auto certificate, certificate_of(identity.certificate_pem));
  INGLE_TRY(const auto key, key_of(identity.key_pem));
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return {};
  return std::unexpected(openssl_error("the certificate and the private key")
                             .hint("the first certificate of the file must be the server's own"));
}

Result<TlsIdentity> make_authority(std::span<const std::string> names, int64_t now_unix) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const Extension extensions[] = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                  {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_name_constraints, permitted_names(names)}};
  // A name has at most 64 characters (RFC 5280, ub-common-name).
  return make(fmt::format("Inglenook on {:.40}", host), kAuthorityDays, now_unix, nullptr, nullptr, extensions);
}

Result<TlsIdentity> issue_certificate(const TlsIdentity& authority, std::span<const std::string> names,
                                      int64_t now_unix) {
  INGLE_TRY(const auto issuer, certificate_of(authority.certificate_pem));
  INGLE_TRY(const auto issuer_key, key_of(authority.key_pem));
  const Extension extensions[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "serverAuth"},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_authority_key_identifier, "keyid"},
                                  {NID_subject_alt_name, alternative_names(names)}};
  INGLE_TRY(TlsIdentity identity, make("Inglenook", kServerDays, now_unix, issuer.get(), issuer_key.get(), extensions));
  INGLE_TRY(const auto made, certificate_of(identity.certificate_pem));
  INGLE_TRY_VOID(verify(made.get(), issuer.get(), now_unix));
  identity.certificate_pem += authority.certificate_pem;
  return identity;
}

std::vector<std::string> names_of_this_machine() {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) == 0) {
    const std::string name = lower_ascii(host);
    if (is_plain_name(name)) {
      add(name);
      if (name.find('.') == std::string::npos) add(name + ".local");
    }
  }
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return names;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    char text[INET6_ADDRSTRLEN] = {};
    if (entry->ifa_addr->sa_family == AF_INET) {
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof text);
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const in6_addr& bytes = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr;
      // Public ones change daily, link-local ones cannot stand in an address of a browser: only fc00::/7.
      if ((bytes.s6_addr[0] & 0xfe) == 0xfc) ::inet_ntop(AF_INET6, &bytes, text, sizeof text);
    }
    add(text);
  }
  ::freeifaddrs(first);
  return names;
}

}  // namespace ingle::net
