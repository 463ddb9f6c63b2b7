// ServerTls: the certificate that the server shows, from files that somebody names or from an authority of this
// installation, and its renewal while the server runs.
//
// The authority lies in INGLE_HOME/keys: ca.pem, to be trusted by other machines, and ca-key.pem (0600); what it signed for
// this server in server.pem and server-key.pem. open() is called before the process is locked, because it asks for the names
// of this machine; refresh() by one thread afterwards.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/result.h"
#include "net/certificate.h"

namespace ingle::app {

class ServerTls {
 public:
  /// Nothing where the settings ask for no TLS.
  static Result<std::optional<ServerTls>> open(const Settings& settings, std::vector<std::string> names,
                                               int64_t now_unix);

  const net::TlsIdentity& identity() const { return identity_; }
  const net::CertificateFacts& facts() const { return facts_; }
  /// The certificate that clients have to trust; empty where it is not ours.
  std::filesystem::path authority() const { return is_local() ? keys_ / "ca.pem" : std::filesystem::path(); }
  /// Whether it was made just now: nobody trusts it yet.
  bool authority_is_new() const { return authority_is_new_; }

  /// Reads files that changed, and signs a certificate anew that ends within a month. true: identity() is another now.
  Result<bool> refresh(int64_t now_unix);

 private:
  ServerTls() = default;
  bool is_local() const { return certificate_file_.empty(); }
  Status load_files();
  Status load_or_make(int64_t now_unix);
  Result<net::TlsIdentity> authority_identity(int64_t now_unix);
  Status take(net::TlsIdentity identity);

  std::filesystem::path keys_;
  std::filesystem::path certificate_file_;
  std::filesystem::path key_file_;
  std::filesystem::file_time_type written_ = {};
  std::vector<std::string> names_;
  net::TlsIdentity identity_;
  net::CertificateFacts facts_;
  bool authority_is_new_ = false;
};

}  // namespace ingle::app
