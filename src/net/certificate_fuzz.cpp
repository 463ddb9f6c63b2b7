// libFuzzer target of certificates and keys that somebody brings: any text is an identity or an error.
//
// certificate_fuzz --write-seeds=FOLDER   fills FOLDER with a certificate and a key and ends.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_seeds.h"
#include "net/certificate.h"

namespace {

using namespace ingle::net;

void write_seeds(const std::filesystem::path& folder) {
  const std::string names[] = {"fuzz.local", "192.168.1.5", "fe80::1"};
  const auto authority = make_authority(names, 1'700'000'000);
  INGLE_CHECK(authority.has_value());
  const auto identity = issue_certificate(*authority, names, 1'700'000'000);
  INGLE_CHECK(identity.has_value());
  std::ofstream(folder / "authority") << authority->certificate_pem;
  std::ofstream(folder / "chain") << identity->certificate_pem;
  std::ofstream(folder / "key") << identity->key_pem;
  std::ofstream(folder / "both") << identity->certificate_pem << identity->key_pem;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  ingle::base::testing::write_seeds_if_asked(*argc, *argv, write_seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto facts = read_certificate(text)) INGLE_CHECK(facts->sha256.size() == 64);
  (void)check_identity({.certificate_pem = text, .key_pem = text});
  return 0;
}
