#include "app/server_tls.h"

#include <algorithm>
#include <system_error>

#include "base/files.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxPemBytes = 1 << 20;
constexpr int64_t kDay = 24 * 3600;
constexpr int64_t kRenewDays = 30;

bool has_all(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted,
                             [&](const std::string& name) { return std::ranges::find(have, name) != have.end(); });
}

/// The later of both: renewing replaces one after the other.
fs::file_time_type written(const fs::path& certificate, const fs::path& key) {
  std::error_code error;
  const auto first = fs::last_write_time(certificate, error);
  const auto second = fs::last_write_time(key, error);
  return error ? fs::file_time_type() : std::max(first, second);
}

}  // namespace

Result<std::optional<ServerTls>> ServerTls::open(const Settings& settings, std::vector<std::string> names,
                                                 int64_t now_unix) {
  if (settings.tls_cert.empty() != settings.tls_key.empty())
    return std::unexpected(Error::usage("a certificate needs its private key: tls_cert and tls_key go together")
                               .hint("ingle serve --tls-cert FILE --tls-key FILE"));
  if (!settings.tls.empty() && !settings.tls_cert.empty())
    return std::unexpected(Error::usage("'tls' and 'tls_cert' ask for two different certificates").hint("name one"));
  ServerTls tls;
  tls.keys_ = fs::path(settings.home) / "keys";
  for (std::string& name : names) {
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    if (net::can_be_certified(name) && std::ranges::find(tls.names_, name) == tls.names_.end())
      tls.names_.push_back(std::move(name));
  }
  if (!settings.tls_cert.empty()) {
    tls.certificate_file_ = settings.tls_cert;
    tls.key_file_ = settings.tls_key;
    INGLE_TRY_VOID(tls.load_files());
  } else if (settings.tls == "local") {
    INGLE_TRY_VOID(tls.load_or_make(now_unix));
  } else {
    return std::nullopt;
  }
  if (tls.facts_.not_after_unix <= now_unix)
    return std::unexpected(Error::refused("the certificate '" + tls.certificate_file_.string() + "' has expired")
                               .hint("renew it, or use --tls local"));
  return tls;
}

Status ServerTls::take(net::TlsIdentity identity) {
  INGLE_TRY_VOID(net::check_identity(identity));
  INGLE_TRY(facts_, net::read_certificate(identity.certificate_pem));
  identity_ = std::move(identity);
  return {};
}

Status ServerTls::load_files() {
  written_ = written(certificate_file_, key_file_);
  net::TlsIdentity identity;
  INGLE_TRY(identity.certificate_pem, base::read_file(certificate_file_, kMaxPemBytes));
  INGLE_TRY(identity.key_pem, base::read_file(key_file_, kMaxPemBytes));
  if (Status taken = take(std::move(identity)); !taken)
    return std::unexpected(std::move(taken).error().within("'" + certificate_file_.string() + "'"));
  return {};
}

Result<net::TlsIdentity> ServerTls::authority_identity(int64_t now_unix) {
  const fs::path certificate = keys_ / "ca.pem";
  const fs::path key = keys_ / "ca-key.pem";
  std::error_code error;
  fs::create_directories(keys_, error);
  if (error) return std::unexpected(Error::io("making the folder '" + keys_.string() + "'", error.value()));
  fs::permissions(keys_, fs::perms::owner_all, error);
  if (fs::exists(certificate, error) && fs::exists(key, error)) {
    net::TlsIdentity authority;
    INGLE_TRY(authority.certificate_pem, base::read_file(certificate, kMaxPemBytes));
    INGLE_TRY(authority.key_pem, base::read_file(key, kMaxPemBytes));
    INGLE_TRY_VOID(net::check_identity(authority));
    INGLE_TRY(const auto facts, net::read_certificate(authority.certificate_pem));
    // What it signs may not outlive it.
    if (facts.not_after_unix > now_unix + 2 * 365 * kDay) return authority;
  }
  INGLE_TRY(net::TlsIdentity authority, net::make_authority(names_, now_unix));
  INGLE_TRY_VOID(base::write_file_atomic(key, authority.key_pem, 0600));
  INGLE_TRY_VOID(base::write_file_atomic(certificate, authority.certificate_pem, 0644));
  authority_is_new_ = true;
  return authority;
}

Status ServerTls::load_or_make(int64_t now_unix) {
  const fs::path certificate = keys_ / "server.pem";
  const fs::path key = keys_ / "server-key.pem";
  INGLE_TRY(const net::TlsIdentity authority, authority_identity(now_unix));
  net::TlsIdentity have{.certificate_pem = base::read_file(certificate, kMaxPemBytes).value_or(""),
                        .key_pem = base::read_file(key, kMaxPemBytes).value_or("")};
  if (have.certificate_pem.ends_with(authority.certificate_pem) && take(std::move(have)) &&
      has_all(facts_.names, names_) && facts_.not_before_unix <= now_unix &&
      facts_.not_after_unix > now_unix + kRenewDays * kDay)
    return {};
  auto issued = net::issue_certificate(authority, names_, now_unix);
  if (!issued)
    return std::unexpected(std::move(issued).error().hint(
        "for a new authority, which other machines must trust anew, remove '" + (keys_ / "ca.pem").string() + "'"));
  INGLE_TRY_VOID(base::write_file_atomic(key, issued->key_pem, 0600));
  INGLE_TRY_VOID(base::write_file_atomic(certificate, issued->certificate_pem, 0644));
  return take(*std::move(issued));
}

Result<bool> ServerTls::refresh(int64_t now_unix) {
  const std::string before = facts_.sha256;
  if (!is_local()) {
    if (written(certificate_file_, key_file_) == written_) return false;
    INGLE_TRY_VOID(load_files());
  } else if (facts_.not_after_unix <= now_unix + kRenewDays * kDay) {
    INGLE_TRY_VOID(load_or_make(now_unix));
  }
  return facts_.sha256 != before;
}

}  // namespace ingle::app
