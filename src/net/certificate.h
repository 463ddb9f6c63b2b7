// Certificates of a server: reading one that somebody brings, and making them with a local authority of one's own.
//
// The authority is a key pair that exists for this installation: whoever trusts its certificate trusts the names that it may
// sign, and its name constraints leave it none but those of this machine's kind: names without a public suffix of their own
// (localhost, *.local, *.lan, *.internal, *.home.arpa), private addresses, and what was named when it was made. All keys are
// P-256. Plain values; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace ingle::net {

/// A certificate with those that lead to its authority, and its private key, as PEM.
struct TlsIdentity {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateFacts {
  std::vector<std::string> names;  // DNS names in lower case, addresses as "192.168.1.5" and "fe80::1"
  int64_t not_before_unix = 0;
  int64_t not_after_unix = 0;
  std::string sha256;  // of the certificate itself, lower-case hexadecimal
};
/// Of the first certificate in the text.
Result<CertificateFacts> read_certificate(std::string_view pem);
/// An error where the key is not the certificate's, or TLS refuses one of them.
Status check_identity(const TlsIdentity& identity);

/// Whether a certificate can say this name: an address, or letters, digits, '-', '_' and points.
bool can_be_certified(const std::string& name);

/// `names`: what it may sign besides names and addresses that are private anyway.
Result<TlsIdentity> make_authority(std::span<const std::string> names, int64_t now_unix);
/// A certificate for a server of these names, signed by the authority, whose own comes after it.
Result<TlsIdentity> issue_certificate(const TlsIdentity& authority, std::span<const std::string> names,
                                      int64_t now_unix);

/// Host name, host name with .local, and the IPv4 and private IPv6 addresses of the interfaces that are up. Opens a socket for a moment.
std::vector<std::string> names_of_this_machine();

}  // namespace ingle::net
