// SHA-256, streaming; digests are lower-case hexadecimal everywhere.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace ingle::base {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// The digest of all bytes so far; the object may not be used again.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace ingle::base
